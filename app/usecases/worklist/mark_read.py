"""Say that a study is read, or that it is not."""

from app.records import Person
from app.services import Desk
from app.usecases import audit
from app.usecases.triage import labeller


def mark_read(desk: Desk, person: Person, study_id: str) -> None:
    """Note that this person has read the study.

    Raises:
        StudyNotFound: not in this person's tenant, or deleted meanwhile.
    """
    label = labeller(desk, person.tenant)
    desk.store.worklist.mark_read(person.tenant, study_id, person.id, desk.clock(), label=label)
    audit.record(desk, person, "study-read", study_id)


def mark_unread(desk: Desk, person: Person, study_id: str) -> None:
    """Put the study back among the unread, and take back that this person has read it; others' marks stay.

    Raises:
        StudyNotFound: not in this person's tenant, or deleted meanwhile.
    """
    label = labeller(desk, person.tenant)
    desk.store.worklist.mark_unread(person.tenant, study_id, person.id, label=label)
    audit.record(desk, person, "study-unread", study_id)
