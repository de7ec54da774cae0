"""A clinician's way through the pages in a real Chromium, with and without JavaScript."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.support.access import enter
from tests.support.browsing import Server, Watched, allow, drop
from tests.support.image_files import dataset, dicom

pytestmark = pytest.mark.browser

# Keeps every state that a line of the list was in, however short.
WATCH = """() => {
    const seen = [];
    const look = () => {
        for (const line of document.querySelectorAll(".file")) {
            seen.push([".file-name", ".file-state"].map((part) => line.querySelector(part).textContent));
        }
        window.name = JSON.stringify(seen);
    };
    const everything = {subtree: true, childList: true, attributes: true, characterData: true};
    new MutationObserver(look).observe(document.querySelector("[data-files]"), everything);
}"""


def pixels_are_there(page: Page) -> bool:
    """Whether every radiograph that the page shows was loaded, in the size that the page said."""
    return page.evaluate(
        "[...document.querySelectorAll('.frame > img')].filter((img) => img.offsetParent)"
        ".every((img) => img.complete && img.naturalWidth === Number(img.getAttribute('width')))"
    )


def test_dropped_radiographs_are_sealed_sent_and_shown_with_their_boxes(
    visit: Watched, radiographs: list[Path], broken: Path
) -> None:
    page = visit.page
    page.evaluate(WATCH)

    drop(page, *radiographs, broken)
    page.wait_for_url(re.compile("/studies/[0-9a-f]+$"), timeout=60_000)

    seen = {(name, state) for name, state in json.loads(page.evaluate("window.name"))}
    for path in radiographs:
        assert {(path.name, "Encrypting"), (path.name, "Reading")} <= seen
        assert any(name == path.name and re.search("racture", state) for name, state in seen)
    assert any(name == broken.name and "damaged" in state for name, state in seen)

    expect(page.locator("article.view")).to_have_count(2)
    expect(page.locator(".box .line").first).to_be_visible()
    assert page.locator("svg.boxes").count() == 2
    page.wait_for_load_state("networkidle")
    assert pixels_are_there(page)
    expect(page.locator("[data-rejected]")).to_contain_text(broken.name)
    allow(visit, "422")
    posted = [request for request in visit.requests if request.method == "POST"]
    assert len(posted) == 3
    for request, path in zip(posted, [*radiographs, broken], strict=True):
        assert request.headers["content-type"] == "application/hpke"
        body = request.post_data_buffer or b""
        assert path.read_bytes()[:16] not in body
        assert path.name not in str(request.headers)


def test_the_plain_form_shows_boxes_too(any_visit: Watched, radiographs: list[Path], broken: Path) -> None:
    page = any_visit.page

    page.set_input_files("#files", [*radiographs, broken])
    if page.locator("button.no-js").is_visible():
        page.click("button.no-js")
    page.wait_for_url(re.compile("/studies/[0-9a-f]+$"), timeout=60_000)

    expect(page.locator("article.view")).to_have_count(2)
    expect(page.locator("article.view .box .line").first).to_be_visible()
    assert page.locator("table.findings tbody tr").count() == page.locator(".box").count()
    expect(page.locator("[data-rejected]")).to_contain_text(broken.name)
    allow(any_visit, "422")


def test_a_plain_form_with_only_a_broken_file_says_why(browser: Browser, server: Server, broken: Path) -> None:
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    enter(page, server.link())

    page.set_input_files("#files", broken)
    page.click("button.no-js")

    expect(page.get_by_role("alert")).to_contain_text("damaged")
    expect(page.locator("#files")).to_be_visible()
    context.close()


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(visit: Watched, tmp_path: Path) -> None:
    page, large = visit.page, tmp_path / "large.dcm"
    large.write_bytes(bytes(1024 * 1024 + 1))

    page.set_input_files("#files", large)

    expect(page.locator(".file.failed")).to_contain_text("larger than 1 MB")
    assert [request for request in visit.requests if request.method == "POST"] == []


def test_the_slider_hides_boxes_and_rows_below_it(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    page.set_input_files("#files", radiographs[0])
    page.wait_for_url("**/studies/*", timeout=60_000)
    rows = page.locator("table.findings tbody tr")
    expect(rows.first).to_be_visible()

    page.locator("[data-least]").fill("100")

    expect(page.locator(".box:visible")).to_have_count(0)
    expect(page.locator("table.findings tbody tr:visible")).to_have_count(0)
    expect(page.locator("[data-shown]")).to_contain_text("0 of")
    page.locator("[data-least]").fill("0")
    expect(rows.first).to_be_visible()


def test_original_marked_and_both_are_shown_in_turn(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    page.set_input_files("#files", radiographs[0])
    page.wait_for_url("**/studies/*", timeout=60_000)
    original, marked = page.locator("figure.original"), page.locator("figure.marked")
    expect(original).to_be_hidden()
    expect(marked).to_be_visible()

    page.locator(".segments").get_by_text("Side by side").click()
    expect(original).to_be_visible()
    expect(marked).to_be_visible()
    page.locator(".segments").get_by_text("Original").click()
    expect(original).to_be_visible()
    expect(marked).to_be_hidden()


def test_a_box_lies_where_its_pixels_say(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    page.set_input_files("#files", radiographs[0])
    page.wait_for_url("**/studies/*", timeout=60_000)
    page.wait_for_load_state("networkidle")

    offset = page.evaluate(
        """() => {
        const img = document.querySelector("figure.marked img");
        const rect = document.querySelector(".box .line");
        const shown = img.getBoundingClientRect();
        const scale = Math.min(shown.width / img.naturalWidth, shown.height / img.naturalHeight);
        const left = shown.left + (shown.width - img.naturalWidth * scale) / 2 + rect.x.baseVal.value * scale;
        const top = shown.top + (shown.height - img.naturalHeight * scale) / 2 + rect.y.baseVal.value * scale;
        const box = rect.getBoundingClientRect();
        return Math.max(Math.abs(box.left - left), Math.abs(box.top - top));
    }"""
    )

    assert offset < 4


def test_a_view_is_added_on_the_study_page(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    page.set_input_files("#files", radiographs[0])
    page.wait_for_url("**/studies/*", timeout=60_000)

    page.set_input_files("#files", radiographs[1])

    expect(page.locator("article.view")).to_have_count(2, timeout=60_000)


def test_an_expired_key_is_fetched_anew(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    answered = []

    def answer_with_an_old_kid(route) -> None:
        answer = route.fetch()
        key = answer.json()
        if not answered:
            key["kid"] = "20200101-00000000"
        answered.append(key["kid"])
        route.fulfill(response=answer, json=key)

    page.route("**/encryption-key", answer_with_an_old_kid)
    page.set_input_files("#files", radiographs[0])

    page.wait_for_url("**/studies/*", timeout=60_000)
    assert len(answered) == 2
    visit.complaints[:] = [text for text in visit.complaints if "409" not in text]


def test_where_the_browser_cannot_seal_the_plain_form_is_in_charge(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    page.add_init_script("Object.defineProperty(globalThis.crypto, 'subtle', {value: undefined})")
    page.goto("/")

    expect(page.locator("[data-no-sealing]")).to_be_visible()
    page.set_input_files("#files", radiographs[0])
    page.click("[data-plain-send]")

    page.wait_for_url("**/studies/*", timeout=60_000)
    expect(page.locator("article.view")).to_have_count(1)


def test_the_theme_is_chosen_and_kept(visit: Watched) -> None:
    page = visit.page
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.click("[data-theme-toggle]")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()

    assert dark != light
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


@pytest.mark.parametrize("path", ["/", "/studies"])
def test_a_page_fits_a_phone_and_a_slow_line(browser: Browser, server: Server, path: str) -> None:
    context = browser.new_context(base_url=server.url, viewport={"width": 360, "height": 740})
    page = context.new_page()
    enter(page, server.link())
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(len(response.body()) if response.ok else 0))

    page.goto(path)
    page.wait_for_load_state("networkidle")

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert sum(sizes) < 500_000
    context.close()


def test_a_drop_of_two_patients_becomes_two_studies_and_what_is_unclear_is_asked(
    visit: Watched, radiographs: list[Path], tmp_path: Path
) -> None:
    page = visit.page
    pixels = np.asarray(Image.open(radiographs[0]).convert("L"))
    for name, number in (("Doe^Jane", "1"), ("Roe^Richard", "2")):
        tags = {"PatientName": name, "PatientID": number, "StudyInstanceUID": f"1.2.{number}"}
        (tmp_path / f"{number}.dcm").write_bytes(dicom(dataset(pixels, **tags)))

    drop(page, tmp_path / "1.dcm", radiographs[1], tmp_path / "2.dcm")
    page.get_by_role("button", name=re.compile("It is of Roe, Richard")).click()
    link = page.get_by_role("link", name="To the study: Roe, Richard")
    expect(page.get_by_role("link", name="To the study: Doe, Jane")).to_be_visible(timeout=60_000)
    expect(page.locator(".file.done")).to_have_count(3, timeout=60_000)

    link.click()

    page.wait_for_url(re.compile("/studies/[0-9a-f]+$"))
    expect(page.locator(".patient-strip")).to_contain_text("Roe, Richard")
    expect(page.locator("article.view")).to_have_count(2)
