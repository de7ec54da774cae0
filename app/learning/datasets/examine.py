"""Look at one published picture and its labels: can they be used, and of which region is each box?"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import DatasetError
from app.learning.datasets.dataset import FRACTURED, REGION_OF_NAME, REGIONS, LabelRow, parse_labels
from app.learning.datasets.images import load_grey
from app.learning.datasets.region_labeller import Opinion
from app.learning.datasets.sources import SourcePicture
from app.learning.progress import Progress

_LEAST_SIDE_PX = 32


@dataclass(frozen=True)
class Marked:
    """One box: its region, who told it ("label", "tag" or "opinion"), the share of that opinion (1 when told), and
    x1 y1 x2 y2 as fractions of the picture."""

    region: str
    told_by: str
    share: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Examined:
    """What was found when one picture was looked at; `problem` is None when it can be used."""

    image_sha256: str
    label_sha256: str
    size_wh: tuple[int, int]
    marked: tuple[Marked, ...]
    problem: str | None


def examine(picture: SourcePicture, opinion: Opinion | None) -> Examined:
    """Look at one picture and its labels; whatever is wrong with them is the `problem` of the result."""
    hashes = ("", "")
    try:
        hashes = (sha256_of(picture.image), sha256_of(picture.label))
        grey = load_grey(picture.image)
        rows = parse_labels(picture.label.read_text(encoding="utf-8"), len(picture.names), picture.label.name)
    except DatasetError as error:
        return Examined(*hashes, (0, 0), (), str(error).replace(f"{picture.image.parent}/", ""))
    except (OSError, UnicodeDecodeError):
        return Examined(*hashes, (0, 0), (), "The label file cannot be read.")
    height, width = grey.shape
    problem = _problem_of(grey)
    if problem is not None:
        return Examined(*hashes, (width, height), (), problem)
    problem, marked = _mark_all(picture, rows, grey, opinion)
    return Examined(*hashes, (width, height), marked, problem)


def examine_all(
    pictures: Sequence[SourcePicture], notes: Path, opinion: Opinion | None, opinion_by: str, progress: Progress
) -> list[Examined]:
    """Examine every picture; what an interrupted run with the same opinion wrote to `notes` is taken over.

    A note counts only while picture and label are still the same bytes.
    """
    seen = _read_notes(notes)
    found = []
    with notes.open("a", encoding="utf-8") as file:
        for number, picture in enumerate(pictures, start=1):
            key = f"{sha256_of(picture.image)} {sha256_of(picture.label)} {picture.image} {opinion_by}"
            if key not in seen:
                seen[key] = examine(picture, opinion)
                file.write(json.dumps({"key": key, "examined": asdict(seen[key])}) + "\n")
            found.append(seen[key])
            progress("looking at pictures", number, len(pictures))
    return found


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal; "" when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _problem_of(grey: NDArray[np.uint8]) -> str | None:
    height, width = grey.shape
    if min(height, width) < _LEAST_SIDE_PX:
        return f"The picture has only {width} × {height} pixels."
    if grey.min() == grey.max():
        return "The picture is empty: every pixel has the same value."
    return None


def _mark_all(
    picture: SourcePicture, rows: Sequence[LabelRow], grey: NDArray[np.uint8], opinion: Opinion | None
) -> tuple[str | None, tuple[Marked, ...]]:
    height, width = grey.shape
    shares = np.zeros((len(rows), len(REGIONS)))
    if any(picture.names[row.class_id] == FRACTURED for row in rows) and len(picture.candidates) > 1:
        if opinion is None:
            return "The region of a box is not known, and no network was asked.", ()
        shares = opinion.shares(grey, np.array([row.box for row in rows]) * (width, height, width, height))
    return None, tuple(_mark(picture, row, share) for row, share in zip(rows, shares, strict=True))


def _mark(picture: SourcePicture, row: LabelRow, share: NDArray[np.float64]) -> Marked:
    name = picture.names[row.class_id]
    if name in REGION_OF_NAME:
        return Marked(REGION_OF_NAME[name], "label", 1.0, row.box)
    if len(picture.candidates) == 1:
        return Marked(picture.candidates[0], "tag", 1.0, row.box)
    allowed = {region: float(share[REGIONS.index(region)]) for region in picture.candidates}
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
