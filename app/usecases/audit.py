"""Append audit entries within the unit of work of the act that they tell of: codes and ids only."""

import os
import pwd
from datetime import timedelta

from app.records import Actor, Person
from app.services import RecordServices
from app.storage import UnitOfWork

# The actor of what RETENTION_DAYS deletes.
RULE = "rule"
# The actor of a sign-in that was refused for a name that nobody has.
NOBODY = "nobody"

STUDY_VIEWED = "study-viewed"
WORKLIST_VIEWED = "worklist-viewed"
AUDIT_VIEWED = "audit-viewed"
REFUSED = "refused"
# Actions that leave every list of studies as it was.
CHANGES_NO_LIST = (
    STUDY_VIEWED,
    WORKLIST_VIEWED,
    AUDIT_VIEWED,
    REFUSED,
    "report-made",
    "signed-in",
    "signed-in-by-link",
    "signed-out",
    "sign-in-refused",
    "password-changed",
    "password-change-refused",
    "session-ended",
    "other-sessions-ended",
    "token-revoked",
    "signed-in-by-passkey",
    "signed-in-by-single-sign-on",
    "identity-connected",
    "passkey-added",
    "passkey-removed",
    "first-factor-accepted",
    "second-factor-enabled",
    "second-factor-refused",
    "second-factor-removed",
    "recovery-codes-renewed",
)
# Images and pages of one study that one person opens within this time are one view of it.
ONE_VIEW = timedelta(minutes=10)


def command_user() -> str:
    """The operating-system user who runs the command, as the actor of its audit entries: `os:NAME`."""
    try:
        return f"os:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        # A container may run under a number that has no name.
        return f"os:{os.getuid()}"


def command_actor(tenant: str) -> Actor:
    """The operating-system user of a command as an actor in one tenant."""
    return Actor(tenant, command_user())


def record(services: RecordServices, unit: UnitOfWork, actor: Actor | Person, action: str, subject: str) -> None:
    """Append one entry to the chain of the actor's tenant."""
    unit.audit.append(actor.tenant, services.clock(), actor.id, action, subject, sign=services.audit_chain.next)


def record_view(services: RecordServices, person: Person, study_id: str) -> None:
    """Enter that a person views a study; views of the same study within `ONE_VIEW` are entered once.

    Raises:
        Unavailable: it cannot be entered, so nothing is shown.
    """
    _record_once(services, person, STUDY_VIEWED, study_id)


def record_list_view(services: RecordServices, person: Person) -> None:
    """Enter that a person views the list of studies, once within `ONE_VIEW`.

    Raises:
        Unavailable: it cannot be entered, so nothing is shown.
    """
    _record_once(services, person, WORKLIST_VIEWED, "worklist")


def record_audit_view(services: RecordServices, person: Person) -> None:
    """Enter that a person views the audit record, once within `ONE_VIEW`.

    Raises:
        Unavailable: it cannot be entered, so nothing is shown.
    """
    _record_once(services, person, AUDIT_VIEWED, "audit")


def record_refusal(services: RecordServices, person: Person, subject: str) -> None:
    """Enter that a person asked for what their role or token does not allow; `subject` names the operation."""
    with services.store.begin() as unit:
        record(services, unit, person, REFUSED, subject)


def _record_once(services: RecordServices, person: Person, action: str, subject: str) -> None:
    now = services.clock()
    if not services.store.audit.has_entry(person.tenant, person.id, action, subject, (now - ONE_VIEW, now)):
        with services.store.begin() as unit:
            record(services, unit, person, action, subject)
