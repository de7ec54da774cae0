"""Who is asking: decided once before every view, before any body is read."""

from typing import cast

from flask import Flask, current_app, g, request, session
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]

from app.errors import InvalidToken, NotSignedIn
from app.records import Person
from app.usecases.administration.people import person_of_session, person_of_token
from app.web.http.context import limits, services
from app.web.http.uploads import body_limit

SESSION_TOKEN = "session_token"  # noqa: S105 - the name of a cookie's field

# Reached without signing in. Everything else is closed, also a view that somebody adds and forgets to think about.
OPEN_BLUEPRINTS = frozenset({"sign_in", "language", "operations"})
OPEN_ENDPOINTS = frozenset({"static", "api.openapi"})
TAKES_FILES = frozenset({"pages.create_study", "pages.add_images", "api.create_study", "api.add_images"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask) -> None:
    """Ask before every request."""
    app.before_request(_bound_body)
    app.before_request(_identify)
    app.before_request(_check_form_token)


def _bound_body() -> None:
    takes_files = request.endpoint in TAKES_FILES
    request.max_content_length = body_limit(request.mimetype if takes_files else "", limits())


def _identify() -> None:
    g.person = None
    g.by_token = False
    if request.endpoint is None or request.endpoint in OPEN_ENDPOINTS or request.blueprint in OPEN_BLUEPRINTS:
        return
    g.person = _person_of_api() if "api" in request.blueprints else _person_of_session()


def _person_of_api() -> Person:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not token.strip():
            raise InvalidToken
        g.by_token = True
        return person_of_token(services(), token.strip())
    if SESSION_TOKEN not in session:
        raise InvalidToken
    return _person_of_session()


def _person_of_session() -> Person:
    if SESSION_TOKEN not in session:
        raise NotSignedIn
    return person_of_session(services(), session[SESSION_TOKEN])


def _check_form_token() -> None:
    if request.endpoint is None or request.method in SAFE_METHODS or g.by_token:
        return
    cast(CSRFProtect, current_app.extensions["csrf"]).protect()
