"""Show what is stored: a study with its assessments, pages of studies, and images rendered on request.

A study of another tenant looks the same as one that never was.
"""

from dataclasses import dataclass

from app import imaging
from app.errors import BadRequest, StoredDataDamaged
from app.records import Person, Radiograph, Study
from app.reports import ENGLISH, Wording, overlay
from app.services import RecordServices, Services
from app.usecases import audit
from app.usecases.sealed_records import image_row, open_image, open_original, open_study

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


def get_study(services: RecordServices, person: Person, study_id: str) -> Study:
    """One study with its assessments; that the person views it is entered.

    Raises:
        StudyNotFound: not in this person's tenant.
    """
    study = open_study(services, services.store.studies.get(person.tenant, study_id))
    audit.record_view(services, person, study_id)
    return study


def list_studies(services: Services, person: Person, limit: int = 20, after: str | None = None) -> StudyPage:
    """At most `limit` (1–100) studies of the tenant, newest first, from behind `after`.

    Raises:
        BadRequest: `limit` is out of range, or `after` is not a token of an earlier page.
    """
    if not 1 <= limit <= MOST_STUDIES_A_PAGE:
        raise BadRequest("A page holds 1 to %(count)s studies.", count=MOST_STUDIES_A_PAGE)
    audit.record_list_view(services, person)
    page = services.store.studies.page(person.tenant, limit, after)
    studies: list[Study] = []
    damaged: list[str] = []
    for row in page.studies:
        try:
            studies.append(open_study(services, row))
        except StoredDataDamaged:
            damaged.append(row.id)
    return StudyPage(tuple(studies), page.next, tuple(damaged))


def original_png(services: Services, person: Person, study_id: str, image_id: str) -> bytes:
    """The radiograph as it was decoded, as a grey PNG in its own size.

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


def radiograph_of(services: Services, person: Person, study_id: str, image_id: str) -> Radiograph:
    """An image, decoded, from the cache where it is there; that the person views the study is entered.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant, which is checked for a cached image too.
    """
    image_row(services.store.studies.get(person.tenant, study_id), image_id)
    audit.record_view(services, person, study_id)

    def decode() -> Radiograph:
        raw = open_original(services, person.tenant, study_id, image_id)
        return services.decoder.decode(raw)

    return services.radiograph_cache.get(imaging.ImageKey(person.tenant, study_id, image_id), decode)
