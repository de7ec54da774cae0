"""Signing in by name and password or by a one-time link, and signing out."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app.records import Person
from app.usecases.administration import sign_in as sessions
from app.usecases.administration.roles import Permission, is_allowed
from app.web.http.context import services
from app.web.http.guard import SESSION_TOKEN
from app.web.http.identity_provider import identity_provider
from app.web.http.requests.browser import browser_name
from app.web.http.requests.query import local_path

blueprint = Blueprint("sign_in", __name__)

DEFAULT_TENANT = "default"


@blueprint.get("/sign-in")
def form() -> ResponseReturnValue:
    """The form."""
    return render_template("sign_in.html")


@blueprint.post("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Sign in by name and password; attempts are limited by account and by address."""
    tenant, name = request.form.get("tenant") or DEFAULT_TENANT, request.form.get("name", "").strip()
    password, address = request.form.get("password", ""), request.remote_addr or ""
    token, person = sessions.sign_in(services(), tenant, name, password, address, browser=_browser())
    remember(token)
    return redirect(local_path(request.form.get("next")) if request.form.get("next") else start_of(person), code=303)


@blueprint.get("/sign-in/<token>")
def link_form(token: str) -> ResponseReturnValue:
    """A button that uses up a one-time link; mail scanners and previews only GET, which uses up nothing."""
    return render_template("sign_in_link.html", token=token)


@blueprint.post("/sign-in/<token>")
def by_link(token: str) -> ResponseReturnValue:
    """Sign in by a link that works once."""
    address = request.remote_addr or ""
    session_token, person = sessions.sign_in_by_link(services(), token, address, browser=_browser())
    remember(session_token)
    return redirect(start_of(person), code=303)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session here and on the server."""
    token = session.pop(SESSION_TOKEN, None)
    method = sessions.sign_out(services(), token) if token is not None else ""
    session.clear()
    answer = redirect(_after_sign_out(method), code=303)
    # What pages kept in this browser goes; the language, a cookie, stays.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _after_sign_out(method: str) -> str:
    """Where signing out leads: to the identity provider, which has a session of its own, or to the form."""
    form = url_for("sign_in.form", _external=method == "single-sign-on")
    at_provider = identity_provider().sign_out_address(form) if method == "single-sign-on" else None
    return at_provider or form


def start_of(person: Person) -> str:
    """The first page of a person who may see it."""
    starts: tuple[tuple[Permission, str], ...] = (("upload", "/"), ("view", "/studies"), ("audit", "/audit"))
    return next((path for permission, path in starts if is_allowed(person, permission)), "/help")


def _browser() -> str:
    return browser_name(request.headers.get("User-Agent", ""))


def remember(token: str) -> None:
    """Put a new session in place of an older one, which is ended; the form token is a new one too."""
    older = session.pop(SESSION_TOKEN, None)
    if older is not None:
        sessions.sign_out(services(), older)
    session.clear()
    session[SESSION_TOKEN] = token
