"""Objects of the running application that views need, typed."""

from typing import cast

from flask import current_app, g

from app.config import Limits
from app.records import Person
from app.services import Services
from app.storage import SessionRow
from app.usecases.administration.readiness import Readiness
from app.usecases.administration.roles import Permission, is_allowed
from app.usecases.dicomweb.archive import Archive
from app.web.http.metrics import Metrics


def services() -> Services:
    """The long-lived objects of this application."""
    return cast(Services, current_app.extensions["services"])


def archive() -> Archive | None:
    """The archive that people search; None without one."""
    return cast(Archive | None, current_app.extensions["archive"])


def limits() -> Limits:
    """Limits of one upload."""
    return cast(Limits, current_app.extensions["limits"])


def metrics() -> Metrics:
    """The counters of this application."""
    return cast(Metrics, current_app.extensions["metrics"])


def may(permission: Permission) -> bool:
    """Whether the signed-in person may do something; a page leaves out what they may not."""
    return g.get("person") is not None and is_allowed(person(), permission)


def readiness() -> Readiness:
    """The checks of this application's parts."""
    return cast(Readiness, current_app.extensions["readiness"])


def person() -> Person:
    """The signed-in person; only for views behind the guard."""
    return cast(Person, g.person)


def own_session() -> SessionRow:
    """The session of the signed-in person; only for pages behind the guard."""
    return cast(SessionRow, g.own_session)
