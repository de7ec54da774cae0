"""Look at one published image and its labels: can they be used, and of which region is each box?"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import DatasetError
from app.files import sha256_of
from app.learning.datasets.dataset import FRACTURED, REGION_OF_NAME, REGIONS, LabelRow, parse_labels
from app.learning.datasets.images import load_grey
from app.learning.datasets.region_labeller import RegionLabeller
from app.learning.datasets.sources import SourceImage
from app.learning.progress import Progress

_LEAST_SIDE_PX = 32


@dataclass(frozen=True)
class Marked:
    """One box: its region, who told it ("label", "tag" or "opinion"), the share of that opinion (1 when told), and
    x1 y1 x2 y2 as fractions of the image."""

    region: str
    told_by: str
    share: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Examined:
    """What was found when one image was looked at; `problem` is None when it can be used."""

    image_sha256: str
    label_sha256: str
    size_wh: tuple[int, int]
    marked: tuple[Marked, ...]
    problem: str | None


def examine(image: SourceImage, labeller: RegionLabeller | None) -> Examined:
    """Look at one image and its labels; whatever is wrong with them is the `problem` of the result."""
    hashes = ("", "")
    try:
        hashes = (_sha256_or_nothing(image.image), _sha256_or_nothing(image.label))
        grey = load_grey(image.image)
        rows = parse_labels(image.label.read_text(encoding="utf-8"), len(image.names), image.label.name)
    except DatasetError as error:
        return Examined(*hashes, (0, 0), (), str(error).replace(f"{image.image.parent}/", ""))
    except (OSError, UnicodeDecodeError):
        return Examined(*hashes, (0, 0), (), "The label file cannot be read.")
    height, width = grey.shape
    problem = _problem_of(grey)
    if problem is not None:
        return Examined(*hashes, (width, height), (), problem)
    problem, marked = _mark_all(image, rows, grey, labeller)
    return Examined(*hashes, (width, height), marked, problem)


def examine_all(
    images: Sequence[SourceImage], notes: Path, labeller: RegionLabeller | None, labelled_by: str, progress: Progress
) -> list[Examined]:
    """Examine every image; what an interrupted run with the same opinion wrote to `notes` is taken over.

    A note counts only while image and label are still the same bytes.
    """
    seen = _read_notes(notes)
    found = []
    with notes.open("a", encoding="utf-8") as file:
        for number, image in enumerate(images, start=1):
            key = f"{_sha256_or_nothing(image.image)} {_sha256_or_nothing(image.label)} {image.image} {labelled_by}"
            if key not in seen:
                seen[key] = examine(image, labeller)
                file.write(json.dumps({"key": key, "examined": asdict(seen[key])}) + "\n")
            found.append(seen[key])
            progress("looking at images", number, len(images))
    return found


def _sha256_or_nothing(path: Path) -> str:
    """SHA-256 of a file in hexadecimal; "" when it cannot be read."""
    try:
        return sha256_of(path)
    except OSError:
        return ""


def _problem_of(grey: NDArray[np.uint8]) -> str | None:
    height, width = grey.shape
    if min(height, width) < _LEAST_SIDE_PX:
        return f"The image has only {width} × {height} pixels."
    if grey.min() == grey.max():
        return "The image is empty: every pixel has the same value."
    return None


def _mark_all(
    image: SourceImage, rows: Sequence[LabelRow], grey: NDArray[np.uint8], labeller: RegionLabeller | None
) -> tuple[str | None, tuple[Marked, ...]]:
    height, width = grey.shape
    shares = np.zeros((len(rows), len(REGIONS)))
    if any(image.names[row.class_id] == FRACTURED for row in rows) and len(image.candidates) > 1:
        if labeller is None:
            return "The region of a box is not known, and no network was asked.", ()
        shares = labeller.shares(grey, np.array([row.box for row in rows]) * (width, height, width, height))
    return None, tuple(_mark(image, row, share) for row, share in zip(rows, shares, strict=True))


def _mark(image: SourceImage, row: LabelRow, share: NDArray[np.float64]) -> Marked:
    name = image.names[row.class_id]
    if name in REGION_OF_NAME:
        return Marked(REGION_OF_NAME[name], "label", 1.0, row.box)
    if len(image.candidates) == 1:
        return Marked(image.candidates[0], "tag", 1.0, row.box)
    allowed = {region: float(share[REGIONS.index(region)]) for region in image.candidates}
    best = max(allowed, key=lambda region: allowed[region])
    total = sum(allowed.values())
    return Marked(best, "opinion", round(allowed[best] / total, 3) if total > 0 else 0.0, row.box)


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
        marked = tuple(Marked(m["region"], m["told_by"], m["share"], tuple(m["box"])) for m in given["marked"])
        seen[row["key"]] = Examined(**(given | {"marked": marked, "size_wh": tuple(given["size_wh"])}))
    return seen
