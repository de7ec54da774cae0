"""Mark a study as read or unread."""

from app.records import Person
from app.services import RecordServices
from app.usecases import audit
from app.usecases.triage import labeller


def mark_read(services: RecordServices, person: Person, study_id: str) -> None:
    """Note that this person has read the study.

    Raises:
        StudyNotFound: not in this person's tenant, or deleted meanwhile.
    """
    label = labeller(services, person.tenant)
    with services.store.begin() as unit:
        unit.worklist.mark_read(person.tenant, study_id, person.id, services.clock(), label=label)
        audit.record(services, unit, person, "study-read", study_id)


def mark_unread(services: RecordServices, person: Person, study_id: str) -> None:
    """Put the study back among the unread, and take back that this person has read it; others' marks stay.

    Raises:
        StudyNotFound: not in this person's tenant, or deleted meanwhile.
    """
    label = labeller(services, person.tenant)
    with services.store.begin() as unit:
        unit.worklist.mark_unread(person.tenant, study_id, person.id, label=label)
        audit.record(services, unit, person, "study-unread", study_id)
