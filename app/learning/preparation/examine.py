"""Examination of one source image and its labels: whether they can be used, and the region of each box."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import DatasetError, FractureError
from app.learning.datasets.dataset import FRACTURED, REGION_OF_NAME, REGIONS
from app.learning.datasets.images import decode_file
from app.learning.layouts.annotations import Fractions, NamedBox, without_repeats
from app.learning.layouts.files import read_text
from app.learning.layouts.yolo_rows import LabelRow, parse_labels
from app.learning.preparation.region_labeller import RegionLabeller
from app.learning.preparation.sources import SourceImage
from app.learning.progress import Progress
from app.records import Radiograph

_LEAST_SIDE_PX = 32
_PATIENT_DIGITS = 16


@dataclass(frozen=True)
class RegionBox:
    """One box: its region, where that comes from ("label", "tag" or "inferred"), the share of the inference (1 for
    the others), and its corners."""

    region: str
    source: str
    share: float
    box: Fractions


@dataclass(frozen=True)
class Examined:
    """The result for one image; `problem` is None, and `reason` "", when it can be used.

    format: of the file's content; "" when it was not decoded.
    patient: a digest of the DICOM patient's number, "" without one: no number is written to disk.
    """

    image_sha256: str
    label_sha256: str
    size_wh: tuple[int, int]
    boxes: tuple[RegionBox, ...]
    problem: str | None
    reason: str = ""
    format: str = ""
    patient: str = ""


def examine(image: SourceImage, labeller: RegionLabeller | None) -> Examined:
    """Decode one image and parse its labels; whatever is wrong with them is the `problem` of the result."""
    hashes = (sha256_of(image.image), sha256_of(image.label) if image.label else "")
    if image.fault:
        return Examined(*hashes, (0, 0), (), image.fault.detail, image.fault.reason)
    try:
        radiograph = decode_file(image.image)
    except OSError:
        return Examined(*hashes, (0, 0), (), f"The image {image.image.name} cannot be read.", "unreadable")
    except FractureError as error:
        problem = f"The image {image.image.name} cannot be used: {error}"
        return Examined(*hashes, (0, 0), (), problem, error.code)
    height, width = radiograph.grey.shape
    reason, problem = _unusable(radiograph.grey)
    boxes: tuple[RegionBox, ...] = ()
    if not reason:
        reason, problem, boxes = _boxes_of(image, radiograph.grey, labeller)
    kind, patient = radiograph.format, _patient_of(radiograph)
    return Examined(*hashes, (width, height), boxes, problem or None, reason, kind, patient)


def examine_all(
    images: Sequence[SourceImage], notes: Path, labeller: RegionLabeller | None, labelled_by: str, progress: Progress
) -> list[Examined]:
    """Examine every image; results that an interrupted run with the same labeller wrote to `notes` are taken over.

    A note counts only while image, labels and class policy are still the same.
    """
    seen = _read_notes(notes)
    found = []
    with notes.open("a", encoding="utf-8") as file:
        for number, image in enumerate(images, start=1):
            key = _key(image, labelled_by)
            if key not in seen:
                seen[key] = examine(image, labeller)
                file.write(json.dumps({"key": key, "examined": asdict(seen[key])}) + "\n")
            found.append(seen[key])
            progress("examining images", number, len(images))
    return found


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal; "" when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _key(image: SourceImage, labelled_by: str) -> str:
    given = hashlib.sha256(repr((image.boxes, image.fault)).encode()).hexdigest()[:_PATIENT_DIGITS]
    label = sha256_of(image.label) if image.label else "-"
    return f"{sha256_of(image.image)} {label} {image.image} {given} {labelled_by}"


def _unusable(grey: NDArray[np.uint8]) -> tuple[str, str]:
    """(reason, problem) of pixels that show nothing; ("", "") for others."""
    height, width = grey.shape
    if min(height, width) < _LEAST_SIDE_PX:
        return "too-small", f"The image has only {width} × {height} pixels."
    if grey.min() == grey.max():
        return "empty", "The image is empty: every pixel has the same value."
    return "", ""


def _boxes_of(
    image: SourceImage, grey: NDArray[np.uint8], labeller: RegionLabeller | None
) -> tuple[str, str, tuple[RegionBox, ...]]:
    if image.boxes is not None:
        return "", "", tuple(RegionBox(box.name, "label", 1.0, box.box) for box in image.boxes)
    if image.label is None:
        return "bad-label", "The label file is missing.", ()
    try:
        rows = parse_labels(read_text(image.label), len(image.names), image.label.name)
    except DatasetError as error:
        problem = "The label file cannot be read." if str(image.label) in str(error) else str(error)
        return "bad-label", problem, ()
    return _with_regions(image, _each_once(rows, image.names), grey, labeller)


def _each_once(rows: Sequence[LabelRow], names: Sequence[str]) -> list[LabelRow]:
    """The rows without those that are written twice."""
    unique = without_repeats([NamedBox(names[row.class_id], row.box) for row in rows])
    numbers = {name: number for number, name in reversed(list(enumerate(names)))}
    return [LabelRow(numbers[box.name], box.box) for box in unique]


def _with_regions(
    image: SourceImage, rows: Sequence[LabelRow], grey: NDArray[np.uint8], labeller: RegionLabeller | None
) -> tuple[str, str, tuple[RegionBox, ...]]:
    height, width = grey.shape
    shares = np.zeros((len(rows), len(REGIONS)))
    if any(image.names[row.class_id] == FRACTURED for row in rows) and len(image.candidates) > 1:
        if labeller is None:
            return "no-region", "The region of a box is not known, and there is no labeller to infer it.", ()
        shares = labeller.shares(grey, np.array([row.box for row in rows]) * (width, height, width, height))
    return "", "", tuple(_region_box(image, row, share) for row, share in zip(rows, shares, strict=True))


def _region_box(image: SourceImage, row: LabelRow, share: NDArray[np.float64]) -> RegionBox:
    name = image.names[row.class_id]
    if name in REGION_OF_NAME:
        return RegionBox(REGION_OF_NAME[name], "label", 1.0, row.box)
    if len(image.candidates) == 1:
        return RegionBox(image.candidates[0], "tag", 1.0, row.box)
    allowed = {region: float(share[REGIONS.index(region)]) for region in image.candidates}
    best = max(allowed, key=lambda region: allowed[region])
    total = sum(allowed.values())
    return RegionBox(best, "inferred", round(allowed[best] / total, 3) if total > 0 else 0.0, row.box)


def _patient_of(radiograph: Radiograph) -> str:
    header = radiograph.header
    if header is None or not header.patient_id:
        return ""
    identity = f"{header.patient_id_issuer}\n{header.patient_id}"
    return hashlib.sha256(identity.encode()).hexdigest()[:_PATIENT_DIGITS]


def _read_notes(path: Path) -> dict[str, Examined]:
    if not path.is_file():
        return {}
    seen = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue  # the last line of a run that was killed while it wrote
        given = row["examined"]
        boxes = tuple(RegionBox(b["region"], b["source"], b["share"], tuple(b["box"])) for b in given["boxes"])
        seen[row["key"]] = Examined(**(given | {"boxes": boxes, "size_wh": tuple(given["size_wh"])}))
    return seen
