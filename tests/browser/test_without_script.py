"""What is essential without JavaScript, where no other test has it: a missed fracture and a window by numbers, why a
place was marked, a wrong number that loses nothing, and no control that does nothing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.records import DISCLAIMER
from tests.support.access import enter
from tests.support.browsing import Server, Workplace
from tests.support.pages import PAGES

pytestmark = pytest.mark.browser

TENANT = "scriptless"
STUDY = re.compile("/studies/[0-9a-f]{32}")
# Buttons that only a script could answer to.
DEAD = """() => [...document.querySelectorAll("button, select, [role=button], input[type=range]")]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && (one.type === "button" || !one.form))
    .map((one) => one.outerHTML.slice(0, 90))"""


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page without JavaScript, of a clinician in a hospital of their own."""
    with browser.new_context(base_url=server.url, java_script_enabled=False, accept_downloads=True) as context:
        page = context.new_page()
        enter(page, server.person(TENANT, "Sky", "clinician"))
        yield page


@contextmanager
def scriptless(browser: Browser, server: Server, workplace: Workplace | None) -> Iterator[Page]:
    """A page without JavaScript at the workplace, or of nobody."""
    state = workplace.admin if workplace else None
    with browser.new_context(base_url=server.url, storage_state=state, java_script_enabled=False) as context:
        yield context.new_page()


def send(page: Page, radiograph: Path) -> None:
    page.get_by_label("Choose X-rays").set_input_files(radiograph)
    page.get_by_role("button", name="Read these X-rays").click()
    page.wait_for_url(STUDY, timeout=60_000)


def mark_by_numbers(page: Page, x: str) -> None:
    page.get_by_text("Mark a missed fracture by its place in pixels").click()
    row = page.locator("[data-blank] > li").first
    row.locator("[name=missed-region]").select_option("wrist")
    for label, value in (("X", x), ("Y", "30"), ("Width", "50"), ("Height", "40")):
        row.get_by_label(label, exact=True).fill(value)


def test_a_missed_fracture_is_marked_by_numbers_and_a_wrong_number_loses_nothing(
    page: Page, radiographs: list[Path]
) -> None:
    send(page, radiographs[0])
    expect(page.locator(".marked .box .line").first).to_be_visible()
    mark_by_numbers(page, "20000")
    page.get_by_label("Confirm").first.check()
    page.get_by_label("Comment").fill("A step")
    # As a browser that does not check numbers would.
    page.locator(".feedback form").evaluate("form => { form.noValidate = true; }")

    page.get_by_role("button", name="Store my answer").click()
    expect(page.get_by_role("heading", name="That did not work")).to_be_visible()
    expect(page.get_by_label("Comment")).to_have_value("A step")
    page.get_by_label("X", exact=True).fill("20")
    page.get_by_role("button", name="Store my answer").click()

    expect(page.locator(".stored")).to_be_visible()
    expect(page.locator(".said li")).to_contain_text("Confirmed: ")
    expect(page.locator(".said li")).to_contain_text("Missed: wrist.")
    sides = [
        page.locator(f"[data-missed] [name=missed-{name}]").input_value() for name in ("x", "y", "width", "height")
    ]
    assert [float(side) for side in sides] == [20, 30, 50, 40]


def test_an_answer_to_a_study_deleted_meanwhile_is_shown_to_be_copied(
    page: Page, server: Server, radiographs: list[Path]
) -> None:
    send(page, radiographs[0])
    mark_by_numbers(page, "20")
    page.get_by_label("Comment").fill("A step")
    server.services.store.studies.delete(TENANT, page.url.rsplit("/", 1)[1])

    page.get_by_role("button", name="Store my answer").click()

    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    expect(page.get_by_label("Comment")).to_have_value("A step")
    expect(page.get_by_label("X", exact=True)).to_have_value("20")
    expect(page.get_by_role("button", name="Store my answer")).to_have_count(0)


def test_an_answer_outlives_the_session_and_is_stored_after_signing_in_again(
    page: Page, server: Server, radiographs: list[Path]
) -> None:
    send(page, radiographs[0])
    mark_by_numbers(page, "20")
    page.get_by_label("Comment").fill("A step")
    page.context.clear_cookies()

    page.get_by_role("button", name="Store my answer").click()
    expect(page.get_by_label("Comment")).to_have_value("A step")
    other = page.context.new_page()
    enter(other, server.person(TENANT, "Sky", "clinician"))
    page.get_by_role("button", name="Store my answer").click()
    # The form's token was the old session's; what was written comes back with a new one.
    expect(page.get_by_label("Comment")).to_have_value("A step")
    page.get_by_role("button", name="Store my answer").click()

    expect(page.locator(".stored")).to_be_visible()
    expect(page.locator(".said li")).to_contain_text("Missed: wrist.")


def test_a_study_is_marked_as_read_and_deleted(page: Page, radiographs: list[Path]) -> None:
    send(page, radiographs[0])
    page.get_by_role("button", name="Mark as read", exact=True).click()
    expect(page.locator(".decide .state.read")).to_be_visible()
    page.get_by_text("Delete this study").click()
    page.get_by_role("button", name="Move to the bin").click()
    expect(page).to_have_url(re.compile("/studies$"))


def test_a_window_is_asked_for_by_numbers(browser: Browser, server: Server, workplace: Workplace) -> None:
    with scriptless(browser, server, workplace) as page:
        page.goto(workplace.study)
        page.get_by_text("Window in numbers").first.click()
        page.get_by_label("Centre").first.fill("120")
        page.locator("[data-window-form] [name=width]").first.fill("80")
        with page.context.expect_page() as opened:
            page.locator("[data-window-form] button").first.click()
        opened.value.wait_for_load_state()

        answer = page.request.get(opened.value.url)
        plain = page.request.get(page.locator(".marked img").first.get_attribute("src") or "")
        assert answer.headers["content-type"] == "image/png"
        assert answer.body() != plain.body()


def test_why_a_place_was_marked_is_a_page(browser: Browser, server: Server, workplace: Workplace) -> None:
    with scriptless(browser, server, workplace) as page:
        page.goto(workplace.study)
        page.set_default_timeout(120_000)
        page.locator("[data-why]").first.click()
        expect(page.get_by_text("An aid, not evidence.")).to_be_visible()
        expect(page.get_by_text(DISCLAIMER).first).to_be_visible()
        page.get_by_role("link", name="Back to the study").click()
        expect(page).to_have_url(re.compile(workplace.study))


@pytest.mark.parametrize("name", ["sign-in", "first-page", "worklist", "study", "why-page", "help", "agreement"])
def test_no_control_waits_for_a_script(browser: Browser, server: Server, workplace: Workplace, name: str) -> None:
    with scriptless(browser, server, workplace if name != "sign-in" else None) as page:
        PAGES[name][1](page, workplace)
        assert page.locator("button:visible").count() > 0
        assert page.evaluate(DEAD) == []
