"""What a view needs to know of the running application, typed."""

from typing import cast

from flask import current_app, g

from app.config import Limits
from app.records import Person
from app.services import Services
from app.web.http.metrics import Metrics
from app.web.http.notices import Notices


def services() -> Services:
    """The long-lived objects of this application."""
    return cast(Services, current_app.extensions["services"])


def limits() -> Limits:
    """What one upload may cost."""
    return cast(Limits, current_app.extensions["limits"])


def notices() -> Notices:
    """The notices that wait for the next page of their person."""
    return cast(Notices, current_app.extensions["notices"])


def metrics() -> Metrics:
    """The counters of this application."""
    return cast(Metrics, current_app.extensions["metrics"])


def person() -> Person:
    """Who is asking; only in a view that the guard lets no stranger reach."""
    return cast(Person, g.person)
