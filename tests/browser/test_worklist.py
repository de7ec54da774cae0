"""The worklist in a real Chromium: what arrives appears by itself, keys move, several are dealt with at once."""

import io
import json
import re
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import Server, Watched

pytestmark = pytest.mark.browser

# The page asks every five seconds.
SOON_MS = 20_000

Call = Callable[..., bytes]


@pytest.fixture
def call(server: Server) -> Call:
    """Another program at work: `call("DELETE", "/studies/…")`."""
    token = server.token()

    def send(method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        request = urllib.request.Request(f"{server.url}/api/v1{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    return send


@pytest.fixture
def arrive(call: Call, radiographs: list[Path]) -> Callable[[], str]:
    """Another program sends a radiograph; the id of its study. The list is empty at first."""
    for study in json.loads(call("GET", "/studies?limit=100"))["studies"]:
        call("DELETE", f"/studies/{study['id']}")

    def send() -> str:
        head = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="x.jpg"\r\n\r\n'
        body = head + radiographs[0].read_bytes() + b"\r\n--limit--\r\n"
        return json.loads(call("POST", "/studies", body, "multipart/form-data; boundary=limit"))["id"]

    return send


def expect_studies(page: Page, *studies: str) -> None:
    """These and no others are listed, in this order, once the page that was asked for is there."""
    rows = page.locator("tr[data-study]")
    expect(rows).to_have_count(len(studies))
    for number, study in enumerate(studies):
        expect(rows.nth(number)).to_have_attribute("data-study", study)


def focused(page: Page) -> str:
    """The study whose link or tick has the focus."""
    return page.evaluate("document.activeElement.closest('tr')?.dataset.study ?? ''")


def tick(page: Page, study: str) -> None:
    page.check(f"tr[data-study='{study}'] input")


def test_a_study_appears_by_itself_and_leaves_focus_ticks_and_place_alone(
    visit: Watched, arrive: Callable[[], str], call: Call
) -> None:
    page = visit.page
    first, second = arrive(), arrive()
    page.goto("/studies")
    expect_studies(page, second, first)
    tick(page, first)
    page.focus(f"tr[data-study='{first}'] a")
    page.evaluate("document.body.style.paddingBottom = '2000px'")
    page.mouse.wheel(0, 60)
    page.wait_for_timeout(300)
    top = page.evaluate("document.activeElement.getBoundingClientRect().top")

    third = arrive()

    expect(page.locator("[data-say]")).to_have_text("New studies: 1.", timeout=SOON_MS)
    expect_studies(page, third, second, first)
    assert page.eval_on_selector_all("input[name=study]:checked", "ticks => ticks.map((one) => one.value)") == [first]
    expect(page.locator("[data-count]")).to_have_text("1 ticked")
    assert focused(page) == first
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") == pytest.approx(top, abs=2)

    call("DELETE", f"/studies/{first}")

    expect(page.locator("[data-say]")).to_contain_text("not on this page any more: 1", timeout=SOON_MS)
    expect_studies(page, third, second)
    assert focused(page) == second


def test_the_first_study_of_all_appears_on_the_empty_list(visit: Watched, arrive: Callable[[], str]) -> None:
    page = visit.page
    page.goto("/studies")
    expect(page.get_by_text("No study yet.")).to_be_visible()

    study = arrive()

    expect(page.locator(f"tr[data-study='{study}']")).to_be_visible(timeout=SOON_MS)


def test_who_was_signed_out_meanwhile_is_told(visit: Watched, arrive: Callable[[], str]) -> None:
    page = visit.page
    arrive()
    page.goto("/studies")
    page.context.clear_cookies()
    expect(page.locator("[data-say]")).to_contain_text("You are signed out", timeout=SOON_MS)
    expect(page.locator("tr[data-study]")).to_have_count(1)


def test_keys_move_tick_search_and_open(visit: Watched, arrive: Callable[[], str]) -> None:
    page = visit.page
    third, second, first = arrive(), arrive(), arrive()
    page.goto("/studies")
    for key, expected in (("j", first), ("j", second), ("ArrowDown", third), ("j", third), ("k", second)):
        page.keyboard.press(key)
        assert focused(page) == expected
    page.keyboard.press("x")
    expect(page.locator(f"tr[data-study='{second}'] input")).to_be_checked()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("jx?")
    expect(page.locator("#q")).to_have_value("jx?")
    page.focus(f"tr[data-study='{first}'] a")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/studies/{first}$"))


def test_the_keys_are_listed_and_can_be_switched_off_for_good(visit: Watched, arrive: Callable[[], str]) -> None:
    page = visit.page
    study = arrive()
    page.goto("/studies")
    page.keyboard.press("?")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("dt")).to_have_count(6)
    expect(dialog.get_by_role("button")).to_be_focused()
    dialog.get_by_label("single keys").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    page.reload()
    for key in ("j", "x", "?"):
        page.keyboard.press(key)
    assert focused(page) == ""
    expect(dialog).to_have_count(0)
    page.focus(f"tr[data-study='{study}'] a")
    page.click("[data-keys-button]")
    dialog.get_by_label("single keys").check()
    dialog.get_by_role("button").click()
    page.keyboard.press("j")
    assert focused(page) == study


def test_several_studies_are_reported_marked_and_deleted(any_visit: Watched, arrive: Callable[[], str]) -> None:
    page = any_visit.page
    kept, second, first = arrive(), arrive(), arrive()
    page.goto("/studies")
    for study in (first, second):
        tick(page, study)
    with page.expect_download() as download:
        page.click("text=Reports (ZIP)")
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        assert sorted(archive.namelist()) == sorted(f"report-{study}.pdf" for study in (first, second))

    page.click("text=Mark as read")
    expect(page.locator(".notice[role=status]")).to_have_text("2 studies are marked as read.")
    expect(page.locator("tr[data-study]").first).to_have_attribute("data-study", kept)
    page.click("nav.tabs >> text=Unread")
    expect_studies(page, kept)

    page.goto("/studies?state=read")
    for study in (first, second):
        tick(page, study)
    page.click("summary >> text=More")
    page.click("text=Move to the bin")
    expect(page.locator(".notice[role=status]")).to_have_text("2 studies are in the bin.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".notice[role=status]")).to_have_text("2 studies are back on the list.")
    expect_studies(page, kept, first, second)
    tick(page, first)
    page.click("summary >> text=More")
    page.click("text=Move to the bin")
    page.get_by_role("link", name="To the bin").click()
    expect(page.locator(f"form[action='/studies/{first}/restore']")).to_be_visible()
    page.get_by_role("link", name="Back to the studies").click()
    expect_studies(page, kept, second)


def test_filters_and_search_need_no_javascript(any_visit: Watched, arrive: Callable[[], str]) -> None:
    page = any_visit.page
    study = arrive()
    page.goto("/studies")
    page.click("text=Filter and order")
    page.select_option("[name=order]", "newest")
    page.fill("#filter-from", "2020-01-01")
    page.click("text=Apply")
    expect(page).to_have_url(re.compile("order=newest"))
    expect_studies(page, study)
    page.fill("#q", "X.JPG")
    page.click(".search button")
    expect(page).to_have_url(re.compile("named=[0-9a-f]{32}"))
    expect_studies(page, study)
    expect(page.locator("#filter-from")).to_have_value("2020-01-01")
    page.fill("#q", study[:10])
    page.click(".search button")
    expect(page).to_have_url(re.compile(f"/studies/{study}"))


def test_from_study_to_study_until_none_is_left(any_visit: Watched, arrive: Callable[[], str]) -> None:
    page = any_visit.page
    second, first = arrive(), arrive()
    page.goto("/studies")
    page.click(f"tr[data-study='{first}'] a")
    page.locator("[data-store-next]:visible, [data-read-next]:visible").first.click()
    expect(page).to_have_url(re.compile(f"/studies/{second}"))
    page.locator("[data-store-next]:visible, [data-read-next]:visible").first.click()
    expect(page.locator(".notice[role=status]")).to_have_text("No other study here waits to be read.")
    expect(page.locator(".state.read")).to_have_count(2)
