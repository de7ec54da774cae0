"""Whether the scores of a tenant's latest images still look like those of the validation images."""

from collections.abc import Iterator
from datetime import timedelta

from app.detection import Drift, drift, reference_of
from app.errors import Forbidden, StoredDataDamaged
from app.records import DRAWN_SAMPLE, Assessment, Person
from app.services import Services
from app.usecases.sealed_records import open_study

LOOKS_BACK = timedelta(days=90)
_MOST_STUDIES = 300


def score_drift(services: Services, person: Person) -> Drift | None:
    """Compare the images of the last 90 days that the weights in use have assessed; None for too few, or no reference.

    Raises:
        Forbidden: not an admin.
    """
    if person.role != "admin":
        raise Forbidden
    reference = reference_of(services.detector.spec, services.settings.site_prevalence)
    if reference is None:
        return None
    scores = [assessment.score for assessment in _latest(services, person.tenant)]
    return drift(scores, reference)


def _latest(services: Services, tenant: str) -> Iterator[Assessment]:
    """Assessments by the weights in use; what does not open is passed over, and so are drawn samples."""
    since, version = services.clock() - LOOKS_BACK, services.detector.version
    for row in services.store.studies.page(tenant, _MOST_STUDIES).studies:
        try:
            study = open_study(services, row)
        except StoredDataDamaged:
            continue
        yield from (
            image.assessment
            for image in study.images
            if image.created_at >= since
            and image.assessment.model == version
            and DRAWN_SAMPLE not in image.assessment.warnings
            and image.assessment.verdict not in ("pending", "not-assessed")
        )
