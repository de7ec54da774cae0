"""The choice of a language: a form on every page, kept in a cookie."""

from flask import Blueprint, current_app, redirect, request
from flask.typing import ResponseReturnValue

from app.web.http.requests.query import local_path
from app.web.i18n.language import COOKIE, LANGUAGES

_YEAR_S = 31_536_000

blueprint = Blueprint("language", __name__)


@blueprint.post("/language")
def choose() -> ResponseReturnValue:
    """Keep the reader's choice in the browser, and go back to the page; what is no language forgets the choice."""
    answer = redirect(local_path(request.form.get("next")), code=303)
    code = request.form.get("language", "")
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.set_cookie(
        COOKIE,
        code if code in LANGUAGES else "",
        max_age=_YEAR_S if code in LANGUAGES else 0,
        secure=secure,
        httponly=True,
        samesite="Lax",
    )
    return answer
