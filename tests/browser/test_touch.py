"""Fingers on a phone, as Chromium gets them from its screen: they move and zoom the radiograph, and draw on it."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browsing import Server, Watched, open_study, visiting

pytestmark = pytest.mark.browser

Point = tuple[float, float]


@pytest.fixture
def phone(browser: Browser, server: Server) -> Iterator[Watched]:
    """A signed-in page on a phone."""
    yield from visiting(browser, server, viewport={"width": 390, "height": 844}, has_touch=True)


def touch(page: Page, *paths: Sequence[Point]) -> None:
    """Put a finger down at the start of each path, move all of them along, and lift them together."""
    session = page.context.new_cdp_session(page)

    def send(kind: str, points: Sequence[Point]) -> None:
        fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
        page.wait_for_timeout(30)

    first, *rest = zip(*paths, strict=True)
    send("touchStart", first)
    for points in rest:
        send("touchMove", points)
    send("touchEnd", [])
    page.wait_for_timeout(500)


def line(start: Point, end: Point, steps: int = 8) -> list[Point]:
    (x1, y1), (x2, y2) = start, end
    return [(x1 + (x2 - x1) * n / steps, y1 + (y2 - y1) * n / steps) for n in range(steps + 1)]


def middle_of_the_image(page: Page) -> Point:
    """Where the viewer's middle lies on the screen, once it is there and in sight."""
    expect(page.locator(".marked .stage canvas").first).to_be_visible()
    expect(page.locator("[data-readout]").first).to_contain_text("width")
    page.locator(".marked .frame").first.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = page.locator(".marked .frame").first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def zoom_percent(page: Page) -> int:
    said = re.search(r"(\d+)\s?%", page.locator("[data-readout]").first.inner_text())
    assert said
    return int(said[1])


def test_two_fingers_that_part_zoom(phone: Watched, radiographs: list[Path]) -> None:
    page = phone.page
    open_study(page, radiographs[0])
    x, y = middle_of_the_image(page)
    before = zoom_percent(page)

    touch(page, line((x - 20, y), (x - 100, y)), line((x + 20, y), (x + 100, y)))

    assert zoom_percent(page) > before * 2


def test_one_finger_moves_a_zoomed_image(phone: Watched, radiographs: list[Path]) -> None:
    page = phone.page
    open_study(page, radiographs[0])
    x, y = middle_of_the_image(page)
    touch(page, line((x - 20, y), (x - 100, y)), line((x + 20, y), (x + 100, y)))
    where = "document.querySelector('.marked .boxes .line').getBoundingClientRect().x"
    before = page.evaluate(where)

    # It rests before it is lifted, so that the image is not thrown.
    touch(page, [*line((x, y), (x + 60, y)), *[(x + 60, y)] * 8])

    assert page.evaluate(where) - before == pytest.approx(60, abs=15)


def test_a_finger_draws_a_missed_fracture(phone: Watched, radiographs: list[Path]) -> None:
    page = phone.page
    open_study(page, radiographs[0])
    page.locator("[data-draw]").first.tap()
    x, y = middle_of_the_image(page)

    touch(page, line((x - 50, y - 40), (x + 50, y + 40)))

    expect(page.locator("[data-missed] > li")).to_have_count(1)
    assert float(page.input_value("[name=missed-width]")) > 10
