"""Tenants and ways in, for tests."""

import re
from typing import TYPE_CHECKING

from app.errors import NameTaken
from app.services import RecordServices
from app.usecases.administration import people

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from playwright.sync_api import Page
    from werkzeug.test import TestResponse


def ensure_tenant(services: RecordServices, tenant: str) -> None:
    """Make a tenant unless it is there."""
    try:
        people.add_tenant(services, "os:test", tenant)
    except NameTaken:
        return


def use_link(client: "FlaskClient", token: str) -> "TestResponse":
    """Press the button of a one-time sign-in link."""
    page = client.get(f"/sign-in/{token}").get_data(as_text=True)
    match = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert match, "the page holds no form"
    return client.post(f"/sign-in/{token}", data={"csrf_token": match[1]})


def enter(page: "Page", link: str) -> None:
    """Sign a browser in: open a one-time link, and press its button."""
    page.goto(link)
    page.locator("main form button").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)
