"""A study for record systems: FHIR and HL7."""

from app.records import Person, Study
from app.reports import ENGLISH, words
from app.reports.fhir import fhir_bundle as build_bundle
from app.reports.hl7 import oru_message
from app.services import Services
from app.usecases.studies.show import get_study
from app.usecases.triage import study_verdict


def fhir_bundle(services: Services, person: Person, study_id: str) -> str:
    """The study as a FHIR R4 Bundle in JSON.

    Raises:
        StudyNotFound: not in this person's tenant.
    """
    study = get_study(services, person, study_id)
    return build_bundle(study, _conclusion(study), is_final=False)


def hl7_message(services: Services, person: Person, study_id: str) -> str:
    """The study as an HL7 v2.5 message ORU^R01.

    Raises:
        StudyNotFound: not in this person's tenant.
    """
    study = get_study(services, person, study_id)
    return oru_message(study, _conclusion(study), services.clock(), is_final=False)


def _conclusion(study: Study) -> str:
    verdict = study_verdict(study)
    return f"{words.verdict_title(verdict, ENGLISH)}. {words.verdict_advice(verdict, ENGLISH)}"
