"""Passkeys: added on a page of the account, and used on the page for signing in."""

import base64
import binascii
from datetime import datetime
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app.access_errors import PasskeyRefused
from app.security import Site, new_challenge, request_options
from app.usecases.access import passkeys
from app.web.http.context import own_session, person, services
from app.web.http.requests.browser import browser_name
from app.web.http.requests.query import local_path
from app.web.pages.sign_in import remember, start_of

blueprint = Blueprint("passkeys", __name__)

CHALLENGE = "challenge"


@blueprint.context_processor
def _passkeys() -> dict[str, object]:
    """The passkeys, for the page and for the page that a refused form comes back to."""
    return {"passkeys": passkeys.own_passkeys(services(), person())} if g.get("person") else {}


@blueprint.get("/account/passkeys")
def show() -> ResponseReturnValue:
    """The passkeys of the person."""
    return render_template("passkeys.html")


@blueprint.post("/account/passkeys/options")
def options_to_add() -> ResponseReturnValue:
    """Options to make a passkey, with a fresh challenge."""
    options = passkeys.options_to_add(services(), person(), _give_challenge())
    return Response(options, content_type="application/json")


@blueprint.post("/account/passkeys")
def add() -> ResponseReturnValue:
    """Keep a passkey that the browser has made."""
    named = {name: request.form.get(name, "") for name in ("label", "present")}
    credential = request.form.get("credential", "")
    passkeys.add_passkey(services(), own_session(), _given_challenge(), credential, **named)
    return redirect(url_for("passkeys.show", done="added"), code=303)


@blueprint.post("/account/passkeys/<passkey_id>/remove")
def remove(passkey_id: str) -> ResponseReturnValue:
    """Remove a passkey."""
    passkeys.remove_passkey(services(), person(), passkey_id)
    return redirect(url_for("passkeys.show", done="removed"), code=303)


@blueprint.post("/sign-in/passkey/options")
def options_to_sign_in() -> ResponseReturnValue:
    """Options to sign in by a passkey, with a fresh challenge."""
    challenge = _give_challenge()
    return Response(request_options(challenge.site, challenge.value), content_type="application/json")


@blueprint.post("/sign-in/passkey")
def sign_in() -> ResponseReturnValue:
    """Sign in by a passkey."""
    credential, browser = request.form.get("credential", ""), browser_name(request.headers.get("User-Agent", ""))
    address = request.remote_addr or ""
    token, owner = passkeys.sign_in_by_passkey(services(), _given_challenge(), credential, browser, address)
    remember(token)
    return redirect(local_path(request.form.get("next")) if request.form.get("next") else start_of(owner), code=303)


def _give_challenge() -> passkeys.Challenge:
    """A fresh challenge, which the signed cookie of this browser remembers."""
    challenge = passkeys.Challenge(_site(), new_challenge(), services().clock())
    session[CHALLENGE] = [base64.b64encode(challenge.value).decode(), challenge.given_at.isoformat()]
    return challenge


def _given_challenge() -> passkeys.Challenge:
    try:
        value, given_at = session.pop(CHALLENGE)
        return passkeys.Challenge(_site(), base64.b64decode(value), datetime.fromisoformat(given_at))
    except (KeyError, ValueError, TypeError, binascii.Error):
        raise PasskeyRefused from None


def _site() -> Site:
    origin = request.host_url.rstrip("/")
    return Site(urlsplit(origin).hostname or "", origin)
