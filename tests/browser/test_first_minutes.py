"""Somebody's first minutes in a real Chromium: an empty list, a drawn sample, why a place was marked, help."""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from app.records import DISCLAIMER, Actor
from app.usecases.administration import people
from tests.support.access import ensure_tenant, enter
from tests.support.browsing import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

STUDY = re.compile("/studies/[0-9a-f]{32}$")
# Fifty passes through the network, on a machine that does other things too.
EXPLAINED_WITHIN_MS = 120_000


@pytest.fixture(params=[1280, 390], ids=["desktop", "phone"])
def newcomer(request: pytest.FixtureRequest, browser: "Browser", server: Server) -> Iterator[Page]:
    """A page of somebody whose hospital has no study yet."""
    tenant = f"new-{secrets.token_hex(4)}"
    ensure_tenant(server.services, tenant)
    people.add_person(server.services, Actor(tenant, "test"), "Nina", "clinician", None)
    context = browser.new_context(viewport={"width": request.param, "height": 800}, base_url=server.url)
    page = context.new_page()
    enter(page, f"/sign-in/{people.add_link(server.services, Actor(tenant, 'test'), 'Nina')}")
    yield page
    context.close()


def test_from_an_empty_list_to_an_explained_finding(newcomer: Page, radiographs: list[Path]) -> None:
    page = newcomer
    page.goto("/studies")
    expect(page.get_by_role("heading", name="The first three steps")).to_be_visible()

    page.get_by_role("button", name="Try it with a drawn sample").click()
    page.wait_for_url(STUDY, timeout=60_000)
    expect(page.get_by_text("A sample that this software drew itself.")).to_be_visible()
    page.get_by_text("Show where it is broken").click()
    expect(page.get_by_role("img", name="The drawn wrist with a ring around its break")).to_be_visible()
    expect(page.get_by_text(DISCLAIMER).first).to_be_in_viewport()

    if page.locator("[data-why]").count() == 0:
        page.goto("/")
        page.set_input_files("#files", [radiographs[0]])
        page.wait_for_url(STUDY, timeout=60_000)
    study = page.url
    page.locator("[data-why]").first.click()
    dialog = page.get_by_role("dialog", name="Why this place was marked")
    expect(dialog.get_by_text("The network is asked fifty times")).to_be_visible()
    expect(dialog.get_by_text("An aid, not evidence.")).to_be_visible(timeout=EXPLAINED_WITHIN_MS)
    assert_explained(page, dialog)

    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.url == study
    expect(page.locator("[data-why]").first).to_be_focused()

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Help").click()
    expect(page.get_by_role("heading", name="What it cannot see")).to_be_visible()


def assert_explained(page: Page, dialog) -> None:
    """Colours over the radiograph that the slider takes away; or words that there is nothing to show."""
    heat = dialog.locator("image[data-heat]")
    if heat.count() == 0:
        expect(dialog.get_by_text(re.compile("Nothing stands out|do not see this finding"))).to_be_visible()
        return
    image = page.request.get(heat.get_attribute("href") or "")
    assert image.headers["x-why"] == "shown"
    assert image.body().startswith(b"\x89PNG")
    dialog.get_by_label("Colours over the radiograph").fill("0")
    expect(heat).to_have_attribute("opacity", "0")


def test_what_goes_wrong_is_said_in_the_dialog_and_leaves_the_page(newcomer: Page) -> None:
    page = newcomer
    page.goto("/help")
    page.get_by_role("button", name="Try it with a drawn sample").click()
    page.wait_for_url(STUDY, timeout=60_000)
    if page.locator("[data-why]").count() == 0:
        pytest.skip("the weights mark nothing on the drawn sample")
    page.route("**/why/*", lambda route: route.abort())

    page.locator("[data-why]").first.click()

    dialog = page.get_by_role("dialog", name="Why this place was marked")
    expect(dialog.get_by_text("The explanation did not arrive.")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
