"""A study as an HL7 v2.5 message ORU^R01: one OBX segment for each verdict and finding.

Source: HL7 v2.5, chapter 7 (observation reporting); chapter 2.7 for the escaping of delimiters.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from app.records import DISCLAIMER, Study, StudyImage
from app.reports import words
from app.reports.dicom.codes import PROCEDURE, REGION_CODES
from app.reports.wording import ENGLISH

# HL7 v2.5, 2.7.1: a delimiter inside a value is written as an escape sequence; a line break is \.br\.
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\n": "\\.br\\", "\r": ""}
_FIELD, _SEGMENT = "|", "\r"


def oru_message(study: Study, conclusion: str, at: datetime, *, is_final: bool) -> str:
    """Build the message in ER7, segments ended by carriage returns, in UTF-8.

    conclusion: of the study, in words. at: time of the message. is_final: a reader has signed; results are
    preliminary otherwise.
    """
    status = "F" if is_final else "P"
    segments = [_header(study, at), *_patient(study), _request(study, status)]
    observations = [("Conclusion", "TX", f"{conclusion} {DISCLAIMER}", "")]
    for image in study.images:
        observations += _observations(image)
    for number, (name, kind, value, unit) in enumerate(observations, start=1):
        segments.append(_segment("OBX", str(number), kind, name, str(number), value, unit, "", "", "", "", status))
    return "".join(segment + _SEGMENT for segment in segments)


def _header(study: Study, at: datetime) -> str:
    control_id = f"{study.id[:12]}{at:%H%M%S}"
    fields = ("FRACTURE-DETECTION", "", "", "", _time(at), "", "ORU^R01^ORU_R01", control_id, "P", "2.5")
    return _FIELD.join(("MSH", "^~\\&", *fields, "", "", "", "", "", "UNICODE UTF-8"))


def _patient(study: Study) -> Iterator[str]:
    """PID: identifier, name with its components, date of birth, sex."""
    patient = study.patient
    if patient is not None:
        # A DICOM name separates its parts as HL7 does.
        name = "^".join(escape(part) for part in patient.name.split("^"))
        birth_date = (patient.birth_date or "").replace("-", "")
        fields = ["PID", "1", "", escape(patient.id or ""), "", name, "", escape(birth_date), escape(patient.sex or "")]
        yield _FIELD.join(fields)


def _request(study: Study, status: str) -> str:
    code = f"{PROCEDURE.value}^{escape(PROCEDURE.meaning)}^{PROCEDURE.scheme_designator}"
    fields = ["OBR", "1", "", escape(study.id), code, "", "", _time(study.created_at), *[""] * 17, status]
    return _FIELD.join(fields)


def _observations(image: StudyImage) -> Iterator[tuple[str, str, str, str]]:
    """(name, HL7 type, value, unit) of the verdict and of each finding of an image."""
    assessment = image.assessment
    yield f"Verdict, image {image.id}", "TX", words.verdict_title(assessment.verdict, ENGLISH), ""
    if why := words.scope_words(assessment, ENGLISH):
        yield f"Reason for not assessing, image {image.id}", "TX", why, ""
    yield f"Score, image {image.id}", "NM", f"{assessment.score * 100:.1f}", "%"
    for number, finding in enumerate(assessment.findings, start=1):
        code = REGION_CODES.get(finding.region)
        region = f"{finding.region} ({code.value}, SNOMED CT)" if code else finding.region
        box = ", ".join(f"{value:g}" for value in finding.box_px)
        tier = words.tier_name(finding.tier, ENGLISH)
        yield f"Finding {number}, image {image.id}", "TX", f"Fracture, {tier}: {region}; box {box} px", ""
        yield f"Certainty of finding {number}, image {image.id}", "NM", f"{finding.confidence * 100:.1f}", "%"


def escape(text: str) -> str:
    """A value with HL7's delimiters escaped."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def _segment(name: str, *values: str) -> str:
    return _FIELD.join((name, *(escape(value) for value in values)))


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}+0000"
