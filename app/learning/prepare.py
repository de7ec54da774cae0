"""Published data sets → one checked data set with eight regions and a manifest.

The same input gives the same output byte for byte. What cannot be used is set aside by name, never silently dropped.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from app.errors import DatasetError
from app.learning.dataset import FRACTURED, REGION_OF_NAME, REGIONS, LabelRow, parse_labels
from app.learning.opinion import Opinion
from app.learning.pictures import load_grey
from app.learning.sources import SourcePicture

Progress = Callable[[str, int, int], None]
MANIFEST = "manifest.json"
_PROGRESS = ".examined.jsonl"
_LEAST_SIDE_PX = 32


@dataclass(frozen=True)
class Marked:
    """One box of the prepared set: its region, how that was found, and the opinion's share for it (1 when told)."""

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


def prepare(
    pictures: Sequence[SourcePicture], out: Path, opinion: Opinion | None, opinion_by: str, progress: Progress
) -> dict[str, Any]:
    """Write the prepared set into `out` and return its manifest.

    An interrupted run goes on where it was. `progress(step, done, total)` is called after each picture.

    Raises:
        DatasetError: the output folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        examined = _examine_all(pictures, out, opinion, opinion_by, progress)
        entries = _write_all(pictures, examined, out, progress)
        manifest = _manifest(pictures, examined, entries, opinion_by if opinion else "")
        _write(out / "data.yaml", yaml.safe_dump(_description(), sort_keys=False).encode())
        _write(out / MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
        (out / _PROGRESS).unlink(missing_ok=True)
    except OSError as error:
        raise DatasetError(f"The data set cannot be written to {out}: {error.strerror or error}.") from None
    return manifest


def examine(picture: SourcePicture, opinion: Opinion | None) -> Examined:
    """Look at one picture and its labels; whatever is wrong with them is the `problem` of the result."""
    hashes = ("", "")
    try:
        hashes = (_sha256(picture.image), _sha256(picture.label))
        grey = load_grey(picture.image)
        rows = parse_labels(picture.label.read_text(encoding="utf-8"), len(picture.names), picture.label.name)
    except DatasetError as error:
        return Examined(*hashes, (0, 0), (), str(error))
    except (OSError, UnicodeDecodeError):
        return Examined(*hashes, (0, 0), (), "The label file cannot be read.")
    height, width = grey.shape
    if min(height, width) < _LEAST_SIDE_PX:
        return Examined(*hashes, (width, height), (), f"The picture has only {width} × {height} pixels.")
    if grey.min() == grey.max():
        return Examined(*hashes, (width, height), (), "The picture is empty: every pixel has the same value.")
    boxes = np.array([row.box for row in rows]).reshape(-1, 4) * (width, height, width, height)
    asked = [FRACTURED in picture.names[row.class_id] and len(picture.candidates) > 1 for row in rows]
    if any(asked) and opinion is None:
        return Examined(*hashes, (width, height), (), "The region of a box is not known, and no network was asked.")
    shares = opinion.shares(grey, boxes) if opinion is not None and any(asked) else np.zeros((len(rows), len(REGIONS)))
    marked = tuple(_mark(picture, row, share) for row, share in zip(rows, shares, strict=True))
    return Examined(*hashes, (width, height), marked, None)


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


def _examine_all(
    pictures: Sequence[SourcePicture], out: Path, opinion: Opinion | None, opinion_by: str, progress: Progress
) -> list[Examined]:
    """Examine every picture, taking over what an interrupted run with the same opinion has already seen."""
    path = out / _PROGRESS
    seen = _read_progress(path, opinion_by)
    found = []
    with path.open("a", encoding="utf-8") as file:
        for number, picture in enumerate(pictures, start=1):
            key = f"{picture.image}|{opinion_by}"
            if key not in seen:
                seen[key] = examine(picture, opinion)
                file.write(json.dumps({"key": key, "examined": asdict(seen[key])}) + "\n")
            found.append(seen[key])
            progress("looking at pictures", number, len(pictures))
    return found


def _read_progress(path: Path, opinion_by: str) -> dict[str, Examined]:
    if not path.is_file():
        return {}
    seen = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue  # the last line of a run that was killed while it wrote
        if row["key"].endswith(f"|{opinion_by}"):
            given = row["examined"]
            marked = tuple(Marked(m["region"], m["told_by"], m["share"], tuple(m["box"])) for m in given["marked"])
            seen[row["key"]] = Examined(**(given | {"marked": marked, "size_wh": tuple(given["size_wh"])}))
    return seen


def _write_all(
    pictures: Sequence[SourcePicture], examined: Sequence[Examined], out: Path, progress: Progress
) -> list[dict[str, Any]]:
    entries = []
    for number, (picture, found) in enumerate(zip(pictures, examined, strict=True), start=1):
        if found.problem is None:
            entries.append(_write_one(picture, found, out))
        progress("writing the data set", number, len(pictures))
    return entries


def _write_one(picture: SourcePicture, found: Examined, out: Path) -> dict[str, Any]:
    stem = f"{picture.origin.name}-{picture.image.stem}"
    image = out / picture.split / "images" / (stem + picture.image.suffix.lower())
    label = out / picture.split / "labels" / (stem + ".txt")
    rows = "".join(f"{REGIONS.index(mark.region)} {_centred(mark.box)}\n" for mark in found.marked)
    for path in (image, label):
        path.parent.mkdir(parents=True, exist_ok=True)
    if not image.is_file() or _sha256(image) != found.image_sha256:
        _write(image, picture.image.read_bytes())
    _write(label, rows.encode())
    return {
        "image": image.relative_to(out).as_posix(),
        "image_sha256": found.image_sha256,
        "label": label.relative_to(out).as_posix(),
        "label_sha256": hashlib.sha256(rows.encode()).hexdigest(),
        "split": picture.split,
        "origin": picture.origin.name,
        "original": picture.image.name,
        "original_label_sha256": found.label_sha256,
        "size_wh": list(found.size_wh),
        "boxes": [{"region": m.region, "told_by": m.told_by, "share": m.share} for m in found.marked],
    }


def _manifest(
    pictures: Sequence[SourcePicture], examined: Iterable[Examined], entries: list[dict[str, Any]], opinion_by: str
) -> dict[str, Any]:
    origins = {picture.origin.name: picture.origin for picture in pictures}
    aside = [
        {"original": p.image.name, "origin": p.origin.name, "split": p.split, "problem": e.problem}
        for p, e in zip(pictures, examined, strict=True)
        if e.problem
    ]
    return {
        "format": 1,
        "regions": list(REGIONS),
        "opinion_by": opinion_by,
        "origins": {name: asdict(origins[name]) for name in sorted(origins)},
        "set_aside": aside,
        "files": entries,
    }


def _description() -> dict[str, Any]:
    return {"train": "train/images", "val": "val/images", "nc": len(REGIONS), "names": list(REGIONS)}


def _centred(box: tuple[float, float, float, float]) -> str:
    x1, y1, x2, y2 = box
    return f"{(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} {x2 - x1:.6f} {y2 - y1:.6f}"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as file:
        file.write(content)
    beside.replace(path)
