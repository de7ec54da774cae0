"""Infer a folder of radiographs offline: findings into another folder, nothing into the database.

The results are plain files, not encrypted; protecting the output folder is the task of the person who names it.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.config import Limits
from app.errors import ConfigError, FractureError, UploadTooLarge
from app.files import sha256_of, write_whole
from app.imaging import render_png
from app.records import DISCLAIMER, Assessment, ModelVersion, Radiograph
from app.reports import overlay
from app.usecases.studies.infer import Finder, infer

SUMMARY = "summary.csv"
_COLUMNS = ("file", "verdict", "score", "findings", "regions", "width", "height", "error", "message", "disclaimer")
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Outcome:
    """The result for one file: its path inside the folder, and its assessment as in the JSON file, or the error.

    kept: the assessment was there already, made of the same bytes by the same weights.
    """

    name: str
    assessment: dict[str, Any] | None
    error: FractureError | None
    kept: bool = False


def files_of(images: Path, out: Path) -> list[Path]:
    """Every file under `images`, sorted; hidden ones and what lies in `out` are left out.

    Raises:
        ConfigError: `images` is no folder, or `out` is the same folder.
    """
    if not images.is_dir():
        raise ConfigError(f"There is no folder {images}.")
    if images.resolve() == out.resolve():
        raise ConfigError("The results need a folder of their own.")
    inside_out = out.resolve()
    return sorted(path for path in images.rglob("*") if path.is_file() and _wanted(path, images, inside_out))


def infer_folder(detector: Finder, images: Path, out: Path, limits: Limits, *, draw: bool = False) -> Iterator[Outcome]:
    """Infer every file of `images`, one after the other, and write NAME.json (and NAME.png) under `out`.

    What is there already is kept when bytes and weights are the same, so an interrupted run goes on where it stopped.
    A file that cannot be decoded is reported, and the others go on.

    Raises:
        ConfigError: as `files_of`.
        Unavailable: the engine failed.
        OSError: `out` cannot be written.
    """
    for path in files_of(images, out):
        name = path.relative_to(images).as_posix()
        target = out / f"{name}.json"
        try:
            raw = _bytes_of(path, limits)
            kept = _kept(target, raw, detector.version, draw)
            assessment = kept or _infer(detector, raw, name, limits, target, draw=draw)
        except FractureError as error:
            if error.code in ("busy", "unavailable"):
                raise
            target.unlink(missing_ok=True)
            yield Outcome(name, None, error)
            continue
        yield Outcome(name, assessment, None, kept=kept is not None)


def write_summary(outcomes: list[Outcome], out: Path) -> None:
    """`out/summary.csv`: one row for each file, good or bad.

    Raises:
        OSError: it cannot be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for outcome in outcomes:
        writer.writerow(_row(outcome))
    _write(out / SUMMARY, text.getvalue())


def _infer(detector: Finder, raw: bytes, name: str, limits: Limits, target: Path, *, draw: bool) -> dict[str, Any]:
    inference = infer(detector, lambda: raw, limits)
    if draw:
        _write(_image_of(target), _drawn(inference.radiograph, inference.assessment))
    content = {"file": name, "sha256": sha256_of(raw), "disclaimer": DISCLAIMER} | asdict(inference.assessment)
    _write(target, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return content


def _drawn(radiograph: Radiograph, assessment: Assessment) -> bytes:
    return render_png(radiograph.grey, overlay(assessment.findings, (assessment.height, assessment.width)))


def _kept(target: Path, raw: bytes, version: ModelVersion, draw: bool) -> dict[str, Any] | None:
    """The assessment of an earlier run, if it is of these bytes and these weights and nothing of it is missing."""
    if draw and not _image_of(target).is_file():
        return None
    try:
        content: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
        same = content["sha256"] == sha256_of(raw) and content["model"] == asdict(version)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return content if same else None


def _bytes_of(path: Path, limits: Limits) -> bytes:
    try:
        if path.stat().st_size > limits.upload_bytes:
            raise UploadTooLarge("This file is larger than %(size)s MB.", size=limits.upload_bytes // 2**20)
        return path.read_bytes()
    except OSError:
        raise FractureError("This file cannot be opened.") from None


def _row(outcome: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {"file": _cell(outcome.name), "disclaimer": DISCLAIMER}
    if outcome.error:
        return row | {"error": outcome.error.code, "message": str(outcome.error)}
    assessment = outcome.assessment or {}
    regions = sorted({finding["region"] for finding in assessment["findings"]})
    return row | {
        "verdict": assessment["verdict"],
        "score": f"{assessment['score']:.4f}",
        "findings": len(assessment["findings"]),
        "regions": " ".join(regions),
        "width": assessment["width"],
        "height": assessment["height"],
    }


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _wanted(path: Path, images: Path, out: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(images).parts)
    return not hidden and out not in path.resolve().parents


def _image_of(target: Path) -> Path:
    return target.with_suffix(".png")


def _write(path: Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
