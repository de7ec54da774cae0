"""Review a study: readers confirm, reject and add findings. They may differ; everything is kept."""

from collections.abc import Sequence
from datetime import timedelta

from app.errors import ImageNotFound, StoredDataDamaged
from app.records import Feedback, Mark, Person
from app.services import RecordServices, Services
from app.storage import FeedbackRow, NewFeedback, StudyRow
from app.usecases import audit
from app.usecases.feedback.outcome import announce_outcome
from app.usecases.feedback.rules import checked
from app.usecases.sealed_records import open_feedback, open_study, seal_feedback, view_of
from app.usecases.stored_feedback import FeedbackContent
from app.usecases.triage import labeller

# The same answer again within this time is a button pressed twice, or a request that a program repeats.
SAME_WITHIN = timedelta(minutes=1)


def add_feedback(
    services: Services,
    person: Person,
    study_id: str,
    image_id: str,
    marks: Sequence[Mark],
    *,
    normal: bool = False,
    comment: str = "",
) -> Feedback:
    """Keep a reader's feedback on one image, which marks the study as read; the same within a minute is kept once.

    A confirmed or rejected mark names a finding by its region and its box, to a pixel.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant, or deleted meanwhile.
        BadFeedback: the answer does not fit the image, or contradicts itself; the message says where.
    """
    row = services.store.studies.get(person.tenant, study_id)
    before = open_study(services, row)
    assessment = view_of(before, image_id).assessment
    content = checked(FeedbackContent(tuple(marks), normal, comment), assessment, services.detector.spec.regions)
    new = _sealed(services, person, row, image_id, content)
    with services.store.begin() as unit:
        kept = unit.feedback.add(
            person.tenant,
            new,
            new.created_at - SAME_WITHIN,
            is_same=lambda earlier: _has_content(services, row, earlier, content),
            label=labeller(services, person.tenant),
        )
        if kept.id == new.id:
            announce_outcome(services, unit, before)
            audit.record(services, unit, person, "feedback-added", study_id)
    return open_feedback(services.vault, person.tenant, row.wrapped_key, kept)


def list_feedback(
    services: RecordServices, person: Person, study_id: str, image_id: str | None = None
) -> tuple[Feedback, ...]:
    """The feedback on a study, or on one of its images, newest first.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant.
    """
    row = services.store.studies.get(person.tenant, study_id)
    if image_id is not None and image_id not in {image.id for image in row.images}:
        raise ImageNotFound
    return tuple(one for one in feedback_of(services, row) if image_id in (None, one.image_id))


def feedback_of(services: RecordServices, row: StudyRow) -> tuple[Feedback, ...]:
    """The feedback on the study of a row of ciphertext, newest first.

    Raises:
        StoredDataDamaged: one of them does not open.
    """
    rows = services.store.feedback.of_study(row.tenant, row.id)
    return tuple(open_feedback(services.vault, row.tenant, row.wrapped_key, one) for one in rows)


def _sealed(services: Services, person: Person, row: StudyRow, image_id: str, content: FeedbackContent) -> NewFeedback:
    new = NewFeedback(services.new_id(), row.id, image_id, person.id, services.clock(), b"")
    return seal_feedback(services.vault, person.tenant, row.wrapped_key, new, content)


def _has_content(services: Services, row: StudyRow, earlier: FeedbackRow, content: FeedbackContent) -> bool:
    try:
        found = open_feedback(services.vault, row.tenant, row.wrapped_key, earlier)
    except StoredDataDamaged:
        return False
    return FeedbackContent(found.marks, found.normal, found.comment) == content
