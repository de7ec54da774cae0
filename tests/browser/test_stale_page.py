"""Pages that are older than what they show: the study is gone, the answer was given, the reader goes back."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.records import Actor
from app.usecases.administration import people, tokens
from tests.support.access import ensure_tenant, enter
from tests.support.browsing import Program, Server, rows

pytestmark = pytest.mark.browser

TENANT = "stale"


@pytest.fixture(scope="module")
def program(server: Server) -> Program:
    """Another program at work in the same hospital."""
    ensure_tenant(server.services, TENANT)
    people.add_person(server.services, Actor(TENANT, "test"), "robot", "admin", None)
    return Program(server.url, tokens.add_token(server.services, Actor(TENANT, "test"), "robot"))


@pytest.fixture
def page(browser: Browser, server: Server, program: Program, radiographs: list[Path]) -> Iterator[Page]:
    """The page of a study, in front of a reader."""
    study = program.send(radiographs[0])["id"]
    with browser.new_context(base_url=server.url) as context:
        page = context.new_page()
        enter(page, f"/sign-in/{people.add_link(server.services, Actor(TENANT, 'test'), 'robot')}")
        page.goto(f"/studies/{study}")
        expect(page.locator("[data-readout]")).to_contain_text("width")
        yield page


def delete_meanwhile(page: Page, program: Program) -> None:
    program.call("DELETE", f"/studies/{page.url.rsplit('/', 1)[1]}")


def test_why_on_the_page_of_a_deleted_study_is_answered_in_words_and_leaves_the_page(
    page: Page, program: Program
) -> None:
    page.fill("[name=comment]", "A step in the cortex")
    delete_meanwhile(page, program)

    page.locator("[data-why]").first.click()

    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-why-say]")).to_contain_text("does not exist")
    page.keyboard.press("Escape")
    expect(page.locator("[name=comment]")).to_have_value("A step in the cortex")


def test_a_window_dragged_on_the_page_of_a_deleted_study_is_answered_in_words(page: Page, program: Program) -> None:
    page.fill("[name=comment]", "A step in the cortex")
    delete_meanwhile(page, program)
    page.locator(".marked .frame").focus()
    page.keyboard.press("w")
    page.keyboard.press("ArrowUp")

    expect(page.locator("[data-page-alert]")).to_contain_text("deleted meanwhile")
    expect(page.locator("[name=comment]")).to_have_value("A step in the cortex")


@pytest.mark.parametrize("button", ["Move to the bin", "Store and next", "Download draft (PDF)"])
def test_a_button_on_the_page_of_a_deleted_study_is_answered_in_words(
    page: Page, program: Program, button: str
) -> None:
    delete_meanwhile(page, program)
    page.get_by_text("Delete this study").click()
    report = button.startswith("Download")

    if report:
        with page.context.expect_page() as opened:
            page.get_by_role("button", name=button).click()
    else:
        page.get_by_role("button", name=button).click()

    answered = opened.value if report else page
    expect(answered.get_by_role("heading", name="Not found")).to_be_visible()
    expect(answered.get_by_role("link", name="To the first page")).to_be_visible()


def test_back_from_a_stored_answer_shows_it_and_stores_nothing_again(page: Page) -> None:
    page.get_by_label("Confirm").first.check()
    page.locator("[data-draw]").focus()
    page.keyboard.press("Enter")
    page.locator("[data-missed] select").select_option("wrist")
    drawn = rows(page)
    page.locator("[data-store]").dblclick()
    expect(page.locator(".stored")).to_be_visible()
    page.get_by_role("link", name="To the list").click()
    page.wait_for_url(re.compile("/studies$"))

    page.go_back()

    expect(page.locator(".said li")).to_have_count(1)
    assert rows(page) == drawn
    expect(page.get_by_label("Confirm").first).to_be_checked()
    page.get_by_role("button", name="Store my answer").click()
    expect(page.locator(".stored")).to_be_visible()
    expect(page.locator(".said li")).to_have_count(1)
