"""Single sign-on: to the identity provider, and back."""

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from app.usecases.access import single_sign_on
from app.web.http.context import services
from app.web.http.identity_provider import identity_provider
from app.web.http.requests.browser import browser_name
from app.web.http.requests.query import local_path
from app.web.pages.sign_in import remember, start_of

blueprint = Blueprint("single_sign_on", __name__)

NEXT = "next"


@blueprint.get("/sign-in/single-sign-on")
def begin() -> ResponseReturnValue:
    """Send the browser to the identity provider."""
    session[NEXT] = request.args.get("next", "")
    return identity_provider().begin(url_for("single_sign_on.finish", _external=True))


@blueprint.get("/sign-in/single-sign-on/back")
def finish() -> ResponseReturnValue:
    """Sign in whom the identity provider names."""
    claims, wanted = identity_provider().claims(), session.pop(NEXT, "")
    browser, address = browser_name(request.headers.get("User-Agent", "")), request.remote_addr or ""
    token, person = single_sign_on.sign_in_by_claims(services(), claims, browser, address)
    remember(token)
    return redirect(local_path(wanted) if wanted else start_of(person), code=303)
