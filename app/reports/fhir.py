"""A study as a FHIR R4 Bundle: DiagnosticReport, Observation per finding, ImagingStudy, Device, Patient.

The resources are built with the R4B models, in which these six are the same as in R4. Codes are those of
`app.reports.dicom.codes`; a concept without one is text.

Source: HL7 FHIR R4 (4.0.1), https://hl7.org/fhir/R4/.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pydicom.sr.coding import Code

from app.records import DISCLAIMER, Finding, Patient, Study, StudyImage
from app.reports import words
from app.reports.dicom.codes import CERTAINTY, PROCEDURE, REGION_CODES
from app.reports.wording import ENGLISH

_SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "LN": "http://loinc.org",
}
_GENDERS = {"M": "male", "F": "female", "O": "other"}
_CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
_SERVICES = "http://terminology.hl7.org/CodeSystem/v2-0074"
_PERCENT = {"unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}


def fhir_bundle(study: Study, conclusion: str, *, is_final: bool, is_transaction: bool = False) -> str:
    """Build the Bundle as JSON: a collection, or a transaction that a server stores.

    conclusion: of the study, in words. is_final: a reader has signed; the report is preliminary otherwise.

    Raises:
        ValueError: a value has no form that FHIR allows.
    """
    from fhir.resources.R4B.bundle import Bundle  # noqa: PLC0415 - heavy

    device, patient = _device(study), _patient(study)
    observations = [one for image in study.images for one in _observations(study, image)]
    resources = [_report(study, conclusion, observations, is_final), *observations, _imaging_study(study), device]
    resources += [patient] if patient else []
    entries: list[dict[str, Any]] = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources]
    if is_transaction:
        for entry in entries:
            resource = entry["resource"]
            entry["request"] = {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}
    bundle = {
        "resourceType": "Bundle",
        "id": _id(study, "bundle"),
        "type": "transaction" if is_transaction else "collection",
        "timestamp": _instant(study.created_at),
        "entry": entries,
    }
    return Bundle.model_validate(bundle).model_dump_json()


def _report(study: Study, conclusion: str, observations: list[dict[str, Any]], is_final: bool) -> dict[str, Any]:
    report = {
        "resourceType": "DiagnosticReport",
        "id": _id(study, "report"),
        "status": "final" if is_final else "preliminary",
        "category": [{"coding": [{"system": _SERVICES, "code": "RAD", "display": "Radiology"}]}],
        "code": _concept(PROCEDURE),
        "effectiveDateTime": _instant(study.created_at),
        "issued": _instant(study.created_at),
        "performer": [_reference(study, "device")],
        "result": [{"reference": f"urn:uuid:{one['id']}"} for one in observations],
        "imagingStudy": [_reference(study, "imaging-study")],
        "conclusion": f"{conclusion} {DISCLAIMER}",
    }
    return report | _subject(study)


def _observations(study: Study, image: StudyImage) -> Iterator[dict[str, Any]]:
    """One observation for the verdict of the image, then one for each finding."""
    assessment = image.assessment
    verdict = words.verdict_title(assessment.verdict, ENGLISH)
    parts: list[dict[str, Any]] = [{"code": {"text": "Score"}, "valueQuantity": _percent(assessment.score)}]
    if why := words.scope_words(assessment, ENGLISH):
        parts.append({"code": {"text": "Reason for not assessing"}, "valueString": why})
    yield _observation(study, f"{image.id}-verdict", image.created_at, "Fracture on radiograph", verdict) | {
        "component": parts
    }
    for number, finding in enumerate(assessment.findings):
        observation = _observation(
            study, f"{image.id}-{number}", image.created_at, "Fracture", words.tier_name(finding.tier, ENGLISH)
        )
        yield observation | {"bodySite": _region(finding), "component": _components(finding)}


def _observation(study: Study, key: str, at: datetime, code: str, value: str) -> dict[str, Any]:
    observation = {
        "resourceType": "Observation",
        "id": _id(study, key),
        "status": "preliminary",
        "category": [{"coding": [{"system": _CATEGORIES, "code": "imaging", "display": "Imaging"}]}],
        "code": {"text": code},
        "effectiveDateTime": _instant(at),
        "valueCodeableConcept": {"text": value},
        "device": _reference(study, "device"),
        "derivedFrom": [_reference(study, "imaging-study")],
    }
    return observation | _subject(study)


def _components(finding: Finding) -> list[dict[str, Any]]:
    box = ", ".join(f"{value:g}" for value in finding.box_px)
    return [
        {"code": _concept(CERTAINTY), "valueQuantity": _percent(finding.confidence)},
        {"code": {"text": "Bounding box: x1, y1, x2, y2 in pixels of the radiograph"}, "valueString": box},
    ]


def _imaging_study(study: Study) -> dict[str, Any]:
    return {
        "resourceType": "ImagingStudy",
        "id": _id(study, "imaging-study"),
        "status": "available",
        "subject": _subject(study).get("subject", {"display": "unknown patient"}),
        "started": _instant(study.created_at),
        "numberOfInstances": len(study.images),
        "description": f"Study {study.id}",
    }


def _device(study: Study) -> dict[str, Any]:
    model = study.images[0].assessment.model
    return {
        "resourceType": "Device",
        "id": _id(study, "device"),
        "deviceName": [{"name": model.name, "type": "model-name"}],
        "version": [{"value": model.version}],
        "serialNumber": model.sha256,
        "note": [{"text": DISCLAIMER}],
    }


def _patient(study: Study) -> dict[str, Any] | None:
    patient = study.patient
    if patient is None:
        return None
    family, _, given = patient.name.partition("^")
    resource: dict[str, Any] = {"resourceType": "Patient", "id": _id(study, "patient")}
    if patient.id:
        resource["identifier"] = [{"value": patient.id}]
    if patient.name:
        given_names = [name for name in given.replace("^", " ").split() if name]
        resource["name"] = [{"family": family} | ({"given": given_names} if given_names else {})]
    if patient.sex in _GENDERS:
        resource["gender"] = _GENDERS[patient.sex]
    if birth_date := _birth_date(patient):
        resource["birthDate"] = birth_date
    return resource


def _birth_date(patient: Patient) -> str:
    """YYYY-MM-DD from that form or DICOM's YYYYMMDD; "" for anything else."""
    digits = (patient.birth_date or "").replace("-", "")
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 and digits.isdigit() else ""


def _subject(study: Study) -> dict[str, Any]:
    return {"subject": _reference(study, "patient")} if study.patient else {}


def _region(finding: Finding) -> dict[str, Any]:
    code = REGION_CODES.get(finding.region)
    return _concept(code) if code else {"text": finding.region}


def _concept(code: Code) -> dict[str, Any]:
    coding = {"system": _SYSTEMS[code.scheme_designator], "code": code.value, "display": code.meaning}
    return {"coding": [coding], "text": code.meaning}


def _percent(share: float) -> dict[str, Any]:
    return {"value": round(share * 100, 1), **_PERCENT}


def _reference(study: Study, key: str) -> dict[str, Any]:
    return {"reference": f"urn:uuid:{_id(study, key)}"}


def _id(study: Study, key: str) -> str:
    """The same id for the same resource of the same study at each call."""
    return str(uuid5(NAMESPACE_URL, f"urn:fracture-detection:{study.id}:{key}"))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
