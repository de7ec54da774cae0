"""Report a study: a draft to read, and versions that a person signs and that are kept."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime

from app import imaging
from app.errors import BadRequest, NotFound, StaleReport, StoredDataDamaged
from app.records import Person, Study
from app.reports import ENGLISH, Signature, Wording, study_pdf
from app.security import AssociatedData
from app.services import Services
from app.storage import ReportRow, StudyRow
from app.usecases import audit
from app.usecases.feedback.review import feedback_of
from app.usecases.sealed_records import open_study
from app.usecases.studies.show import radiograph_of

LONGEST_STATEMENT = 10_000
# About 200 dots per inch over the width of the text; a larger image is scaled down, a smaller one left alone.
IMAGE_LONG_SIDE_PX = 1600
_KIND = "report"
_LENGTH_BYTES = 4
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._]+")


@dataclass(frozen=True)
class SignedReport:
    """A version of a report that a person signed; `sha256` is of the PDF file."""

    version: int
    name: str
    at: datetime
    sha256: str


def report_pdf(
    services: Services, person: Person, study_id: str, statement: str = "", wording: Wording = ENGLISH
) -> bytes:
    """The draft of a report as a PDF file, with what readers stored and what this one writes; the latter is not kept.

    wording: the language of the report.

    Raises:
        StudyNotFound: not in this person's tenant.
        ImageNotFound: a view was deleted while the report was made.
        BadRequest: `statement` has more than `LONGEST_STATEMENT` characters.
    """
    row = services.store.studies.get(person.tenant, study_id)
    report = _made(services, person, row, (statement, wording))
    with services.store.begin() as unit:
        audit.record(services, unit, person, "report-made", study_id)
    return report


def sign_report(
    services: Services,
    person: Person,
    study_id: str,
    statement: str,
    wording: Wording = ENGLISH,
    *,
    seen: str | None = None,
) -> SignedReport:
    """Sign the report of a study in a person's name and keep it; it replaces the version before.

    seen: `state_of` the study when the person saw it; None signs whatever is stored now.

    Raises:
        StudyNotFound, ImageNotFound, BadRequest: as `report_pdf`.
        StaleReport: the study has changed since the person saw it.
        Conflict: another version was signed meanwhile.
    """
    row = services.store.studies.get(person.tenant, study_id)
    if seen is not None and seen != state_of(row):
        raise StaleReport
    version = len(services.store.decisions.reports(person.tenant, study_id)) + 1
    signature = Signature(person.name, services.clock(), version)
    pdf = _made(services, person, row, (statement, wording), signature)
    report_id, digest = services.new_id(), hashlib.sha256(pdf).hexdigest()
    belongs = AssociatedData(person.tenant, study_id, _KIND, f"{report_id}/{version}/{person.id}")
    sealed = services.vault.seal(_packed(person.name, digest, pdf), row.wrapped_key, belongs)
    new = ReportRow(report_id, study_id, version, person.id, signature.at, sealed)
    with services.store.begin() as unit:
        if state_of(unit.studies.get(person.tenant, study_id)) != state_of(row):
            raise StaleReport
        unit.decisions.add_report(person.tenant, new)
        audit.record(services, unit, person, "report-signed", study_id)
    return SignedReport(version, person.name, signature.at, digest)


def signed_reports(services: Services, person: Person, study_id: str) -> tuple[SignedReport, ...]:
    """The signed versions of a study's report, newest first.

    Raises:
        StudyNotFound: not in this person's tenant.
    """
    row = services.store.studies.get(person.tenant, study_id)
    rows = services.store.decisions.reports(person.tenant, study_id)
    return tuple(_opened(services, row, one)[0] for one in reversed(rows))


def signed_pdf(services: Services, person: Person, study_id: str, version: int) -> bytes:
    """The PDF file of a signed version, as it was signed.

    Raises:
        StudyNotFound, NotFound: not in this person's tenant, or no such version.
        StoredDataDamaged: it does not open, or is another than was signed.
    """
    row = services.store.studies.get(person.tenant, study_id)
    rows = services.store.decisions.reports(person.tenant, study_id)
    found = next((one for one in rows if one.version == version), None)
    if found is None:
        raise NotFound
    signed, pdf = _opened(services, row, found)
    if hashlib.sha256(pdf).hexdigest() != signed.sha256:
        raise StoredDataDamaged
    audit.record_view(services, person, study_id)
    return pdf


def study_state(services: Services, person: Person, study_id: str) -> str:
    """The `seen` of `sign_report` for the study as it is now.

    Raises:
        StudyNotFound: not in this person's tenant.
    """
    return state_of(services.store.studies.get(person.tenant, study_id))


def report_name(services: Services, person: Person, study_id: str) -> str:
    """The name of a report's file without its ending: patient number and day, or the study where no number is known.

    Raises:
        StudyNotFound: not in this person's tenant.
    """
    study = open_study(services, services.store.studies.get(person.tenant, study_id))
    number = _NOT_IN_NAMES.sub("-", study.patient.id or "").strip("-") if study.patient else ""
    day = study.examination.study_date or study.created_at.astimezone(services.settings.time_zone).date().isoformat()
    return f"{number}-{day}" if number else study_id


def state_of(row: StudyRow) -> str:
    """A digest that changes with the study's views, details, feedback and closings."""
    parts = [image.id for image in row.images] + [one.id for one in row.feedback] + [one.id for one in row.closings]
    return hashlib.sha256(" ".join(parts).encode() + (row.sealed_details or b"")).hexdigest()[:32]


def _made(
    services: Services, person: Person, row: StudyRow, text: tuple[str, Wording], signature: Signature | None = None
) -> bytes:
    """The report; `text` is the reader's statement, and the language of the rest."""
    statement, wording = text
    words = "\n".join(statement.splitlines())
    if len(words) > LONGEST_STATEMENT:
        raise BadRequest("The text of a report has at most %(count)s characters.", count=LONGEST_STATEMENT)
    study: Study = open_study(services, row)
    images = {image.id: _grey_png(services, person, study.id, image.id) for image in study.images}
    made_at = signature.at if signature else services.clock()
    return study_pdf(
        study,
        images,
        words,
        person.name,
        made_at,
        answers=feedback_of(services, row),
        reader_id=person.id,
        signed=signature,
        wording=wording,
    )


def _grey_png(services: Services, person: Person, study_id: str, image_id: str) -> bytes:
    radiograph = radiograph_of(services, person, study_id, image_id)
    return imaging.render_png(radiograph.grey, None, IMAGE_LONG_SIDE_PX)


def _packed(name: str, digest: str, pdf: bytes) -> bytes:
    head = json.dumps({"name": name, "sha256": digest}).encode()
    return len(head).to_bytes(_LENGTH_BYTES, "big") + head + pdf


def _opened(services: Services, study: StudyRow, row: ReportRow) -> tuple[SignedReport, bytes]:
    belongs = AssociatedData(study.tenant, study.id, _KIND, f"{row.id}/{row.version}/{row.person}")
    plain = services.vault.open(row.sealed, study.wrapped_key, belongs)
    end = _LENGTH_BYTES + int.from_bytes(plain[:_LENGTH_BYTES], "big")
    try:
        head = json.loads(plain[_LENGTH_BYTES:end])
        return SignedReport(row.version, head["name"], row.created_at, head["sha256"]), plain[end:]
    except (ValueError, KeyError, TypeError):
        raise StoredDataDamaged from None
