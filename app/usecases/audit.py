"""Write down who did what, so that a change of the record shows."""

from app.records import Person
from app.services import Desk

# Stands where else the id of a person stands.
RULE = "rule"


def record(desk: Desk, person: Person, action: str, subject: str) -> None:
    """Append one entry to the tenant's chain: codes and ids only."""
    _append(desk, person.tenant, person.id, action, subject)


def record_rule(desk: Desk, tenant: str, action: str, subject: str) -> None:
    """Append an entry for what no person did, but a rule that the settings give."""
    _append(desk, tenant, RULE, action, subject)


def _append(desk: Desk, tenant: str, actor: str, action: str, subject: str) -> None:
    desk.store.audit.append(tenant, desk.clock(), actor, action, subject, sign=desk.audit_chain.next)
