"""Export, erase (GDPR, articles 15 and 17) or hold everything about one patient.

Every study of the tenant is opened to find the patient's, those in the bin too: an index that is behind must not hide
one.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from app import imaging
from app.errors import ConfigError, NotFound, StoredDataDamaged
from app.records import Actor, Study
from app.reports import English, overlay, study_pdf
from app.services import RecordServices
from app.storage import StudyRow
from app.usecases import audit
from app.usecases.feedback.review import feedback_of
from app.usecases.patients.terms import normalized, study_terms
from app.usecases.sealed_records import open_original, open_study

_STUDIES_AT_ONCE = 100
_SUFFIXES = {"jpeg": "jpg", "dicom": "dcm", "tiff": "tif"}


def export_patient(services: RecordServices, actor: Actor, patient_id: str, out: Path) -> int:
    """Write every study of a patient into the new or empty folder `out`, not encrypted; returns how many.

    Each study has a folder of its own: `study.json` with assessments and index terms, `feedback.json`, `report.pdf` and
    the files as they came. Only the owner of the folder can open it.

    Raises:
        TenantNotFound: there is no such tenant. NotFound: no study names this patient.
        ConfigError: the folder is in use or cannot be written.
    """
    found = _studies_of(services, actor.tenant, patient_id)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is not an empty folder. Choose another.")
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.absolute().parent))
        try:
            for row, study in found:
                _write(services, row, study, beside / study.id)
            # Entered first, so that no export is without an entry.
            with services.store.begin() as unit:
                for _, study in found:
                    audit.record(services, unit, actor, "patient-exported", study.id)
            beside.replace(out.absolute())
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise ConfigError(f"The export cannot be written to {out}: {error.strerror or error}.") from None
    return len(found)


def erase_patient(services: RecordServices, actor: Actor, patient_id: str) -> int:
    """Delete every study of a patient with its images, feedback, index terms and data keys; returns how many.

    Copies in backups stay until the backups are destroyed; restore none of them without erasing again.

    Raises:
        TenantNotFound: there is no such tenant. NotFound: no study names this patient.
        StudyHeld: one of them is under a legal hold; none is deleted.
    """
    found = _studies_of(services, actor.tenant, patient_id)
    with services.store.begin() as unit:
        for _, study in found:
            unit.studies.delete(actor.tenant, study.id)
            audit.record(services, unit, actor, "patient-erased", study.id)
    return len(found)


def hold_patient(services: RecordServices, actor: Actor, patient_id: str, *, is_held: bool) -> int:
    """Put every study that a patient has now under a legal hold, or end it; returns how many.

    Raises:
        TenantNotFound: there is no such tenant. NotFound: no study names this patient.
    """
    found = _studies_of(services, actor.tenant, patient_id)
    with services.store.begin() as unit:
        for _, study in found:
            unit.studies.hold(actor.tenant, study.id, is_held=is_held)
            audit.record(services, unit, actor, "study-held" if is_held else "study-released", study.id)
    return len(found)


def _studies_of(services: RecordServices, tenant: str, patient_id: str) -> list[tuple[StudyRow, Study]]:
    services.store.people.check_tenant(tenant)
    wanted = normalized(patient_id)
    found = [pair for pair in _opened(services, tenant) if _is_of(pair[1], wanted)]
    if not found:
        raise NotFound("No study here names this patient.")
    return found


def _opened(services: RecordServices, tenant: str) -> Iterator[tuple[StudyRow, Study]]:
    after = None
    while True:
        page = services.store.studies.page(tenant, _STUDIES_AT_ONCE, after, with_bin=True)
        for row in page.studies:
            try:
                yield row, open_study(services, row)
            except StoredDataDamaged:
                continue  # its key is lost, and with it whom it names
        if page.next is None:
            return
        after = page.next


def _is_of(study: Study, wanted: str) -> bool:
    return study.patient is not None and bool(study.patient.id) and normalized(study.patient.id or "") == wanted


def _write(services: RecordServices, row: StudyRow, study: Study, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    answers = feedback_of(services, row)
    terms = study_terms(services.blind_index, study.tenant, study.patient, study.examination)
    images: dict[str, bytes] = {}
    for number, image in enumerate(study.images, start=1):
        raw = open_original(services, study.tenant, study.id, image.id, with_bin=True)
        radiograph = imaging.decode(raw, services.settings.limits)
        suffix = _SUFFIXES.get(radiograph.format, radiograph.format)
        (folder / f"image-{number}.{suffix}").write_bytes(raw)
        height, width = radiograph.grey.shape
        images[image.id] = imaging.render_png(radiograph.grey, overlay(image.assessment.findings, (height, width)))
    content = {**asdict(study), "index_terms": [term.hex() for term in terms]}
    (folder / "study.json").write_text(_json(content), encoding="utf-8")
    (folder / "feedback.json").write_text(_json([asdict(answer) for answer in answers]), encoding="utf-8")
    report = study_pdf(
        study, images, "", "", services.clock(), answers=answers, wording=English(zone=services.settings.time_zone)
    )
    (folder / "report.pdf").write_bytes(report)


def _json(content: object) -> str:
    def plain(value: object) -> str:
        return value.isoformat() if isinstance(value, datetime) else str(value)

    return json.dumps(content, indent=1, ensure_ascii=False, default=plain) + "\n"
