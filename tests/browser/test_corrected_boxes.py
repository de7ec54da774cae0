"""Boxes that a reader corrects, and answers that meet a deleted study or a lost connection, in a real Chromium."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.browsing import Server, Watched, open_study, rows, viewer

pytestmark = pytest.mark.browser


def test_a_corrected_box_takes_the_place_of_the_one_that_was_found(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    open_study(page, radiographs[0])
    viewer(page)
    region = page.locator("[data-goto]").first.inner_text().lower()

    page.locator("[data-adjust]").first.click()
    expect(page.locator(".drawn g")).to_be_focused()
    found = rows(page)[0]
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    corrected = rows(page)[0]
    assert corrected[2] > found[2]
    assert corrected[1] > found[1]
    page.click("text=Store my answer")

    expect(page.locator(".stored")).to_be_visible()
    expect(page.locator(".said li")).to_contain_text(f"Rejected: {region}. Missed: {region}.")
    assert rows(page) == [corrected]
    expect(page.locator(".drawn text")).to_have_text(f"Corrected {region}")
    page.click("[data-remove]")
    assert page.locator(".answer input:checked").count() == 0


def test_a_box_that_is_corrected_to_what_it_was_is_confirmed(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    open_study(page, radiographs[0])
    page.locator("[data-adjust]").first.click()

    page.click("text=Store my answer")

    expect(page.locator(".said li")).to_contain_text("Confirmed: ")
    expect(page.locator(".said li")).not_to_contain_text("Rejected")


def test_an_answer_to_a_study_deleted_meanwhile_stays_on_the_page(
    visit: Watched, server: Server, radiographs: list[Path]
) -> None:
    page = visit.page
    study = open_study(page, radiographs[0]).rsplit("/", 1)[1]
    page.fill("[name=comment]", "A step in the cortex")
    server.services.store.studies.delete("default", study)

    page.click("text=Store my answer")

    expect(page.locator("[data-failed]")).to_contain_text("deleted meanwhile")
    expect(page.locator("[name=comment]")).to_have_value("A step in the cortex")
    page.locator(".marked .frame").focus()
    page.keyboard.press("p")
    expect(page.locator("[data-page-alert]")).to_contain_text("deleted meanwhile")
    visit.complaints[:] = [text for text in visit.complaints if "404" not in text]


def test_a_lost_connection_loses_nothing_and_the_answer_is_stored_once(visit: Watched, radiographs: list[Path]) -> None:
    page = visit.page
    open_study(page, radiographs[0])
    page.fill("[name=comment]", "Clear")
    page.context.set_offline(True)
    page.click("text=Store my answer")
    expect(page.locator("[data-failed]")).to_contain_text("connection was lost")
    page.context.set_offline(False)

    page.locator("[data-store]").dblclick()

    expect(page.locator(".stored")).to_be_visible()
    expect(page.locator(".said li")).to_have_count(1)
    visit.complaints[:] = [text for text in visit.complaints if "INTERNET_DISCONNECTED" not in text]
