"""Pages that everybody can use, in a real Chromium: what axe-core says of each, at 400 %, and without motion."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.access_faults import faults, faults_of_colour
from tests.support.browsing import Server, Workplace
from tests.support.focus import walk
from tests.support.pages import PAGES

pytestmark = pytest.mark.browser

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
# A window of 1280 × 1024 pixels enlarged to 400 %. Source: WCAG 2.2, 1.4.10 Reflow.
ENLARGED = {"width": 320, "height": 256}
EXPLAINED_WITHIN_MS = 120_000
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What can be read and what can be worked with, by its words; not what only a wide or only a narrow page says again.
SHOWN = """() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = new Set();
    while (texts.nextNode()) {
        const {parentElement: at, textContent} = texts.currentNode;
        const words = textContent.trim();
        const changes = at.closest("script, template, [aria-live], [data-readout], [data-inside], .of-phone, .nobody");
        if (!changes && words && at.checkVisibility({visibilityProperty: true})) found.add(words);
    }
    for (const at of document.querySelectorAll("a, button, input, select, textarea, summary, [tabindex]")) {
        const {id, name, ariaLabel, localName} = at;
        if (!at.checkVisibility({visibilityProperty: true})) continue;
        found.add(`${localName} ${id} ${name ?? ""} ${ariaLabel ?? ""}`);
    }
    return [...found].sort();
}"""


@contextmanager
def opened(browser: Browser, server: Server, workplace: Workplace, name: str, **options: object) -> Iterator[Page]:
    """One of the pages, as `options` of the browser show it."""
    who, open_page = PAGES[name]
    state = getattr(workplace, who, None)
    with browser.new_context(base_url=server.url, storage_state=state, **options) as context:  # type: ignore[arg-type]
        page = context.new_page()
        open_page(page, workplace)
        yield page


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_either_theme_on_desktop_and_phone(
    browser: Browser, server: Server, workplace: Workplace, name: str
) -> None:
    found = []
    for theme, other, size in (("light", "dark", DESKTOP), ("dark", "light", PHONE)):
        calm = {"viewport": size, "color_scheme": theme, "reduced_motion": "reduce"}
        with opened(browser, server, workplace, name, **calm) as page:
            found += [f"{theme} {size['width']} {fault}" for fault in faults(page)]
            page.emulate_media(color_scheme=other)
            found += [f"{other} {size['width']} {fault}" for fault in faults_of_colour(page)]

    assert found == []


@pytest.mark.parametrize("name", ["first-page", "worklist", "study", "why-page", "not-found"])
def test_axe_finds_nothing_in_german(browser: Browser, server: Server, workplace: Workplace, name: str) -> None:
    with opened(browser, server, workplace, name, locale="de-DE", viewport=PHONE, reduced_motion="reduce") as page:
        expect(page.locator("html")).to_have_attribute("lang", "de")
        assert faults(page) == []


@pytest.mark.parametrize("name", ["first-page", "worklist", "study", "why-page"])
def test_axe_finds_nothing_without_javascript(
    browser: Browser, server: Server, workplace: Workplace, name: str
) -> None:
    # The page's scripts do not arrive; with all of JavaScript off axe-core would not run either.
    with browser.new_context(base_url=server.url, storage_state=workplace.admin, viewport=PHONE) as context:
        context.route("**/*.js", lambda route: route.abort())
        page = context.new_page()
        PAGES[name][1](page, workplace)
        assert page.locator("html[data-js]").count() == 0
        assert faults(page) == []


def test_axe_would_find_a_fault(browser: Browser, server: Server, workplace: Workplace) -> None:
    with opened(browser, server, workplace, "study", viewport=PHONE) as page:
        page.evaluate("document.querySelector('.marked img').removeAttribute('alt')")
        page.evaluate("document.querySelector('.study-head .muted').style.color = '#aaa'")
        page.evaluate("document.querySelector('.top nav').style.cssText = 'gap: 0'")
        small = "padding: 0; font-size: 5px; line-height: 1"
        page.evaluate("small => document.querySelectorAll('nav a').forEach((a) => { a.style.cssText = small; })", small)
        broken = {fault.split(":")[0] for fault in faults(page)}

    assert {"image-alt", "color-contrast", "target-size"} <= broken


@pytest.mark.parametrize(
    "name", ["sign-in", "first-page-of-all", "worklist", "bin", "study", "why-page", "help", "agreement"]
)
def test_enlarged_to_400_percent_nothing_is_lost_or_covered(
    browser: Browser, server: Server, workplace: Workplace, name: str
) -> None:
    with opened(browser, server, workplace, name, viewport=DESKTOP) as page:
        shown = set(page.evaluate(SHOWN))
    with opened(browser, server, workplace, name, viewport=ENLARGED) as page:
        assert page.evaluate(SIDEWAYS) == 0
        assert shown - set(page.evaluate(SHOWN)) == set()
        stops = list(walk(page))

    assert len(stops) > 4
    assert [stop for stop in stops if not stop.is_in_sight] == []
    assert [stop for stop in stops if not stop.is_ringed] == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_findings_are_a_table_to_a_screen_reader(
    browser: Browser, server: Server, workplace: Workplace, size: dict[str, int]
) -> None:
    with opened(browser, server, workplace, "study", viewport=size) as page:
        count = page.locator("table.findings").first.locator("tbody tr").count()
        roles = roles_in_table(page, "Marked places")

    assert (roles["columnheader"], roles["rowheader"]) == (4, count)
    assert (roles["row"], roles["cell"]) == (count + 1, 3 * count)


def _role(node: dict[str, Any]) -> str:
    return str(node.get("role", {}).get("value", ""))


def roles_in_table(page: Page, name: str) -> Counter[str]:
    """How often which role stands in the first table of this name, in what Chromium gives screen readers."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}
    [table, *_] = [one for one in nodes if _role(one) == "table" and one["name"]["value"].startswith(name)]
    found, waiting = Counter[str](), [table]
    while waiting:
        waiting += [by_id[child] for child in waiting[0].get("childIds", ()) if child in by_id]
        found[_role(waiting.pop(0))] += 1
    return found


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_nothing_moves_for_somebody_who_asked_for_less_motion(
    browser: Browser, server: Server, workplace: Workplace, radiographs: list[Path], motion: str
) -> None:
    with opened(browser, server, workplace, "study", viewport=DESKTOP, reduced_motion=motion) as page:
        page.locator(".marked .frame").first.focus()
        looks = page.evaluate(LOOKS_WHILE_ZOOMING)
        page.goto("/")
        page.route("**/encryption-key", lambda route: None)
        page.set_input_files("#files", radiographs[0])
        expect(page.locator(".file-bar")).to_be_visible()
        page.locator("[data-drop]").hover()
        running = page.evaluate("document.getAnimations().length")

    if motion == "reduce":
        assert (looks, running) == (1, 0)
    else:
        assert looks > 2
        assert running > 0


LOOKS_WHILE_ZOOMING = """async () => {
    const live = document.querySelector(".marked .live");
    const look = () => live.style.transform;
    const before = look();
    const seen = new Set();
    document.querySelector("[data-do=zoomIn]").click();
    for (let n = 0; n < 60; n += 1) {
        await new Promise(requestAnimationFrame);
        seen.add(look());
    }
    seen.delete(before);
    return seen.size;
}"""
