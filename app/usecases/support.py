"""Export one study for a report of a fault: de-identified images, and what the software said of them."""

import json
import os
import secrets
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from app import imaging
from app.errors import DatasetError
from app.imaging import Deidentifier
from app.records import Actor, Assessment, StudyImage
from app.services import RecordServices
from app.usecases import audit
from app.usecases.burned_text import CAUTIOUS, BurnedText
from app.usecases.sealed_records import open_original, open_study

_SECRET_BYTES = 32


@dataclass(frozen=True)
class SupportExport:
    """Counts of an export; `suspected` are ids of images that were left out for what may be text in them."""

    images: int
    painted: int
    suspected: tuple[str, ...]


def export_for_support(
    services: RecordServices, actor: Actor, study_id: str, out: Path, text: BurnedText = CAUTIOUS
) -> SupportExport:
    """Write the images of a study, DICOM as DICOM and others as grey PNG, and its assessments into `out`.

    Raises:
        StudyNotFound: not in this tenant.
        DatasetError: `out` is there and not an empty folder, or cannot be written.
        FractureError: an image cannot be decoded.
    """
    study = open_study(services, services.store.studies.get(actor.tenant, study_id))
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise DatasetError(f"{out} is there already, and no empty folder.")
    identities = Deidentifier(secrets.token_bytes(_SECRET_BYTES))
    files: dict[str, bytes] = {}
    suspected, painted, assessments = [], 0, []
    for number, image in enumerate(study.images, start=1):
        raw = open_original(services, actor.tenant, study_id, image.id)
        cleaned = _cleaned(services, identities, image, raw, text)
        if cleaned is None:
            suspected.append(image.id)
            continue
        name, body, boxes = cleaned
        painted += bool(boxes)
        files[f"image-{number}.{name}"] = body
        assessments.append({"image": f"image-{number}.{name}", "painted_px": boxes, **_told(image.assessment)})
    files["assessments.json"] = (json.dumps(assessments, indent=1) + "\n").encode()
    _write(services, actor, study_id, files, Path(os.path.abspath(out)))
    return SupportExport(len(files) - 1, painted, tuple(suspected))


def _cleaned(
    services: RecordServices, identities: Deidentifier, image: StudyImage, raw: bytes, text: BurnedText
) -> tuple[str, bytes, tuple[tuple[float, ...], ...]] | None:
    """Suffix, content and painted boxes of an image; None where it is left out."""
    limits = services.settings.limits
    radiograph = imaging.decode(raw, limits)
    boxes = text.boxes(image.id, radiograph.grey)
    if boxes is None:
        return None
    if radiograph.format == "dicom":
        return "dcm", identities.file(raw, limits, boxes), boxes
    return "png", imaging.render_png(imaging.painted_over(radiograph.grey, boxes)), boxes


def _told(assessment: Assessment) -> dict[str, object]:
    """The assessment without who overruled it."""
    return {name: value for name, value in asdict(assessment).items() if name != "overruled"}


def _write(services: RecordServices, actor: Actor, study_id: str, files: dict[str, bytes], out: Path) -> None:
    """Write the files, whole or not at all; entered first, so that no export is without an entry."""
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            for name, body in files.items():
                (beside / name).write_bytes(body)
            with services.store.begin() as unit:
                audit.record(services, unit, actor, "support-exported", study_id)
            os.replace(beside, out)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise DatasetError(f"The export cannot be written to {out}: {error.strerror or error}.") from None
