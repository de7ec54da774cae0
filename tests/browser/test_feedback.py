"""A reader's answer in a real Chromium: drawn, moved, kept over a lost session, stored; by mouse, by keyboard, without
JavaScript."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.access import enter
from tests.support.browsing import Server, Watched, drag, open_study, rows, unfold

pytestmark = pytest.mark.browser


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
    expect(page.locator("[data-failed]")).to_contain_text("You were signed out")
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
    unfold(page)
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
