"""Write down who did what, so that a change of the record shows."""

from app.records import Person
from app.services import Desk


def record(desk: Desk, person: Person, action: str, subject: str) -> None:
    """Append one entry to the tenant's chain: codes and ids only."""
    sign = desk.audit_chain.next
    desk.store.audit.append(person.tenant, desk.clock(), person.id, action, subject, sign=sign)
