"""A page that nobody uses is covered and its session ends; what was written stays for the same person."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.records import Actor
from app.usecases.administration import people, tokens
from tests.support.access import ensure_tenant, enter
from tests.support.browsing import Program, Server

pytestmark = pytest.mark.browser

TENANT, PASSWORD, WRITTEN = "lock", "seven green elephants", "A step in the cortex"
IDLE = "01:00:10"


@pytest.fixture(scope="module")
def study(server: Server, radiographs: list[Path]) -> str:
    """The path of a study."""
    ensure_tenant(server.services, TENANT)
    for name in ("Ada", "Bob"):
        people.add_person(server.services, Actor(TENANT, "test"), name, "clinician", PASSWORD)
    program = Program(server.url, tokens.add_token(server.services, Actor(TENANT, "test"), "Ada"))
    return f"/studies/{program.send(radiographs[0])['id']}"


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    with browser.new_context(base_url=server.url) as found:
        yield found


@pytest.fixture
def page(context: BrowserContext, server: Server, study: str) -> Page:
    """A study on which Ada has written something, and which she left for an hour."""
    found = context.new_page()
    found.clock.install()
    enter(found, server.person(TENANT, "Ada", "clinician"))
    found.goto(study)
    found.fill("[name=comment]", WRITTEN)
    expect(found.get_by_role("dialog", name="Locked")).to_be_hidden()
    found.clock.fast_forward(IDLE)
    expect(found.get_by_role("dialog", name="Locked")).to_be_visible()
    return found


def test_the_page_is_covered_and_the_session_has_ended(context: BrowserContext, page: Page) -> None:
    expect(page.locator("main")).to_be_hidden()
    expect(page.locator("header")).to_be_hidden()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Locked")).to_be_visible()
    other = context.new_page()
    other.goto("/studies")
    expect(other).to_have_url(re.compile("/sign-in"))


def test_the_same_person_unlocks_it_and_stores_what_was_written(page: Page) -> None:
    page.get_by_label("Password").fill("seven grey elephants")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("dialog", name="Locked").get_by_role("alert")).to_have_text("Name or password is wrong.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Unlock").click()

    expect(page.get_by_role("dialog", name="Locked")).to_be_hidden()
    expect(page.locator("[name=comment]")).to_have_value(WRITTEN)
    with page.expect_response(lambda answer: answer.request.method == "POST") as stored:
        page.locator("[data-store]").first.click()
    assert stored.value.status < 400


def test_it_is_unlocked_by_signing_in_in_another_tab_and_not_by_somebody_else(
    context: BrowserContext, server: Server, page: Page
) -> None:
    other = context.new_page()
    enter(other, server.person(TENANT, "Bob", "clinician"))
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("dialog", name="Locked")).to_be_visible()
    enter(other, server.person(TENANT, "Ada", "clinician"))
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("dialog", name="Locked")).to_be_hidden()
    expect(page.locator("[name=comment]")).to_have_value(WRITTEN)


def test_a_page_in_use_stays_open_and_keeps_its_session(context: BrowserContext, server: Server, study: str) -> None:
    page = context.new_page()
    page.clock.install()
    enter(page, server.person(TENANT, "Ada", "clinician"))
    page.goto(study)
    for _ in range(3):
        page.clock.fast_forward("00:40:00")
        with page.expect_response(re.compile("/account/alive")) as beat:
            page.keyboard.press("Shift")
        assert beat.value.status == 200
    expect(page.get_by_role("dialog", name="Locked")).to_be_hidden()
    expect(page.locator("main")).to_be_visible()
