"""The outcome of a study: tell others when it changes, and close a disagreement of its readers."""

from app.errors import BadFeedback, NotDisputed
from app.records import Person, Study
from app.services import RecordServices
from app.storage import ClosingRow, UnitOfWork
from app.usecases import audit
from app.usecases.decision import ClosingContent, ViewOutcome
from app.usecases.feedback.rules import checked_comment
from app.usecases.outbox.messages import announce
from app.usecases.sealed_records import open_study, seal_closing
from app.usecases.triage import labeller


def close_disagreement(
    services: RecordServices, person: Person, study_id: str, outcome: ViewOutcome, comment: str = ""
) -> Study:
    """Decide a study whose readers differ, in the name of one person, after they agreed or in a third one's judgement.

    Raises:
        StudyNotFound: not in this person's tenant, or deleted meanwhile.
        NotDisputed: its readers do not differ, or somebody closed it already.
        BadFeedback: the outcome is neither of the two, or the comment is too long.
    """
    if outcome not in ("fracture", "none"):
        raise BadFeedback("The outcome must be fracture or none.")
    content = ClosingContent(outcome, checked_comment(comment))
    with services.store.begin() as unit:
        row = unit.studies.get(person.tenant, study_id)
        before = open_study(services, row)
        if before.decision is None or before.decision.outcome != "disputed":
            raise NotDisputed
        new = ClosingRow(services.new_id(), study_id, person.id, services.clock(), b"")
        sealed = seal_closing(services.vault, person.tenant, row.wrapped_key, new, content)
        unit.decisions.close(person.tenant, sealed, label=labeller(services, person.tenant))
        announce_outcome(services, unit, before)
        audit.record(services, unit, person, "disagreement-closed", study_id)
        return open_study(services, unit.studies.get(person.tenant, study_id))


def announce_outcome(services: RecordServices, unit: UnitOfWork, before: Study) -> None:
    """Put a message when the outcome of a study is another one than before."""
    after = open_study(services, unit.studies.get(before.tenant, before.id))
    if _outcome(after) != _outcome(before):
        announce(services, unit, before.tenant, "outcome", before.id)


def _outcome(study: Study) -> str | None:
    return study.decision.outcome if study.decision else None
