"""A study for record systems: FHIR and HL7."""

from app.records import Person, Study
from app.reports import ENGLISH, words
from app.reports.fhir import fhir_bundle as build_bundle
from app.reports.hl7 import oru_message
from app.services import RecordServices, Services
from app.usecases.sealed_records import open_study
from app.usecases.studies.show import get_study
from app.usecases.triage import study_verdict


def fhir_bundle(services: Services, person: Person, study_id: str) -> str:
    """The study as a FHIR R4 Bundle in JSON.

    Raises:
        StudyNotFound: not in this person's tenant.
    """
    study = get_study(services, person, study_id)
    return build_bundle(study, _conclusion(study), is_final=_is_signed(services, study))


def hl7_message(services: Services, person: Person, study_id: str) -> str:
    """The study as an HL7 v2.5 message ORU^R01.

    Raises:
        StudyNotFound: not in this person's tenant.
    """
    study = get_study(services, person, study_id)
    return oru_message(study, _conclusion(study), services.clock(), is_final=_is_signed(services, study))


def fhir_transaction(services: RecordServices, tenant: str, study_id: str) -> str:
    """The study as a Bundle that a FHIR server stores: each resource under its own id, again under the same one.

    Raises:
        StudyNotFound: not in this tenant.
    """
    study = open_study(services, services.store.studies.get(tenant, study_id))
    return build_bundle(study, _conclusion(study), is_final=_is_signed(services, study), is_transaction=True)


def oru_of(services: RecordServices, tenant: str, study_id: str) -> str:
    """The study as an HL7 message, for a system rather than a person.

    Raises:
        StudyNotFound: not in this tenant.
    """
    study = open_study(services, services.store.studies.get(tenant, study_id))
    return oru_message(study, _conclusion(study), services.clock(), is_final=_is_signed(services, study))


def _is_signed(services: RecordServices, study: Study) -> bool:
    """Whether a person signed a report of the study as it is: no view and no decision came after it."""
    signed = services.store.decisions.reports(study.tenant, study.id)
    changes = [image.created_at for image in study.images]
    changes += [study.decision.at] if study.decision else []
    return bool(signed) and signed[-1].created_at >= max(changes)


def _conclusion(study: Study) -> str:
    """The readers' outcome first, where there is one; then the software's verdict."""
    verdict = study_verdict(study)
    software = f"{words.verdict_title(verdict, ENGLISH)}. {words.verdict_advice(verdict, ENGLISH)}"
    return " ".join(part for part in (words.decision_text(study.decision), f"Software: {software}") if part)
