"""The viewer in a real Chromium: what is drawn over a radiograph stays on its place however the image is turned, the
window is that of the true values, and nothing is lost when the study, the session or the connection is."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.support.access import enter
from tests.support.browsing import AROUND, Program, Server, Watched, open_study, rows, settle, unfold, viewer

pytestmark = pytest.mark.browser


# A white block on grey, without any symmetry: x, y, width, height.
BLOCK = (200, 60, 60, 30)
SIZE_WH = (320, 400)


@pytest.fixture
def block(tmp_path: Path) -> Path:
    """A image of 16 bits with one white block; below it values that lie close together."""
    pixels = np.full(SIZE_WH[::-1], 9000, "u2")
    x, y, width, height = BLOCK
    pixels[300:340] = 9000 + np.arange(SIZE_WH[0])
    pixels[y : y + height, x : x + width] = 60000
    path = tmp_path / "block.png"
    Image.fromarray(pixels).save(path)
    return path


def frame_pixels(page: Page) -> np.ndarray:
    """What the marked image shows, in CSS pixels, without what is drawn over it."""
    # Under neither of the bars that stay in sight while a page scrolls.
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("for (const one of document.querySelectorAll('.drawn, .boxes')) one.style.visibility = 'hidden'")
    png = page.locator(".marked .frame").first.screenshot(animations="disabled", scale="css")
    page.evaluate("for (const one of document.querySelectorAll('.drawn, .boxes')) one.style.visibility = ''")
    seen = np.array(Image.open(io.BytesIO(png)).convert("L")).astype(int)
    # Round corners, and edges between two pixels of the screen, show the page behind the frame.
    seen[:9, :9] = seen[:9, -9:] = seen[-9:, :9] = seen[-9:, -9:] = 0
    seen[:2] = seen[-2:] = seen[:, :2] = seen[:, -2:] = 0
    return seen


@pytest.mark.parametrize("keys", ["", "r", "f", "rf", "frr", "R-", ".+f", ",,.r"])
def test_a_box_stays_on_its_place_however_the_image_is_turned(visit: Watched, block: Path, keys: str) -> None:
    page = visit.page
    open_study(page, block)
    viewer(page)
    page.keyboard.press("d")
    unfold(page)
    for name, value in zip(("x", "y", "width", "height"), BLOCK, strict=True):
        page.fill(f"[name=missed-{name}]", str(value))
    page.locator(".marked .frame").focus()

    for key in keys:
        page.keyboard.press(key)
        settle(page)

    seen = np.argwhere(frame_pixels(page) > 200)
    frame = page.evaluate(AROUND, ".marked .frame")
    left, top, right, bottom = page.evaluate(AROUND, ".drawn .area")
    box = [left - frame[0], top - frame[1], right - frame[0], bottom - frame[1]]
    lit = [*seen.min(axis=0)[::-1], *(seen.max(axis=0)[::-1] + 1)]
    np.testing.assert_allclose(box, lit, atol=2.5)


def test_labels_stay_upright_and_off_their_box(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    open_study(page, radiographs[0])
    viewer(page)

    for keys in ("", "rf", "+."):
        for key in keys:
            page.keyboard.press(key)
            settle(page)
        turned = page.evaluate(
            "[...document.querySelectorAll('.marked .tag:not(.away)')].map((tag) => {"
            " const {b, c, a, d} = tag.querySelector('text').getScreenCTM(); return [b, c, a > 0, d > 0]; })"
        )
        assert turned
        assert all(tag == [0, 0, True, True] for tag in turned)
        covered = page.evaluate(
            """[...document.querySelectorAll('.marked .tag:not(.away)')].filter((tag) => {
                const one = tag.getBoundingClientRect();
                const box = document.querySelector(`.box[data-row="${tag.dataset.row}"] .line`);
                const other = box.getBoundingClientRect();
                return one.left < other.right - 2 && other.left < one.right - 2
                    && one.top < other.bottom - 2 && other.top < one.bottom - 2;
            }).length"""
        )
        assert covered == 0


def test_a_missed_fracture_is_drawn_on_a_turned_and_flipped_image(visit: Watched, block: Path) -> None:
    page = visit.page
    open_study(page, block)
    viewer(page)
    for key in "rf-":
        page.keyboard.press(key)
        settle(page)
    page.click("[data-draw]")
    seen = np.argwhere(frame_pixels(page) > 200)
    frame = page.evaluate(AROUND, ".marked .frame")
    (top, left), (bottom, right) = seen.min(axis=0).tolist(), (seen.max(axis=0) + 1).tolist()

    page.mouse.move(frame[0] + left, frame[1] + top)
    page.mouse.down()
    page.mouse.move(frame[0] + (left + right) / 2, frame[1] + bottom)
    page.mouse.move(frame[0] + right, frame[1] + bottom)
    page.mouse.up()

    [drawn] = rows(page)
    np.testing.assert_allclose(drawn, BLOCK, atol=2.5)


def test_dragging_in_window_mode_shows_values_that_looked_the_same(visit: Watched, block: Path) -> None:
    page = visit.page
    open_study(page, block)
    viewer(page)
    before = frame_pixels(page)

    page.keyboard.press("w")
    frame = page.evaluate(AROUND, ".marked .frame")
    page.mouse.move(frame[0] + 300, frame[1] + 320)
    page.mouse.down()
    page.mouse.move(frame[0] + 280, frame[1] + 200, steps=3)
    with page.expect_response(re.compile("long_side")):
        page.mouse.move(frame[0] + 260, frame[1] + 80, steps=3)
    page.mouse.up()
    page.wait_for_load_state("networkidle")
    settle(page)

    asked = [request.url for request in visit.requests if "window.png" in request.url]
    assert "long_side" in asked[0]
    assert "long_side" not in asked[-1]
    assert page.locator("[data-presets]").input_value() == "-1"
    assert np.abs(frame_pixels(page) - before).mean() > 3
    page.locator(".window-numbers summary").click()
    page.fill("[name=centre]", "9160")
    page.fill("[name=width]", "320")
    page.locator("[data-window-form] button").click()
    page.wait_for_load_state("networkidle")
    settle(page)
    # The 320 neighbouring values: a few greys of 255 at first, all of them now.
    assert len(np.unique(frame_pixels(page))) > 150
    page.locator(".marked .frame").focus()
    page.keyboard.press("x")
    page.wait_for_load_state("networkidle")
    settle(page)
    np.testing.assert_allclose(frame_pixels(page), before, atol=2)


def test_the_magnifier_shows_the_window_that_the_image_has(visit: Watched, block: Path) -> None:
    page = visit.page
    open_study(page, block)
    viewer(page)

    def grey() -> int:
        lens = Image.open(io.BytesIO(page.locator(".marked .lens").screenshot())).convert("L")
        return int(np.asarray(lens)[lens.height // 2, lens.width // 2])

    page.keyboard.press("m")
    settle(page)
    assert grey() < 20

    page.keyboard.press("w")
    frame = page.evaluate(AROUND, ".marked .frame")
    page.mouse.move(frame[0] + 300, frame[1] + 420)
    page.mouse.down()
    page.mouse.move(frame[0] + 300, frame[1] + 160, steps=5)
    page.mouse.up()
    page.wait_for_load_state("networkidle")
    settle(page)
    lit = grey()
    assert lit > 60

    page.keyboard.press("p")
    page.wait_for_load_state("networkidle")
    settle(page)
    assert grey() < lit - 40


def test_the_right_button_changes_the_window_and_leaves_the_image_where_it_is(visit: Watched, block: Path) -> None:
    page = visit.page
    open_study(page, block)
    viewer(page)
    world = "document.querySelector('.marked .live').style.transform"
    before = page.evaluate(world)

    frame = page.evaluate(AROUND, ".marked .frame")
    page.mouse.move(frame[0] + 100, frame[1] + 100)
    page.mouse.down(button="right")
    page.mouse.move(frame[0] + 150, frame[1] + 160, steps=4)
    page.mouse.up(button="right")
    page.wait_for_load_state("networkidle")

    assert page.locator("[data-presets]").input_value() == "-1"
    assert page.evaluate(world) == before


def test_every_tool_has_its_key_and_none_fires_while_typing(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    open_study(page, radiographs[0])
    viewer(page)
    tools = page.locator("[data-tools]").first

    def pressed(name: str) -> str | None:
        return tools.locator(f"[data-do={name}]").get_attribute("aria-pressed")

    for key, name in {"f": "flip", "i": "invert", "w": "window", "m": "lens", "b": "marks"}.items():
        before = pressed(name)
        page.keyboard.press(key)
        settle(page)
        assert pressed(name) != before, name
    page.keyboard.press("x")
    settle(page)
    assert [pressed(name) for name in ("flip", "invert", "window", "lens", "marks")] == ["false"] * 4 + ["true"]

    page.keyboard.press("1")
    settle(page)
    expect(page.locator("[data-readout]").first).to_contain_text("100%")
    page.keyboard.press("n")
    settle(page)
    expect(page.locator("[data-viewer-says]").first).to_contain_text("Zoomed to")
    page.keyboard.press("p")
    expect(page.locator("[data-presets]").first).not_to_have_value("0")
    page.keyboard.press("l")
    expect(page.locator(".marked .measures .grip").first).to_be_focused()
    expect(page.locator(".marked .measures text")).to_contain_text("px")
    length = page.locator(".marked .measures text").inner_html()
    for _ in range(30):
        page.keyboard.press("Shift+ArrowLeft")
    assert page.locator(".marked .measures text").inner_html() != length
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("[data-keys]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-keys]")).to_be_hidden()

    page.locator("[name=comment]").first.focus()
    page.keyboard.type("fixwmblrd?")
    assert page.locator("[name=comment]").first.input_value() == "fixwmblrd?"
    assert [pressed(name) for name in ("flip", "invert", "window", "lens")] == ["false"] * 4
    expect(page.locator("[data-missed] > li")).to_have_count(0)


def test_the_wheel_scrolls_the_page_until_the_image_is_meant(visit: Watched, block: Path) -> None:
    page = visit.page
    open_study(page, block)
    expect(page.locator("[data-readout]")).to_contain_text("width")
    settle(page)
    world = "document.querySelector('.marked .live').style.transform"
    before = page.evaluate(world)
    page.locator(".marked .frame").hover()

    page.mouse.wheel(0, -120)
    settle(page)
    assert page.evaluate(world) == before
    page.locator(".marked .frame").focus()
    page.mouse.wheel(0, -120)
    settle(page)
    assert page.evaluate(world) != before


def test_single_keys_can_be_kept_to_the_viewer(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    open_study(page, radiographs[0])
    viewer(page)
    invert = page.locator("[data-do=invert]").first
    page.keyboard.press("?")
    page.locator("[data-keys-everywhere]").uncheck()
    page.locator("[data-keys] button").click()

    page.locator("main").focus()
    page.keyboard.press("i")
    expect(invert).to_have_attribute("aria-pressed", "false")
    page.locator(".marked .frame").first.focus()
    page.keyboard.press("i")
    expect(invert).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("place", ["row", "box"])
def test_a_click_on_a_finding_zooms_to_it(visit: Watched, radiographs: list[Path], place: str) -> None:
    page = visit.page
    open_study(page, radiographs[0])
    viewer(page)
    line = ".marked .box[data-row='1-1'] .line"
    small = page.evaluate(AROUND, line)

    if place == "row":
        page.locator("[data-goto]").first.click()
    else:
        page.evaluate("scrollTo(0, 0)")
        settle(page)  # a layout that still moves would carry the line from under the pointer
        left, top, _, bottom = page.evaluate(AROUND, line)
        page.mouse.click(left + 2, (top + bottom) / 2)
    settle(page)

    large, frame = page.evaluate(AROUND, line), page.evaluate(AROUND, ".marked .frame")
    assert large[2] - large[0] > 1.5 * (small[2] - small[0])
    middle = [(large[0] + large[2]) / 2, (large[1] + large[3]) / 2]
    np.testing.assert_allclose(middle, [(frame[0] + frame[2]) / 2, (frame[1] + frame[3]) / 2], atol=3)


def test_the_original_beside_follows_and_another_view_can_stand_there(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    page.set_input_files("#files", radiographs)
    page.wait_for_url(re.compile("/studies/[0-9a-f]+$"), timeout=60_000)
    viewer(page)
    page.locator(".segments").get_by_text("Side by side").click()
    expect(page.locator(".original .stage canvas").first).to_be_visible()
    page.locator(".marked .frame").first.focus()
    page.keyboard.press("r")
    page.keyboard.press("+")
    settle(page)

    both = "[...document.querySelectorAll('article:first-of-type .live')].map((live) => live.style.transform)"
    original, marked = page.evaluate(both)
    assert original == marked

    other = page.locator("[data-view-card]").nth(1).get_attribute("data-image")
    page.locator("[data-beside]").first.select_option(other)
    image = page.locator(".original img").first
    expect(image).to_have_attribute("src", re.compile(str(other)))
    expect(page.locator(".original svg.boxes .line").first).to_be_visible()
    page.keyboard.press("Escape")
    original, marked = page.evaluate(both)
    assert original != marked


def test_a_page_with_its_viewer_weighs_less_than_600_kilobytes_before_images(
    visit: Watched, radiographs: list[Path]
) -> None:
    page = visit.page
    open_study(page, radiographs[0])
    page.reload()
    viewer(page)

    weight = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".filter(({name, initiatorType}) => initiatorType !== 'fetch' && !name.includes('.png'))"
        ".reduce((sum, {decodedBodySize}) => sum + decodedBodySize, 0)"
    )

    assert 277_000 < weight < 600_000


def test_only_the_view_that_is_shown_gets_a_viewer_and_nothing_moves(
    browser: Browser, server: Server, radiographs: list[Path]
) -> None:
    context = browser.new_context(base_url=server.url, viewport={"width": 360, "height": 740})
    page = context.new_page()
    enter(page, server.person("eight-views", "Kim", "clinician"))
    program = Program(server.url, server.token_of("eight-views", "Kim"))
    study = program.send(*[radiographs[0]] * 8)
    page.add_init_script(
        "window.moved = 0; const add = (list) => list.getEntries().forEach((one) => { window.moved += one.value; });"
        "new PerformanceObserver(add).observe({type: 'layout-shift', buffered: true})"
    )
    page.goto(f"/studies/{study['id']}")
    expect(page.locator("[data-readout]").first).to_contain_text("width")
    settle(page)

    assert page.locator("article.view").count() == 8
    assert page.locator(".stage").count() == 1
    assert page.evaluate("window.moved") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("[data-view-link]").nth(6).click()
    expect(page.locator("article.view").nth(6).locator(".stage canvas")).to_be_visible()
    assert page.locator(".stage").count() == 2
    context.close()
