"""What leaves the page on paper: the report as a file, and the page itself as it prints."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.records import DISCLAIMER
from tests.support.access import enter
from tests.support.browsing import Server, Workplace
from tests.support.read_pdf import read_pdf

pytestmark = pytest.mark.browser

HIDE_MOST_BOXES = """() => {
    const least = document.querySelector("[data-least]");
    least.value = 100;
    least.dispatchEvent(new Event("input", {bubbles: true}));
}"""


@pytest.fixture(params=[True, False], ids=["javascript", "no-javascript"])
def study_page(
    request: pytest.FixtureRequest, browser: Browser, server: Server, radiographs: list[Path]
) -> Iterator[Page]:
    """The page of a study of one view, in dark colours, with and without JavaScript."""
    context = browser.new_context(java_script_enabled=request.param, color_scheme="dark", accept_downloads=True)
    page = context.new_page()
    enter(page, server.link())
    page.goto(server.url)
    page.set_input_files("[name=file]", radiographs[0])
    if not request.param:
        page.click("button:has-text('Read these')")
    page.wait_for_url("**/studies/*")
    yield page
    context.close()


def test_the_report_comes_with_what_was_written_and_the_page_stays(study_page: Page, tmp_path: Path) -> None:
    study_page.fill("#statement", "Schräge Fraktur.")
    with study_page.expect_download() as download:
        study_page.click("text=Download draft (PDF)")

    download.value.save_as(tmp_path / "report.pdf")
    assert "Schräge Fraktur." in read_pdf((tmp_path / "report.pdf").read_bytes()).text
    expect(study_page.locator("#statement")).to_have_value("Schräge Fraktur.")


def test_what_was_written_for_the_report_stays_in_another_language_until_its_writer_signs_out(
    browser: Browser, server: Server, workplace: Workplace
) -> None:
    with browser.new_context(base_url=server.url) as context:
        page = context.new_page()
        for name, found in (("Wanda", ""), ("Wanda", "Schräge Fraktur."), ("Xenia", "")):
            enter(page, server.person("workplace", name, "clinician"))
            page.goto(workplace.alone)
            page.select_option("#language", "de" if found else "en")
            page.click(".language button")
            expect(page.locator("#statement")).to_have_value(found)
            page.fill("#statement", "Schräge Fraktur.")
            page.select_option("#language", "el")
            page.click(".language button")
            expect(page.locator("html")).to_have_attribute("lang", "el")
            expect(page.locator("#statement")).to_have_value("Schräge Fraktur.")
        page.click("form[action$='/sign-out'] button")
        page.wait_for_url("**/sign-in*")

        assert page.evaluate("Object.keys(sessionStorage)") == []


def test_a_printed_page_is_white_and_shows_every_box_the_disclaimer_and_no_controls(study_page: Page) -> None:
    expect(study_page.locator(".box .line")).not_to_have_count(0)
    if study_page.locator("[data-toolbar]").is_visible():
        study_page.evaluate(HIDE_MOST_BOXES)
        expect(study_page.locator(".box .line").first).to_be_hidden()

    study_page.emulate_media(media="print")

    for box in study_page.locator(".box .line").all():
        expect(box).to_be_visible()
    expect(study_page.locator(".foot")).to_contain_text(DISCLAIMER)
    expect(study_page.locator(".foot")).to_have_css("display", "table-footer-group")
    expect(study_page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    for control in study_page.locator("nav, button, .button, form, textarea, input").all():
        expect(control).to_be_hidden()
