"""Reading a study: how much of the screen the image gets, and how few keys a decision takes."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.access import enter
from tests.support.browsing import Program, Server, Workplace, settle

pytestmark = pytest.mark.browser

FRAME = """() => {
    const frame = document.querySelector(".view:not([data-away]) .marked .frame");
    const {x, y, width, height} = frame.getBoundingClientRect();
    return {x, y, width, height};
}"""
# Every control of the first screen that cannot be seen as the page opens.
OUT_OF_SIGHT = """() => {
    const view = document.querySelector(".view:not([data-away])");
    const controls = [
        ...document.querySelectorAll("[data-toolbar] input, [data-decide] button, [data-decide] a"),
        ...view.querySelectorAll("[data-do], [data-presets]"),
    ];
    const bar = document.querySelector(".disclaimer").getBoundingClientRect().top;
    return controls.filter((one) => one.checkVisibility()).filter((one) => {
        const {left, top, right, bottom} = (one.closest(".segments label") ?? one).getBoundingClientRect();
        return left < 0 || top < 0 || right > innerWidth + 0.5 || bottom > bar + 0.5;
    }).map((one) => one.outerHTML.slice(0, 80));
}"""


@pytest.mark.parametrize(
    ("screen_wh", "least_wh"),
    [((1366, 768), (700, 540)), ((1440, 900), (780, 700)), ((2560, 1440), (1800, 1200))],
    ids=["1366", "1440", "2560"],
)
def test_the_image_takes_the_screen_and_every_tool_is_in_sight(
    browser: Browser, server: Server, workplace: Workplace, screen_wh: tuple[int, int], least_wh: tuple[int, int]
) -> None:
    size = {"width": screen_wh[0], "height": screen_wh[1]}
    with browser.new_context(base_url=server.url, storage_state=workplace.admin, viewport=size) as context:
        page = context.new_page()
        page.goto(workplace.study)
        settle(page)
        frame = page.evaluate(FRAME)
        hidden = page.evaluate(OUT_OF_SIGHT)
        sideways = page.evaluate("document.documentElement.scrollWidth") - screen_wh[0]

    assert frame["width"] >= least_wh[0]
    assert frame["height"] >= least_wh[1]
    assert hidden == []
    assert sideways == 0


def test_on_a_phone_the_image_begins_in_the_first_third(browser: Browser, server: Server, workplace: Workplace) -> None:
    size = {"width": 390, "height": 844}
    with browser.new_context(base_url=server.url, storage_state=workplace.admin, viewport=size) as context:
        page = context.new_page()
        page.goto(workplace.study)
        settle(page)
        frame = page.evaluate(FRAME)

    assert frame["y"] <= 844 / 3
    assert frame["width"] >= 350


def test_views_are_a_strip_the_gravest_first_and_one_is_shown(
    browser: Browser, server: Server, workplace: Workplace
) -> None:
    with browser.new_context(base_url=server.url, storage_state=workplace.admin) as context:
        page = context.new_page()
        page.goto(workplace.study)
        settle(page)
        thumbs = page.locator("[data-view-link]")
        rows = [page.locator(f"{one.get_attribute('href')} table.findings tbody tr").first for one in thumbs.all()]
        scores = [float(row.get_attribute("data-confidence") or 0) for row in rows]
        assert page.locator("article.view:visible").count() == 1
        assert page.locator(".stage").count() == 1
        expect(page.locator(".study-line")).to_contain_text("in 2 of 2 views")
        thumbs.nth(1).click()
        expect(page.locator(str(thumbs.nth(1).get_attribute("href")))).to_be_visible()
        expect(thumbs.nth(1)).to_have_attribute("aria-current", "true")
        page.keyboard.press("v")
        expect(thumbs.nth(0)).to_have_attribute("aria-current", "true")
        expect(page.locator(".view:visible .marked .frame")).to_be_focused()

    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)


@pytest.fixture
def waiting(server: Server, radiographs: list[Path]) -> tuple[Program, list[str]]:
    """A tenant with two unread studies; the first on the list has at least three findings."""
    server.person("six-keys", "Kit", "clinician")
    program = Program(server.url, server.token_of("six-keys", "Kit"))
    studies = [program.send(path) for path in radiographs]
    listed = json.loads(program.call("GET", "/worklist"))["studies"]
    assert len(studies) == 2
    return program, [study["id"] for study in listed]


def test_from_opening_a_study_with_three_findings_to_the_next_takes_six_keys_at_most(
    browser: Browser, server: Server, waiting: tuple[Program, list[str]]
) -> None:
    program, (first, second, *_) = waiting
    study = json.loads(program.call("GET", f"/studies/{first}"))
    keys = 0
    with browser.new_context(base_url=server.url) as context:
        page = context.new_page()
        enter(page, server.person("six-keys", "Kit", "clinician"))
        page.goto("/studies")
        page.wait_for_load_state("networkidle")
        page.goto(f"/studies/{first}")
        page.wait_for_load_state("networkidle")
        count = page.locator("table.findings tbody tr").count()
        assert count >= 3
        for key, words in (("c", "Confirmed"), ("j", "Rejected"), ("j", "Rejected")):
            page.keyboard.press(key)
            keys += 1
            expect(page.locator("[data-decide-say]")).to_contain_text(words)
        page.keyboard.press("e")
        keys += 1
        page.wait_for_url(re.compile(f"/studies/{second}"))

    assert keys <= 6
    image = study["images"][0]
    [said] = json.loads(program.call("GET", f"/studies/{first}/images/{image['id']}/feedback"))["feedback"]
    assert [mark["answer"] for mark in said["findings"]] == ["confirmed", "rejected", "rejected"]
    assert json.loads(program.call("GET", "/worklist?state=read"))["studies"][0]["id"] == first


def open_alone(browser: Browser, server: Server, radiograph: Path) -> Page:
    page = browser.new_context(base_url=server.url).new_page()
    enter(page, server.link())
    page.wait_for_load_state("networkidle")
    page.set_input_files("#files", radiograph)
    page.wait_for_url(re.compile("/studies/[0-9a-f]+$"), timeout=60_000)
    page.wait_for_load_state("networkidle")
    return page


def test_one_key_calls_a_view_normal_and_another_takes_it_back(
    browser: Browser, server: Server, radiographs: list[Path]
) -> None:
    page = open_alone(browser, server, radiographs[0])
    rows = page.locator("table.findings tbody tr").count()

    page.keyboard.press("o")
    expect(page.locator(".answer input:checked")).to_have_count(rows)
    expect(page.locator("[name=normal]")).to_be_checked()
    expect(page.locator("[data-unsaved]")).to_have_text("Not stored yet")
    page.keyboard.press("z")
    expect(page.locator(".answer input:checked")).to_have_count(0)
    expect(page.locator("[name=normal]")).not_to_be_checked()
    page.keyboard.press("o")
    page.keyboard.press("t")
    expect(page.locator(".said li")).to_contain_text("The whole image is normal.")
    expect(page.locator("[data-unsaved]")).to_have_text("")
    page.context.close()


def test_the_keys_work_on_the_finding_that_has_the_focus(
    browser: Browser, server: Server, radiographs: list[Path]
) -> None:
    page = open_alone(browser, server, radiographs[0])
    third = page.locator("table.findings tbody tr").nth(2)

    third.locator("[data-goto]").focus()
    expect(third).to_have_attribute("aria-current", "true")
    page.keyboard.press("j")

    expect(third.get_by_label("Reject")).to_be_checked()
    expect(page.locator(".answer input:checked")).to_have_count(1)
    page.context.close()


def test_a_fracture_in_a_region_that_the_model_does_not_know_is_recorded(
    browser: Browser, server: Server, radiographs: list[Path]
) -> None:
    page = open_alone(browser, server, radiographs[0])
    region = page.locator("[data-goto]").first.inner_text().lower()

    page.focus("[data-draw]")
    page.keyboard.press("Enter")
    row = page.locator("[data-missed-row]")
    expect(row.locator("[name=missed-region]")).to_have_value(region)
    expect(row.locator("[name=missed-x]")).to_be_hidden()
    row.locator("[name=missed-region]").select_option("other")
    row.locator("[name=missed-other]").fill("big toe")
    expect(page.locator(".drawn text")).to_have_text("Missed 1 big toe")
    page.keyboard.press("Tab")
    page.locator("[data-store-all]").click()

    expect(page.locator(".said li")).to_contain_text("Missed: big toe.")
    expect(page.locator("[data-missed] [name=missed-other]")).to_have_value("big toe")
    page.context.close()


def test_the_slider_stays_where_its_user_left_it(browser: Browser, server: Server, workplace: Workplace) -> None:
    with browser.new_context(base_url=server.url, storage_state=workplace.admin) as context:
        page = context.new_page()
        page.goto(workplace.study)
        page.locator("[data-least]").fill("4")
        page.goto(workplace.alone)
        expect(page.locator("[data-least]")).to_have_value("4")
        expect(page.locator("[data-least-text]")).to_have_text("4%")
