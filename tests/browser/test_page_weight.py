"""What a page weighs before its images, and that nothing on it moves while it arrives."""

import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browsing import Server, Workplace

pytestmark = pytest.mark.browser

MOST_BYTES = 600_000
# "Good" is below 0.1. Source: web.dev/articles/cls.
MOST_SHIFT = 0.01
# Once unpacked: the page itself, its styles and its scripts, those that a script loads too.
WEIGHT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter(({initiatorType, name}) => initiatorType !== "fetch" && !/\\.(png|svg|webp)(\\?|$)/.test(name))
    .reduce((sum, {decodedBodySize}) => sum + decodedBodySize, 0)"""
WATCH_SHIFTS = """
    window.shifts = [];
    const add = (list) => list.getEntries().forEach(({value, sources}) => {
        shifts.push([value, sources.map(({node}) => node?.outerHTML?.slice(0, 90))]);
    });
    new PerformanceObserver(add).observe({type: "layout-shift", buffered: true});
"""
PATHS = {
    "sign-in": "/sign-in",
    "first-page": "/",
    "worklist": "/studies",
    "help": "/help",
    "agreement": "/agreement",
    "not-found": "/nowhere",
}


def visit(page: Page, workplace: Workplace, name: str) -> None:
    page.goto({**PATHS, "study": workplace.study, "why-page": workplace.why}[name], timeout=120_000)
    if name == "study":
        expect(page.locator(".marked .stage canvas").first).to_be_visible()
        expect(page.locator("[data-readout]").first).to_contain_text("width")
        expect(page.locator(".marked .box .line").first).to_be_visible()
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", [*PATHS, "study", "why-page"])
def test_a_page_is_light_and_nothing_on_it_moves(
    browser: Browser, server: Server, workplace: Workplace, name: str, size: tuple[int, int]
) -> None:
    state = None if name == "sign-in" else workplace.admin
    viewport = {"width": size[0], "height": size[1]}
    with browser.new_context(base_url=server.url, storage_state=state, viewport=viewport) as context:
        page = context.new_page()
        page.add_init_script(WATCH_SHIFTS)
        visit(page, workplace, name)
        weight, shifts = page.evaluate(WEIGHT), page.evaluate("shifts")

    assert 2_000 < weight < MOST_BYTES
    assert sum(value for value, _ in shifts) < MOST_SHIFT, shifts


def test_a_shift_would_be_seen(browser: Browser, server: Server, workplace: Workplace) -> None:
    with browser.new_context(base_url=server.url, storage_state=workplace.admin) as context:
        page = context.new_page()
        page.add_init_script(WATCH_SHIFTS)
        visit(page, workplace, "study")
        page.evaluate(
            "document.querySelector('main').prepend(Object.assign(document.createElement('p'), "
            "{textContent: 'late', style: 'height: 300px'}))"
        )
        # Not wait_for_function: it evaluates a string in the page, which the page's policy forbids.
        until_s = time.monotonic() + 20
        while sum(value for value, _ in page.evaluate("shifts")) < MOST_SHIFT:
            assert time.monotonic() < until_s, "nothing moved"
            page.wait_for_timeout(50)
