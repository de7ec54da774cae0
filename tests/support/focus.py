"""Where the keyboard's focus is, and whether somebody who sees can tell."""

from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Page

MOST_STOPS = 250

# A control may hand its ring to what stands for it: its label, what follows it, or the line of a box in an image.
_LOOK = """() => {
    const at = document.activeElement;
    if (!at || at === document.body || at === document.documentElement) return null;
    const shown = (one) => one.checkVisibility({opacityProperty: true, visibilityProperty: true});
    const labels = [...(at.labels ?? [])].flatMap((label) => [label, ...label.querySelectorAll("*")]);
    const near = [at, at.nextElementSibling, ...labels, ...at.querySelectorAll(".line")];
    const marks = near.filter((one) => one && shown(one));
    const isRinged = marks.some((one) => {
        const {outlineStyle, outlineWidth, outlineColor, stroke, strokeWidth} = getComputedStyle(one);
        const ring = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && !outlineColor.endsWith(" 0)");
        const line = at instanceof SVGElement && stroke === "rgb(255, 255, 255)" && parseFloat(strokeWidth) >= 4;
        return ring || line;
    });
    const isInSight = marks.some((one) => {
        const {left, top, right, bottom} = one.getBoundingClientRect();
        const [x1, y1] = [Math.max(left, 0), Math.max(top, 0)];
        const [x2, y2] = [Math.min(right, innerWidth) - 1, Math.min(bottom, innerHeight) - 1];
        if (x2 < x1 || y2 < y1) return false;
        return [0.02, 0.25, 0.5, 0.75, 0.98].some((share) => {
            const seen = document.elementFromPoint(x1 + (x2 - x1) * share, y1 + (y2 - y1) * share);
            return seen && (one.contains(seen) || seen.contains(one));
        });
    });
    const words = at.getAttribute("aria-label") ?? (at.innerText || at.name || at.id || at.className);
    window.stops ??= new Map();
    if (!window.stops.has(at)) window.stops.set(at, window.stops.size);
    const before = window.lastStop;
    window.lastStop = at;
    const isOnward = !before || Boolean(before.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING);
    const name = `${at.localName} ${words}`.trim().slice(0, 60);
    return {number: stops.get(at), words: name, isRinged, isInSight, isOnward};
}"""


@dataclass(frozen=True)
class Stop:
    """An element with the focus.

    number: the same for the same element. is_ringed: it shows that it has the focus. is_in_sight: nothing covers all of
    it. is_onward: in the document it stands after the stop before.
    """

    number: int
    words: str
    is_ringed: bool
    is_in_sight: bool
    is_onward: bool


def stop(page: Page) -> Stop | None:
    """Where the focus is; None when nothing on the page has it."""
    found = page.evaluate(_LOOK)
    if found is None:
        return None
    return Stop(found["number"], found["words"], found["isRinged"], found["isInSight"], found["isOnward"])


def walk(page: Page) -> Iterator[Stop]:
    """Tab from stop to stop, until the page is left at its end or its first stop comes round again."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        here = stop(page)
        if here is None or (here.number == 0 and not here.is_onward):
            return
        yield here
    raise AssertionError(f"after {MOST_STOPS} stops the page has no end")


def tab_to(page: Page, selector: str) -> None:
    """Tab until what `selector` means has the focus; every stop on the way can be seen."""
    has_it = "(selector) => document.activeElement.matches(selector)"
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        here = stop(page)
        assert here is None or here.is_ringed, here
        if page.evaluate(has_it, selector):
            return
    raise AssertionError(f"{selector} is not reached by Tab")
