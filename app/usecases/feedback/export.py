"""Export feedback as a data set for training: grey images and labels, without anything that names a patient.

An image is what was decoded, never the file as it came, so no attribute of a header comes along (PS3.15 Annex E); its
number is drawn at random and means nothing. Images with what may be text in the pixels are set aside, or painted over.
"""

import json
import os
import random
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import imaging
from app.errors import DatasetError, FractureError, StoredDataDamaged, StudyNotFound
from app.files import sha256_of
from app.records import DRAWN_SAMPLE, Actor, BoxPx, Mark, StudyImage
from app.services import RecordServices
from app.storage import StudyRow
from app.usecases import audit
from app.usecases.burned_text import CAUTIOUS, BurnedText, TextPolicy
from app.usecases.feedback.reader_labels import Labels, Reason, labels_of
from app.usecases.feedback.review import feedback_of
from app.usecases.sealed_records import open_original, open_study

VAL_SHARE = 0.2
ORIGIN = "feedback"
NOTE = (
    "Decoded grey pixels without file, name or header, as by DICOM PS3.15 Annex E, Basic Profile. Text burned into the "
    "pixels is found by a heuristic, which may miss some: look at the images before you pass them on."
)
_ID_BYTES = 8


@dataclass(frozen=True)
class Exported:
    """Counts of an export: images by split, boxes, images left out by reason, images that were painted over.

    suspected: ids of (study, image) that were set aside for what may be text in them.
    """

    images: dict[str, int]
    boxes: int
    left_out: dict[str, int]
    painted: int = 0
    suspected: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Example:
    """An image with labels, before it is opened; all of one study go into the same split."""

    row: StudyRow
    image: StudyImage
    labels: Labels


def export_feedback(
    services: RecordServices,
    actor: Actor,
    out: Path,
    regions: Sequence[str],
    newest_wins: bool = False,
    *,
    text: BurnedText = CAUTIOUS,
) -> Exported:
    """Write the data set into `out`, whole or not at all; only its owner can read it.

    regions: the class names, in the order of the network's classes. newest_wins: where readers contradict each other,
    take the newest complete answer instead of leaving the image out. text: what happens to text in the pixels.

    Raises:
        TenantNotFound: there is no such tenant.
        DatasetError: `out` is there and not an empty folder, cannot be written, or no image has labels.
    """
    services.store.people.check_tenant(actor.tenant)
    _refuse_used(out)
    aside: list[dict[str, Any]] = []
    suspected: list[tuple[str, str]] = []
    examples = list(_examples(services, actor, regions, newest_wins, aside))
    try:
        target = Path(os.path.abspath(out))
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            cleaned = _Cleaned(services, text, aside, suspected)
            files = _write_all(cleaned, beside, examples, regions)
            manifest = _manifest(files, aside, regions, newest_wins, text.policy)
            (beside / "manifest.json").write_bytes(manifest)
            # Entered first, so that no export is without an entry.
            with services.store.begin() as unit:
                audit.record(services, unit, actor, "feedback-exported", sha256_of(manifest))
            # Replaces an empty folder, and nothing else.
            os.replace(beside, target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise DatasetError(f"The data set cannot be written to {out}: {error.strerror or error}.") from None
    images = Counter(file["split"] for file in files)
    left_out = Counter(one["reason"] for one in aside)
    painted = sum(bool(file["painted_px"]) for file in files)
    return Exported(dict(images), sum(len(file["boxes"]) for file in files), dict(left_out), painted, tuple(suspected))


def _refuse_used(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise DatasetError(f"{out} is not a folder.")
    if out.is_dir() and any(out.iterdir()):
        raise DatasetError(f"The folder {out} is not empty. Choose another.")


def _examples(
    services: RecordServices, actor: Actor, regions: Sequence[str], newest_wins: bool, aside: list[dict[str, Any]]
) -> Iterator[_Example]:
    for study_id in services.store.feedback.studies(actor.tenant):
        try:
            row = services.store.studies.get(actor.tenant, study_id)
            study = open_study(services, row)
            feedback = feedback_of(services, row)
        except StudyNotFound:
            continue  # deleted while the export runs
        except StoredDataDamaged:
            aside.append(_aside("unreadable"))
            continue
        for image in study.images:
            here = [one for one in feedback if one.image_id == image.id]
            if not here:
                continue
            if DRAWN_SAMPLE in image.assessment.warnings:
                aside.append(_aside("drawn-sample", image))
                continue
            labels = labels_of(image.assessment, here, newest_wins)
            if isinstance(labels, str):
                aside.append(_aside(labels, image))
            elif any(mark.region not in regions for mark in labels.marks):
                aside.append(_aside("unknown-region", image))
            else:
                yield _Example(row, image, labels)


@dataclass(frozen=True)
class _Cleaned:
    """Opens and cleans images; notes those that are left out."""

    services: RecordServices
    text: BurnedText
    aside: list[dict[str, Any]]
    suspected: list[tuple[str, str]]

    def image(self, example: _Example) -> tuple[bytes, tuple[BoxPx, ...]] | None:
        """The PNG of an image and the boxes that were painted over in it; None where it is left out."""
        try:
            grey = _grey(self.services, example)
        except FractureError:
            self.aside.append(_aside("unreadable", example.image))
            return None
        boxes = self.text.boxes(example.image.id, grey)
        if boxes is None:
            self.aside.append(_aside("suspected-text", example.image))
            self.suspected.append((example.row.id, example.image.id))
            return None
        return imaging.render_png(imaging.painted_over(grey, boxes)), boxes


def _write_all(
    cleaned: _Cleaned, folder: Path, examples: Sequence[_Example], regions: Sequence[str]
) -> list[dict[str, Any]]:
    split_of = _splits(sorted({example.row.id for example in examples}))
    files = []
    for example in random.SystemRandom().sample(list(examples), len(examples)):
        image = cleaned.image(example)
        if image is not None:
            files.append(_write_one(folder, split_of[example.row.id], image, example, regions))
    if not files:
        raise DatasetError("No image has an answer that a network can learn from; nothing was written.")
    (folder / "data.yaml").write_text(_description(regions, {file["split"] for file in files}), encoding="utf-8")
    return files


def _splits(study_ids: Sequence[str]) -> dict[str, str]:
    """Some studies, at least one of several, are kept for validation."""
    shuffled = random.SystemRandom().sample(study_ids, len(study_ids))
    kept = max(1, round(VAL_SHARE * len(shuffled))) if len(shuffled) > 1 else 0
    return {study_id: "val" if n < kept else "train" for n, study_id in enumerate(shuffled)}


def _grey(services: RecordServices, example: _Example) -> NDArray[np.uint8]:
    """The decoded radiograph, (H, W) uint8.

    Raises:
        FractureError: it does not open or decode, or not to the size that it was read in.
    """
    row, image = example.row, example.image
    raw = open_original(services, row.tenant, row.id, image.id)
    grey = imaging.decode(raw, services.settings.limits).grey
    if grey.shape != (image.assessment.height, image.assessment.width):
        raise StoredDataDamaged
    return grey


def _write_one(
    folder: Path, split: str, image: tuple[bytes, tuple[BoxPx, ...]], example: _Example, regions: Sequence[str]
) -> dict[str, Any]:
    png, painted = image
    name, assessment = secrets.token_hex(_ID_BYTES), example.image.assessment
    rows = "".join(
        _label_row(mark, regions, assessment.width, assessment.height) for mark in example.labels.marks
    ).encode()
    paths = {"image": f"{split}/images/{name}.png", "label": f"{split}/labels/{name}.txt"}
    for kind, content in (("image", png), ("label", rows)):
        path = folder / paths[kind]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {
        **paths,
        "image_sha256": sha256_of(png),
        "label_sha256": sha256_of(rows),
        "split": split,
        "origin": ORIGIN,
        "size_wh": [assessment.width, assessment.height],
        "boxes": [{"region": mark.region, "told_by": mark.answer} for mark in example.labels.marks],
        "readers": example.labels.readers,
        "painted_px": [[round(edge) for edge in box] for box in painted],
        "model": asdict(assessment.model),
    }


def _label_row(mark: Mark, regions: Sequence[str], width: int, height: int) -> str:
    x1, y1, x2, y2 = (edge / side for edge, side in zip(mark.box_px, (width, height, width, height), strict=True))
    box = ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)
    return " ".join((str(regions.index(mark.region)), *(f"{value:.6f}" for value in box))) + "\n"


def _description(regions: Sequence[str], splits: set[str]) -> str:
    folders = "".join(f"{split}: {split}/images\n" for split in ("train", "val") if split in splits)
    return f"{folders}nc: {len(regions)}\nnames: {json.dumps(list(regions))}\n"


def _aside(reason: Reason, image: StudyImage | None = None) -> dict[str, Any]:
    about = {"model": asdict(image.assessment.model)} if image else {}
    return {"id": secrets.token_hex(_ID_BYTES), "origin": ORIGIN, "reason": reason, **about}


def _manifest(
    files: Sequence[dict[str, Any]],
    aside: Sequence[dict[str, Any]],
    regions: Sequence[str],
    newest_wins: bool,
    policy: TextPolicy,
) -> bytes:
    counts = {
        "images": len(files),
        "by_split": dict(sorted(Counter(file["split"] for file in files).items())),
        "normal": sum(not file["boxes"] for file in files),
        "boxes": dict(sorted(Counter(box["region"] for file in files for box in file["boxes"]).items())),
        "told_by": dict(sorted(Counter(box["told_by"] for file in files for box in file["boxes"]).items())),
        "set_aside": dict(sorted(Counter(one["reason"] for one in aside).items())),
        "painted": sum(bool(file["painted_px"]) for file in files),
    }
    content = {
        "format": 1,
        "regions": list(regions),
        "origins": {ORIGIN: {"name": ORIGIN, "title": "Answers of readers", "note": NOTE}},
        "contradicting": "newest" if newest_wins else "left out",
        "burned_in_text": policy,
        "counts": counts,
        "set_aside": list(aside),
        "files": list(files),
    }
    return (json.dumps(content, indent=1) + "\n").encode()
