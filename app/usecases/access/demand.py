"""Demand for a second factor, by role or tenant."""

from app.records import Person
from app.services import RecordServices
from app.storage import PersonRow, SessionRow

# What counts as two factors by itself, or is another system's to judge.
_ENOUGH = ("passkey", "single-sign-on")


def is_demanded(services: RecordServices, person: Person) -> bool:
    """Whether the settings demand a second factor of a person."""
    settings = services.settings
    return person.role in settings.second_factor_roles or person.tenant in settings.second_factor_tenants


def must_enrol(services: RecordServices, session: SessionRow, owner: PersonRow) -> bool:
    """Whether a person must set up a second factor before anything else."""
    return is_demanded(services, owner.person) and not owner.has_second_factor and session.method not in _ENOUGH
