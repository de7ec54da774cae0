"""The pages in every language in a real Chromium: chosen by hand, narrow as a phone, and spoken by scripts too."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.web.i18n.catalogues import catalogue
from app.web.i18n.language import LANGUAGES
from tests.support.access import enter
from tests.support.browsing import Server

pytestmark = pytest.mark.browser

# The width of WCAG 2.2, 1.4.10 Reflow: a window of 1280 pixels enlarged to 400 %.
NARROW = {"width": 320, "height": 640}
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def read_study(browser: Browser, server: Server, radiographs: list[Path]) -> Iterator[tuple[dict[str, object], str]]:
    """The state of a signed-in browser, and the path of a study of two views."""
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    enter(page, server.link())
    page.goto("/")
    page.set_input_files("[name=file]", radiographs)
    page.wait_for_url("**/studies/*")
    yield context.storage_state(), page.url.removeprefix(server.url)
    context.close()


def visit(browser: Browser, server: Server, state: object, **options: object) -> BrowserContext:
    return browser.new_context(base_url=server.url, storage_state=state, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("with_script", [True, False], ids=["javascript", "no-javascript"])
def test_a_reader_chooses_a_language_and_stays_where_they_are(
    browser: Browser, server: Server, read_study: tuple[dict[str, object], str], with_script: bool
) -> None:
    state, study = read_study
    with visit(browser, server, state, java_script_enabled=with_script, locale="en-GB") as context:
        page = context.new_page()
        page.goto(study)
        expect(page.locator("html")).to_have_attribute("lang", "en-GB")

        page.get_by_label("Language").select_option("Ελληνικά")
        page.get_by_role("button", name="Change").click()

        expect(page).to_have_url(f"{server.url}{study}")
        expect(page.locator("html")).to_have_attribute("lang", "el")
        expect(page.get_by_label("Γλώσσα")).to_have_value("el")
        expect(page.get_by_text("Marked places")).to_have_count(0)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_page_fits_a_narrow_window_in_every_language(
    browser: Browser, server: Server, read_study: tuple[dict[str, object], str], code: str
) -> None:
    state, study = read_study
    with visit(browser, server, state, locale=LANGUAGES[code].tag, viewport=NARROW) as context:
        page = context.new_page()
        too_wide = [
            path
            for path in ("/", "/studies", "/agreement", "/help", "/account", "/people", "/audit", "/sign-in", study)
            if _excess(page, path)
        ]

    assert too_wide == []


def _excess(page: Page, path: str) -> int:
    page.goto(path)
    page.wait_for_load_state("networkidle")
    return int(page.evaluate(SIDEWAYS))


def test_scripts_speak_the_language_of_the_page(
    browser: Browser, server: Server, read_study: tuple[dict[str, object], str], broken: Path
) -> None:
    state, _ = read_study
    with visit(browser, server, state, locale="de-DE") as context:
        page = context.new_page()
        page.goto("/")
        page.set_input_files("[name=file]", broken)

        damaged = catalogue("de").gettext("This file is damaged or incomplete. Export it again and send the new file.")
        expect(page.locator(".file-state")).to_have_text(damaged)
