"""Signing in by name and password or by a one-time link, and signing out."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app.usecases.administration import people
from app.web.http.context import services, throttle
from app.web.http.guard import SESSION_TOKEN
from app.web.http.query import local_path

blueprint = Blueprint("sign_in", __name__)

DEFAULT_TENANT = "default"


@blueprint.get("/sign-in")
def form() -> ResponseReturnValue:
    """The form."""
    return render_template("sign_in.html")


@blueprint.post("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Sign in by name and password; so many attempts are allowed for one name from one address."""
    tenant, name = request.form.get("tenant") or DEFAULT_TENANT, request.form.get("name", "").strip()
    key = (tenant, name.casefold(), request.remote_addr or "")
    throttle().attempt(*key)
    token, _ = people.sign_in(services(), tenant, name, request.form.get("password", ""))
    throttle().succeeded(*key)
    _remember(token)
    return redirect(local_path(request.form.get("next")), code=303)


@blueprint.get("/sign-in/<token>")
def by_link(token: str) -> ResponseReturnValue:
    """Sign in by a link that works once."""
    throttle().attempt("link", request.remote_addr or "")
    session_token, _ = people.sign_in_by_link(services(), token)
    throttle().succeeded("link", request.remote_addr or "")
    _remember(session_token)
    return redirect("/", code=303)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session here and on the server."""
    token = session.pop(SESSION_TOKEN, None)
    if token is not None:
        people.sign_out(services(), token)
    session.clear()
    return redirect(url_for("sign_in.form"), code=303)


def _remember(token: str) -> None:
    # A new session gets a new form token too.
    session.clear()
    session[SESSION_TOKEN] = token
