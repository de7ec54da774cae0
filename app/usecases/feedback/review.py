"""Review a study: readers confirm, reject and add to what was found. They may differ; everything is kept."""

from collections.abc import Sequence
from datetime import timedelta

from app.errors import ImageNotFound, StoredDataDamaged
from app.records import Feedback, Mark, Person, Study, StudyImage
from app.services import Desk, Services
from app.storage import FeedbackRow, NewFeedback, StudyRow
from app.usecases import audit, stored_feedback
from app.usecases.feedback.rules import checked
from app.usecases.stored_feedback import Said
from app.usecases.studies.show import open_study
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
    """Keep what a reader says of one image, who has read the study by it; the same twice within a minute is kept once.

    A confirmed or rejected mark names a finding by its region and its box, to a pixel.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant, or deleted meanwhile.
        BadFeedback: the answer does not fit the image, or contradicts itself; the message says where.
    """
    row = services.store.studies.get(person.tenant, study_id)
    assessment = _image_of(open_study(services, row), image_id).assessment
    said = checked(Said(tuple(marks), normal, comment), assessment, services.detector.spec.regions)
    new = _sealed(services, person, row, image_id, said)
    kept = services.store.feedback.add(
        person.tenant,
        new,
        new.created_at - SAME_WITHIN,
        is_same=lambda earlier: _says(services, row, earlier, said),
        label=labeller(services, person.tenant),
    )
    if kept.id == new.id:
        audit.record(services, person, "feedback-added", study_id)
    return stored_feedback.open_row(services.vault, person.tenant, row.wrapped_key, kept)


def list_feedback(desk: Desk, person: Person, study_id: str, image_id: str | None = None) -> tuple[Feedback, ...]:
    """All that readers said of a study, or of one of its images, newest first.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant.
    """
    row = desk.store.studies.get(person.tenant, study_id)
    if image_id is not None and image_id not in {image.id for image in row.images}:
        raise ImageNotFound
    rows = desk.store.feedback.of_study(person.tenant, study_id)
    wanted = (said for said in rows if image_id in (None, said.image))
    return tuple(stored_feedback.open_row(desk.vault, person.tenant, row.wrapped_key, said) for said in wanted)


def _image_of(study: Study, image_id: str) -> StudyImage:
    image = next((image for image in study.images if image.id == image_id), None)
    if image is None:
        raise ImageNotFound
    return image


def _sealed(services: Services, person: Person, row: StudyRow, image_id: str, said: Said) -> NewFeedback:
    new = NewFeedback(services.new_id(), row.id, image_id, person.id, services.clock(), b"")
    plain = stored_feedback.to_bytes(said)
    sealed = services.vault.seal(plain, row.wrapped_key, stored_feedback.associated_data_of(person.tenant, new))
    return NewFeedback(**{**vars(new), "sealed": sealed})


def _says(services: Services, row: StudyRow, earlier: FeedbackRow, said: Said) -> bool:
    try:
        found = stored_feedback.open_row(services.vault, row.tenant, row.wrapped_key, earlier)
    except StoredDataDamaged:
        return False
    return Said(found.marks, found.normal, found.comment) == said
