"""A passkey of a real browser, with Chromium's virtual authenticator: added on the account's page, then used."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.access import enter
from tests.support.browsing import Server

pytestmark = pytest.mark.browser

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_is_added_and_signs_in_in_a_browser(browser: Browser, server: Server) -> None:
    url = server.url.replace("127.0.0.1", "localhost")
    with browser.new_context(base_url=url) as context:
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        enter(page, server.person("passkeys", "Ada", "clinician"))
        page.goto("/account/passkeys")
        page.get_by_label("Name of the passkey").fill("This computer")
        page.get_by_role("button", name="Add a passkey").click()
        expect(page.get_by_text("The passkey is added.")).to_be_visible()
        expect(page.get_by_text("This computer")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()

        page.get_by_role("button", name="Sign in with a passkey").click()

        expect(page).to_have_url(f"{url}/")
        expect(page.get_by_role("link", name="My account")).to_contain_text("Ada")
        page.get_by_role("button", name="Sign out").click()
        verified = {"authenticatorId": made["authenticatorId"], "isUserVerified": False}
        devtools.send("WebAuthn.setUserVerified", verified)
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_text("No passkey was used.")).to_be_visible()


def test_an_address_without_a_name_offers_no_passkey(browser: Browser, server: Server) -> None:
    with browser.new_context(base_url=server.url) as context:
        page = context.new_page()
        page.goto("/sign-in")
        expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
