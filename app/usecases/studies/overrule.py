"""Assess an image anyway: a clinician overrules the software, which would not judge it."""

from dataclasses import replace

from app.errors import BadRequest
from app.records import Assessment, Overruled, Person, Study
from app.services import Services
from app.usecases import audit
from app.usecases.sealed_records import image_row, open_image, open_study, seal_assessment
from app.usecases.studies.infer import infer_radiograph
from app.usecases.studies.show import radiograph_of
from app.usecases.triage import labeller


def assess_anyway(services: Services, person: Person, study_id: str, image_id: str) -> Study:
    """Infer an image that was not assessed, as if nothing spoke against it; who asked for it and when stay on it.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant.
        BadRequest: the image is assessed already.
        Busy, Unavailable: from the detector; nothing has changed.
    """
    row = services.store.studies.get(person.tenant, study_id)
    image = open_image(services, person.tenant, study_id, row.wrapped_key, image_row(row, image_id))
    if image.assessment.verdict != "not-assessed":
        raise BadRequest("This image is assessed already.")
    assessment = _overruled(services, person, study_id, image_id, image.assessment)
    where = (person.tenant, study_id, image_id)
    sealed = seal_assessment(services.vault, where, row.wrapped_key, image.name, assessment, at=image.created_at)
    with services.store.begin() as unit:
        unit.studies.replace_assessment(
            person.tenant, study_id, image_id, sealed, label=labeller(services, person.tenant)
        )
        audit.record(services, unit, person, "scope-overruled", image_id)
    return open_study(services, services.store.studies.get(person.tenant, study_id))


def _overruled(services: Services, person: Person, study_id: str, image_id: str, before: Assessment) -> Assessment:
    radiograph = radiograph_of(services, person, study_id, image_id)
    judged = infer_radiograph(services.detector, radiograph, is_overruled=True)
    judgement = judged.judgement
    return replace(
        before,
        model=services.detector.version,
        verdict=judgement.verdict,
        score=judgement.score,
        findings=judgement.findings,
        other_findings=judged.other_findings,
        overruled=Overruled(person.id, person.name, services.clock()),
    )
