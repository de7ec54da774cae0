"""Own account: password, sessions and API tokens."""

from flask import Blueprint, g, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]

from app.usecases.access import account
from app.usecases.administration.sign_in import sign_out
from app.web.http.context import own_session, person, services
from app.web.http.guard import SESSION_TOKEN

blueprint = Blueprint("account", __name__)


@blueprint.context_processor
def _account() -> dict[str, object]:
    """The account, for the page and for the page that a refused form comes back to."""
    return {"account": account.own_account(services(), own_session())} if g.get("own_session") else {}


@blueprint.get("/account")
def show() -> ResponseReturnValue:
    """The page."""
    return render_template("account.html")


@blueprint.post("/account/password")
def change_password() -> ResponseReturnValue:
    """Take another password."""
    fields = (request.form.get(name, "") for name in ("present", "new", "again"))
    account.change_password(services(), own_session(), account.NewPassword(*fields))
    return _done("password")


@blueprint.post("/account/sessions/end")
def end_other_sessions() -> ResponseReturnValue:
    """Sign out every other browser."""
    account.end_other_sessions(services(), person(), own_session())
    return _done("sessions")


@blueprint.post("/account/sessions/<session_id>/end")
def end_session(session_id: str) -> ResponseReturnValue:
    """Sign out another browser."""
    account.end_own_session(services(), person(), session_id)
    return _done("session")


@blueprint.post("/account/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> ResponseReturnValue:
    """Make an own API token invalid."""
    account.revoke_own_token(services(), person(), token_id)
    return _done("token")


@blueprint.get("/account/alive")
def alive() -> ResponseReturnValue:
    """Keep the session of a page in use alive: who is signed in, and the token that forms of this browser need."""
    return jsonify({"person": person().id, "csrf_token": generate_csrf()})


@blueprint.post("/account/lock")
def lock() -> ResponseReturnValue:
    """End the session of a page that nobody uses; the browser keeps the form token, by which it is signed in again."""
    sign_out(services(), session.pop(SESSION_TOKEN, ""))
    return "", 204


def _done(what: str) -> ResponseReturnValue:
    return redirect(url_for("account.show", done=what), code=303)
