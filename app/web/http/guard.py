"""Authenticate and authorize each request once, before its view and before its body is parsed."""

from collections.abc import Sequence
from typing import cast

from flask import Flask, current_app, g, request, session
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]
from werkzeug.sansio.utils import host_is_trusted

from app.access_errors import SecondFactorDemanded
from app.errors import BadRequest, Forbidden, InvalidToken, NotSignedIn
from app.records import Person
from app.usecases import audit
from app.usecases.access.demand import must_enrol
from app.usecases.administration.roles import is_allowed
from app.usecases.administration.sign_in import own_session
from app.usecases.administration.tokens import person_of_token
from app.web.http.admission import TAKES_FILES, URGENT, admit_body, raise_refusal
from app.web.http.context import limits, services
from app.web.http.permissions import ENROLMENT_ENDPOINTS, OPEN_ENDPOINTS, PERMISSION_OF_ENDPOINT, SIGNED_IN_ENDPOINTS
from app.web.http.requests.uploads import body_limit

SESSION_TOKEN = "session_token"  # noqa: S105 - the name of a cookie's field

# What open pages ask by themselves, which keeps no session alive.
UNATTENDED = frozenset({"worklist.changes"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask, trusted_hosts: Sequence[str] = ()) -> None:
    """Ask before every request.

    trusted_hosts: names under which the application is reached; any where there are none.
    """

    def check_host() -> None:
        # What watches the application asks by an address.
        if trusted_hosts and request.endpoint not in URGENT and not host_is_trusted(request.host, trusted_hosts):
            raise BadRequest("The server is not known by this name.")

    app.before_request(raise_refusal)
    app.before_request(check_host)
    app.before_request(_bound_body)
    app.before_request(_identify)
    app.before_request(_authorize)
    app.before_request(admit_body)
    app.before_request(_check_form_token)


def _bound_body() -> None:
    takes_files = request.endpoint in TAKES_FILES
    request.max_content_length = body_limit(request.mimetype if takes_files else "", limits())


def _identify() -> None:
    g.person = None
    g.own_session = None
    g.has_password = False
    g.must_enrol = False
    g.by_token = False
    g.scopes = ()
    if request.endpoint is None or request.endpoint in OPEN_ENDPOINTS:
        return
    g.person = _person_of_api() if "api" in request.blueprints else _person_of_session()


def _person_of_api() -> Person:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not token.strip():
            raise InvalidToken
        g.by_token = True
        person, g.scopes = person_of_token(services(), token.strip())
        return person
    if SESSION_TOKEN not in session:
        raise InvalidToken
    return _person_of_session()


def _person_of_session() -> Person:
    if SESSION_TOKEN not in session:
        raise NotSignedIn
    is_in_use = request.endpoint not in UNATTENDED
    g.own_session, owner = own_session(services(), session[SESSION_TOKEN], is_in_use=is_in_use)
    g.has_password = owner.password_hash is not None
    g.has_second_factor = owner.has_second_factor
    g.must_enrol = must_enrol(services(), g.own_session, owner)
    return owner.person


def _authorize() -> None:
    """Refuse what the person's role or the token's scopes do not allow; a route of no permission is refused to all."""
    if g.must_enrol and request.endpoint not in ENROLMENT_ENDPOINTS:
        raise SecondFactorDemanded
    if g.person is None or request.endpoint in SIGNED_IN_ENDPOINTS:
        return
    permission = PERMISSION_OF_ENDPOINT.get(request.endpoint or "")
    if permission is None or not is_allowed(g.person, permission, g.scopes):
        audit.record_refusal(services(), g.person, request.endpoint or "none")
        raise Forbidden


def _check_form_token() -> None:
    if request.endpoint is None or request.method in SAFE_METHODS or g.by_token:
        return
    cast(CSRFProtect, current_app.extensions["csrf"]).protect()
