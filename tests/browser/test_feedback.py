"""A reader's answer in a real Chromium: drawn, moved, kept over a lost session, stored; by mouse, by keyboard, without
JavaScript."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import test_upload
from tests.browser.conftest import Server
from tests.browser.test_upload import Watched
from tests.support.access import enter

pytestmark = pytest.mark.browser

visit = test_upload.visit
any_visit = test_upload.any_visit


def open_study(page: Page, radiograph: Path) -> str:
    """Read one radiograph; the address of its study."""
    page.set_input_files("#files", [radiograph])
    if page.locator("button.no-js").is_visible():
        page.click("button.no-js")
    page.wait_for_url(re.compile("/studies/[0-9a-f]+$"), timeout=60_000)
    return page.url


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag over the image; both points are shares of the part of it that is in sight."""
    area = page.locator("svg.drawn").bounding_box()
    assert area
    height = min(area["height"], (page.viewport_size or {"height": 720})["height"] - area["y"])
    points = [(area["x"] + x * area["width"], area["y"] + y * height) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move((points[0][0] + points[1][0]) / 2, points[0][1] + 9)
    page.mouse.move(*points[1])
    page.mouse.up()


def rows(page: Page) -> list[list[float]]:
    """x, y, width and height of every missed fracture of the form."""
    sides = "[name=missed-x], [name=missed-y], [name=missed-width], [name=missed-height]"
    return [
        [float(side.input_value()) for side in row.locator(sides).all()]
        for row in page.locator("[data-missed] > li").all()
    ]


def test_what_was_drawn_survives_a_lost_session_and_is_stored(
    visit: Watched, server: Server, radiographs: list[Path]
) -> None:
    page = visit.page
    study = open_study(page, radiographs[0])
    page.click("[data-draw]")
    page.locator("svg.drawn").scroll_into_view_if_needed()
    drag(page, (0.45, 0.3), (0.55, 0.5))
    assert len(rows(page)) == 1
    page.select_option("[data-missed] select", "wrist")
    page.check("label:has-text('Reject') >> nth=0")
    page.fill("[name=comment]", "A step in the cortex")
    drawn = rows(page)

    page.context.clear_cookies()
    page.click("text=Store my answer")
    expect(page).to_have_url(re.compile("/sign-in"))
    assert study.rsplit("/", 1)[1] in page.url
    enter(page, server.link())
    page.goto(study)

    assert rows(page) == drawn
    expect(page.locator("[name=comment]")).to_have_value("A step in the cortex")
    expect(page.locator("label:has-text('Reject') >> nth=0").locator("input")).to_be_checked()
    expect(page.locator(".drawn text")).to_have_text("Missed 1 wrist")
    page.click("text=Store my answer")
    expect(page.locator(".stored")).to_be_visible()
    expect(page.locator(".said li")).to_contain_text("Missed: wrist.")
    assert rows(page) == drawn
    assert page.evaluate("Object.keys(sessionStorage).length") == 0


def test_a_box_is_placed_moved_resized_and_removed_by_keyboard_alone(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    open_study(page, radiographs[0])
    page.focus("[data-draw]")
    page.keyboard.press("Enter")
    [[x, y, width, height]] = rows(page)

    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    [[to_x, to_y, to_width, to_height]] = rows(page)
    step = to_x - x
    assert step >= 1
    assert [to_y - y, to_width - width, to_height - height] == pytest.approx([-step, step, -step], abs=0.11)
    for _ in range(400):
        page.keyboard.press("ArrowLeft")
    assert rows(page)[0][0] == 0

    page.keyboard.press("Delete")
    assert rows(page) == []
    expect(page.locator(".drawn g")).to_have_count(0)
    expect(page.locator("[data-draw]")).to_be_focused()


def test_a_box_follows_its_numbers_and_its_grips(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    open_study(page, radiographs[0])
    page.focus("[data-draw]")
    page.keyboard.press("Enter")
    page.fill("[name=missed-x]", "20")
    expect(page.locator(".drawn .line")).to_have_attribute("x", "20")
    before = rows(page)[0]

    page.locator(".drawn .grip.se").scroll_into_view_if_needed()
    grip = page.locator(".drawn .grip.se").bounding_box()
    assert grip
    page.mouse.move(grip["x"] + 5, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(grip["x"] + 45, grip["y"] + 25)
    page.mouse.up()

    after = rows(page)[0]
    assert after[:2] == before[:2]
    assert after[2] > before[2]
    assert after[3] > before[3]
    page.check("[name=normal]")
    page.select_option("[data-missed] select", "wrist")
    page.click("text=Store my answer")
    assert page.locator("[name=normal]").evaluate("box => box.validationMessage").startswith("An image with")
    page.click("text=Start over")
    expect(page.locator("[data-missed] > li")).to_have_count(0)


def test_an_answer_is_given_with_and_without_javascript(any_visit: Watched, radiographs: list[Path]) -> None:
    page = any_visit.page
    open_study(page, radiographs[0])
    page.check("label:has-text('Confirm') >> nth=0")
    page.fill("[name=comment]", "Clear")

    page.click("text=Store my answer")

    expect(page.locator(".stored")).to_be_visible()
    expect(page.locator(".said li")).to_contain_text("Confirmed: ")
    expect(page.locator(".said li")).to_contain_text("Clear")
    expect(page.locator("label:has-text('Confirm') >> nth=0").locator("input")).to_be_checked()
