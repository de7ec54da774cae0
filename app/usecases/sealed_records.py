"""Open the sealed records of a study, and seal new ones: assessments and feedback, each bound to where it belongs."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime

from app.errors import ImageNotFound, StoredDataDamaged
from app.records import Assessment, Feedback, Study, StudyImage
from app.security import AssociatedData, Vault
from app.services import RecordServices
from app.storage import ClosingRow, FeedbackRow, ImageRow, NewFeedback, StudyRow
from app.usecases import stored_assessment, stored_details, stored_feedback
from app.usecases.decision import Closing, ClosingContent, decide
from app.usecases.stored_details import Details
from app.usecases.stored_feedback import FeedbackContent

# Part of the associated data of everything that is stored, so these words stay.
_ASSESSMENT = "reading"
_ORIGINAL = "original"
_FEEDBACK = "feedback"
_DETAILS = "details"
_CLOSING = "closing"


def open_study(services: RecordServices, row: StudyRow) -> Study:
    """The study of a row of ciphertext.

    Raises:
        StoredDataDamaged: a part of it does not open.
    """
    images = tuple(open_image(services, row.tenant, row.id, row.wrapped_key, image) for image in row.images)
    feedback = [open_feedback(services.vault, row.tenant, row.wrapped_key, one) for one in row.feedback]
    closing = open_closing(services.vault, row.tenant, row.wrapped_key, row.closings[0]) if row.closings else None
    decision = decide(images, feedback, closing)
    details = vars(open_details(services, row))
    return Study(row.id, row.tenant, row.created_at, row.created_by, images, **details, decision=decision)


def open_details(services: RecordServices, row: StudyRow) -> Details:
    """Patient, examination and label of a row of ciphertext; empty where nothing is known.

    Raises:
        StoredDataDamaged: they do not open.
    """
    if row.sealed_details is None:
        return Details()
    belongs = AssociatedData(row.tenant, row.id, _DETAILS, row.id)
    return stored_details.from_bytes(services.vault.open(row.sealed_details, row.wrapped_key, belongs))


def seal_details(vault: Vault, row: tuple[str, str], wrapped_key: bytes, details: Details) -> bytes:
    """The ciphertext of the details; `row` is the (tenant, study) that they belong to."""
    tenant, study_id = row
    belongs = AssociatedData(tenant, study_id, _DETAILS, study_id)
    return vault.seal(stored_details.to_bytes(details), wrapped_key, belongs)


def open_closing(vault: Vault, tenant: str, wrapped_key: bytes, row: ClosingRow) -> Closing:
    """The closed disagreement of a row of ciphertext.

    Raises:
        StoredDataDamaged: it does not open.
    """
    plain = vault.open(row.sealed, wrapped_key, _of_closing(tenant, row))
    try:
        return Closing(ClosingContent(**json.loads(plain)), row.person_name, row.created_at)
    except (ValueError, KeyError, TypeError):
        raise StoredDataDamaged from None


def seal_closing(vault: Vault, tenant: str, wrapped_key: bytes, new: ClosingRow, content: ClosingContent) -> ClosingRow:
    """`new` with its content sealed; it opens for its own study and person only."""
    plain = json.dumps(asdict(content)).encode()
    return replace(new, sealed=vault.seal(plain, wrapped_key, _of_closing(tenant, new)))


def open_image(services: RecordServices, tenant: str, study_id: str, wrapped_key: bytes, image: ImageRow) -> StudyImage:
    """One view of a study, of a row of ciphertext.

    Raises:
        StoredDataDamaged: its assessment does not open.
    """
    belongs = AssociatedData(tenant, study_id, _ASSESSMENT, image.id)
    plain = _open_dated(services.vault, image.sealed_assessment, wrapped_key, belongs, image.created_at)
    name, assessment = stored_assessment.from_bytes(plain)
    return StudyImage(image.id, name, image.created_at, assessment)


def view_of(study: Study, image_id: str) -> StudyImage:
    """One view of an opened study.

    Raises:
        ImageNotFound: not in this study.
    """
    image = next((image for image in study.images if image.id == image_id), None)
    if image is None:
        raise ImageNotFound
    return image


def image_row(row: StudyRow, image_id: str) -> ImageRow:
    """One image of a study's row.

    Raises:
        ImageNotFound: not in this study.
    """
    image = next((image for image in row.images if image.id == image_id), None)
    if image is None:
        raise ImageNotFound
    return image


def open_original(
    services: RecordServices, tenant: str, study_id: str, image_id: str, *, with_bin: bool = False
) -> bytes:
    """The file of an image as it came; of a study in the bin only when `with_bin`.

    Raises:
        StudyNotFound, ImageNotFound: not in this tenant.
        StoredDataDamaged: it does not open.
    """
    row = services.store.studies.original(tenant, study_id, image_id, with_bin=with_bin)
    belongs = AssociatedData(tenant, study_id, _ORIGINAL, image_id)
    return services.vault.open(row.sealed_original, row.wrapped_key, belongs)


def open_feedback(vault: Vault, tenant: str, wrapped_key: bytes, row: FeedbackRow) -> Feedback:
    """The feedback of a row of ciphertext.

    Raises:
        StoredDataDamaged: it does not open.
    """
    plain = _open_dated(vault, row.sealed, wrapped_key, _of_feedback(tenant, row), row.created_at)
    content = stored_feedback.from_bytes(plain)
    return Feedback(row.id, row.image, row.person, row.person_name, row.created_at, **vars(content))


def seal_assessment(
    vault: Vault, row: tuple[str, str, str], wrapped_key: bytes, name: str, assessment: Assessment, *, at: datetime
) -> bytes:
    """The ciphertext of a file name and an assessment.

    row: the (tenant, study, image) that it belongs to. at: when the image was stored; both are bound to it.
    """
    tenant, study_id, image_id = row
    belongs = _dated(AssociatedData(tenant, study_id, _ASSESSMENT, image_id), at)
    return vault.seal(stored_assessment.to_bytes(name, assessment), wrapped_key, belongs)


def seal_original(vault: Vault, row: tuple[str, str, str], wrapped_key: bytes, raw: bytes) -> bytes:
    """The ciphertext of a file as it came; `row` is the (tenant, study, image) that it belongs to."""
    tenant, study_id, image_id = row
    return vault.seal(raw, wrapped_key, AssociatedData(tenant, study_id, _ORIGINAL, image_id))


def seal_feedback(
    vault: Vault, tenant: str, wrapped_key: bytes, new: NewFeedback, content: FeedbackContent
) -> NewFeedback:
    """`new` with its content sealed; it opens for its own image, reader and time only."""
    belongs = _dated(_of_feedback(tenant, new), new.created_at)
    sealed = vault.seal(stored_feedback.to_bytes(content), wrapped_key, belongs)
    return replace(new, sealed=sealed)


def _dated(belongs: AssociatedData, at: datetime) -> AssociatedData:
    return replace(belongs, item=f"{belongs.item}/{at.astimezone(UTC).isoformat(timespec='microseconds')}")


def _open_dated(vault: Vault, sealed: bytes, wrapped_key: bytes, belongs: AssociatedData, at: datetime) -> bytes:
    """Open what is bound to its time; records of older versions are not, and open without."""
    try:
        return vault.open(sealed, wrapped_key, _dated(belongs, at))
    except StoredDataDamaged:
        return vault.open(sealed, wrapped_key, belongs)


def _of_closing(tenant: str, row: ClosingRow) -> AssociatedData:
    return AssociatedData(tenant, row.study, _CLOSING, f"{row.id}/{row.person}")


def _of_feedback(tenant: str, row: NewFeedback) -> AssociatedData:
    return AssociatedData(tenant, row.study, _FEEDBACK, f"{row.image}/{row.id}/{row.person}")
