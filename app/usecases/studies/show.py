"""Show what is stored: open a study's readings, list studies, make images on request, delete.

A study of another tenant looks the same as one that never was.
"""

from dataclasses import dataclass

from app import imaging
from app.errors import BadRequest, ImageNotFound, StoredDataDamaged
from app.records import Person, Radiograph, Study, StudyImage
from app.reports import ENGLISH, Wording, overlay
from app.security import AssociatedData
from app.services import Desk, Services
from app.storage import ImageRow, StudyRow
from app.usecases import audit, stored_assessment

MOST_STUDIES_A_PAGE = 100


@dataclass(frozen=True)
class StudyPage:
    """Some studies, newest first.

    next: the token that asks for the studies after these; None at the end.
    damaged: ids of studies among these that do not open with any master key.
    """

    studies: tuple[Study, ...]
    next: str | None
    damaged: tuple[str, ...] = ()


def get_study(services: Services, person: Person, study_id: str) -> Study:
    """One study with its readings.

    Raises:
        StudyNotFound: not in this person's tenant.
    """
    return open_study(services, services.store.studies.get(person.tenant, study_id))


def list_studies(services: Services, person: Person, limit: int = 20, after: str | None = None) -> StudyPage:
    """At most `limit` (1–100) studies of the tenant, newest first, from behind `after`.

    Raises:
        BadRequest: `limit` is out of range, or `after` is not a token of an earlier page.
    """
    if not 1 <= limit <= MOST_STUDIES_A_PAGE:
        raise BadRequest("A page holds 1 to %(count)s studies.", count=MOST_STUDIES_A_PAGE)
    page = services.store.studies.page(person.tenant, limit, after)
    studies: list[Study] = []
    damaged: list[str] = []
    for row in page.studies:
        try:
            studies.append(open_study(services, row))
        except StoredDataDamaged:
            damaged.append(row.id)
    return StudyPage(tuple(studies), page.next, tuple(damaged))


def delete_study(services: Services, person: Person, study_id: str) -> None:
    """Delete a study with its images, readings and notes.

    Raises:
        StudyNotFound: not in this person's tenant, or deleted already.
    """
    services.store.studies.delete(person.tenant, study_id)
    services.radiograph_cache.forget(person.tenant, study_id)
    audit.record(services, person, "study-deleted", study_id)


def original_png(services: Services, person: Person, study_id: str, image_id: str) -> bytes:
    """The radiograph as it was read, as a grey PNG in its own size.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant.
    """
    return imaging.render_png(radiograph_of(services, person, study_id, image_id).grey)


def annotated_png(
    services: Services,
    person: Person,
    study_id: str,
    image_id: str,
    *,
    long_side_px: int | None = None,
    wording: Wording = ENGLISH,
) -> bytes:
    """The radiograph with its boxes, as an RGB PNG in its own size, or scaled down to `long_side_px`.

    wording: the language of the labels.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant.
    """
    row = services.store.studies.get(person.tenant, study_id)
    image = open_image(services, person.tenant, study_id, row.wrapped_key, image_row(row, image_id))
    grey = radiograph_of(services, person, study_id, image_id).grey
    height, width = grey.shape
    return imaging.render_png(grey, overlay(image.assessment.findings, (height, width), wording), long_side_px)


def open_study(services: Desk, row: StudyRow) -> Study:
    """The study of a row of ciphertext.

    Raises:
        StoredDataDamaged: a reading does not open.
    """
    images = tuple(open_image(services, row.tenant, row.id, row.wrapped_key, image) for image in row.images)
    return Study(row.id, row.tenant, row.created_at, row.created_by, images)


def associated_data(tenant: str, study_id: str, kind: str, image_id: str) -> AssociatedData:
    """Where something sealed of one image belongs."""
    return AssociatedData(tenant=tenant, study=study_id, kind=kind, item=image_id)


def open_image(services: Desk, tenant: str, study_id: str, wrapped_key: bytes, image: ImageRow) -> StudyImage:
    """One view of a row of ciphertext.

    Raises:
        StoredDataDamaged: its reading does not open.
    """
    plain = services.vault.open(
        image.sealed_assessment, wrapped_key, associated_data(tenant, study_id, "reading", image.id)
    )
    name, assessment = stored_assessment.from_bytes(plain)
    return StudyImage(image.id, name, image.created_at, assessment)


def radiograph_of(services: Services, person: Person, study_id: str, image_id: str) -> Radiograph:
    """An image, decoded; from the light box where it lies there. That it is still there is asked each time.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant.
    """
    image_row(services.store.studies.get(person.tenant, study_id), image_id)

    def decode() -> Radiograph:
        return imaging.decode(original_bytes(services, person, study_id, image_id), services.settings.limits)

    return services.radiograph_cache.get(imaging.ImageKey(person.tenant, study_id, image_id), decode)


def original_bytes(services: Services, person: Person, study_id: str, image_id: str) -> bytes:
    """The file as it came, in plain text.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant.
        StoredDataDamaged: it does not open.
    """
    row = services.store.studies.original(person.tenant, study_id, image_id)
    bound_to = associated_data(person.tenant, study_id, "original", image_id)
    return services.vault.open(row.sealed_original, row.wrapped_key, bound_to)


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
