"""The whole path by the keyboard alone: no test here uses a mouse, and every stop of Tab can be seen."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FileChooser, Page, expect

from tests.support.access import enter
from tests.support.browsing import Server, Workplace, rows
from tests.support.focus import stop, tab_to, walk
from tests.support.read_pdf import read_pdf

pytestmark = pytest.mark.browser

OPENED: list[FileChooser] = []
STUDY = re.compile("/studies/[0-9a-f]{32}")


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page of a clinician in a hospital of their own, who signed in by a link."""
    with browser.new_context(base_url=server.url, accept_downloads=True) as context:
        page = context.new_page()
        # From the beginning: Chromium may answer a key before it hears that somebody waits for the chooser.
        page.on("filechooser", lambda opened: OPENED.append(opened))  # noqa: PLW0108 - Playwright marks it
        enter(page, server.person("keyboard", "Kim", "clinician"))
        yield page
    OPENED.clear()


def chooser(page: Page) -> FileChooser:
    """The file chooser that the page opened, once there is one."""
    until_s = time.monotonic() + 60
    while not OPENED:
        assert time.monotonic() < until_s, f"no file chooser; the focus is on {stop(page)}"
        page.wait_for_timeout(50)
    return OPENED.pop()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_from_a_file_to_a_report_by_the_keyboard_alone(page: Page, radiographs: list[Path], tmp_path: Path) -> None:
    send(page, radiographs[0])
    look_closely(page)
    answer(page)
    find_again(page)
    # A reader who answers has read; taken back, and marked again.
    for state in ("unread", "read"):
        tab_to(page, ".decide form button:not([name])")
        press(page, "Enter")
        expect(page.locator(f".decide .state.{state}")).to_be_visible()
    tab_to(page, "#statement")
    page.keyboard.type("Step in the cortex.")
    tab_to(page, ".report button")
    with page.expect_download() as download:
        press(page, "Enter")
    download.value.save_as(tmp_path / "report.pdf")
    assert "Step in the cortex." in read_pdf((tmp_path / "report.pdf").read_bytes()).text


def send(page: Page, radiograph: Path) -> None:
    # On a busy machine the keys would come before the script that answers them.
    page.wait_for_load_state("networkidle")
    tab_to(page, "input[type=file]")
    press(page, "Enter")
    chooser(page).set_files(radiograph)
    page.wait_for_url(STUDY, timeout=60_000)


def look_closely(page: Page) -> None:
    expect(page.locator("[data-readout]")).to_contain_text("width")
    tab_to(page, ".marked .frame")
    live = page.locator(".marked .live")
    for key in ("+", "r", "ArrowRight", "f"):
        before = live.get_attribute("style") or ""
        press(page, key)
        expect(live).not_to_have_attribute("style", before)
    tab_to(page, "[data-do=zoomIn]")
    press(page, "ArrowRight")
    expect(page.locator("[data-do=zoomOut]")).to_be_focused()
    before = live.get_attribute("style") or ""
    press(page, "Space")
    expect(live).not_to_have_attribute("style", before)
    press(page, "w")
    with page.expect_response(re.compile(r"window\.png")):
        press(page, "ArrowUp")
    press(page, "Escape", "?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for _ in range(5):
        press(page, "Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    press(page, "Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-do=zoomOut]")).to_be_focused()
    press(page, "x")


def answer(page: Page) -> None:
    tab_to(page, ".answer input")
    press(page, "Space")
    expect(page.get_by_label("Confirm").first).to_be_checked()
    tab_to(page, "[data-draw]")
    press(page, "Enter")
    expect(page.locator(".drawn g")).to_be_focused()
    [placed] = rows(page)
    press(page, "ArrowRight", "Shift+ArrowDown")
    [moved] = rows(page)
    assert moved[0] > placed[0]
    assert moved[3] > placed[3]
    tab_to(page, "[name=missed-region]")
    page.keyboard.type("wri")
    tab_to(page, "[data-store]")
    press(page, "Enter")
    expect(page.locator(".stored")).to_be_visible()
    expect(page.locator(".said li")).to_contain_text("Confirmed: ")
    expect(page.locator(".said li")).to_contain_text("Missed: wrist.")


def find_again(page: Page) -> None:
    tab_to(page, "nav a[href='/studies']")
    press(page, "Enter")
    page.wait_for_url(re.compile("/studies$"))
    tab_to(page, ".filters summary")
    press(page, "Enter")
    tab_to(page, "#filter-order")
    press(page, "ArrowDown")
    tab_to(page, ".filters button")
    press(page, "Enter")
    page.wait_for_url(re.compile("order=newest"))
    press(page, "j", "Enter")
    page.wait_for_url(STUDY)


@pytest.mark.parametrize("kind", ["study", "worklist", "first-page"])
def test_tab_goes_once_round_the_page_in_its_order_and_is_always_seen(
    browser: Browser, server: Server, workplace: Workplace, kind: str
) -> None:
    path = {"study": workplace.study, "worklist": "/studies", "first-page": "/"}[kind]
    with browser.new_context(base_url=server.url, storage_state=workplace.admin) as context:
        page = context.new_page()
        page.goto(path)
        page.wait_for_load_state("networkidle")
        stops = list(walk(page))

    assert stops[0].words.startswith("a Skip")
    assert len({stop.number for stop in stops}) == len(stops) > 8
    assert [stop for stop in stops if not (stop.is_ringed and stop.is_in_sight and stop.is_onward)] == []


def test_a_dialog_keeps_the_focus_and_gives_it_back(browser: Browser, server: Server, workplace: Workplace) -> None:
    with browser.new_context(base_url=server.url, storage_state=workplace.admin) as context:
        page = context.new_page()
        page.route("**/why/*", lambda route: route.abort())
        page.goto(workplace.study)
        tab_to(page, "[data-why]")
        press(page, "Enter")
        dialog = page.get_by_role("dialog", name="Why this place was marked")
        expect(dialog.get_by_text("did not arrive")).to_be_visible()
        expect(dialog.get_by_role("button", name="Close")).to_be_focused()
        press(page, "Enter")
        expect(dialog).to_be_hidden()
        expect(page.locator("[data-why]").first).to_be_focused()
