"""Infer a folder or archive of radiographs offline: results into another folder, nothing into the database.

The results are plain files, not encrypted; protecting the output folder is the task of the person who names it.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.config import Limits
from app.errors import FractureError
from app.files import sha256_of, write_whole
from app.imaging import InProcessDecoder, render_png
from app.records import DISCLAIMER, ModelVersion, Study, StudyImage
from app.reports import overlay
from app.usecases.batch.sources import Source
from app.usecases.reports.dicom import objects_of
from app.usecases.studies.infer import Finder, Inference, infer

TABLE, LINES = "results.csv", "results.jsonl"
_COLUMNS = (
    "file",
    "verdict",
    "reason",
    "score",
    "findings",
    "regions",
    "other_findings",
    "warnings",
    "width",
    "height",
    "error",
    "message",
    "disclaimer",
)
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Extras:
    """Files to write beside the JSON of each image: NAME.png with findings drawn; NAME.sr.dcm and NAME.sc.dcm."""

    annotated: bool = False
    dicom: bool = False

    def paths(self, target: Path) -> tuple[Path, ...]:
        """Where they lie; `target` is the JSON file."""
        kinds = (".png",) * self.annotated + (".sr.dcm", ".sc.dcm") * self.dicom
        return tuple(target.with_suffix(kind) for kind in kinds)


@dataclass(frozen=True)
class Outcome:
    """The result for one file: its path inside the source, and its assessment as in the JSON file, or the error.

    kept: the assessment was there already, made of the same bytes by the same weights.
    """

    name: str
    assessment: dict[str, Any] | None
    error: FractureError | None
    kept: bool = False


@dataclass(frozen=True)
class _File:
    """One file of a source in memory, and where its result goes."""

    name: str
    raw: bytes
    at: datetime
    target: Path


def infer_source(
    detector: Finder, source: Source, out: Path, limits: Limits, extras: Extras | None = None
) -> Iterator[Outcome]:
    """Infer every file of a source, one after the other, and write NAME.json and the extras under `out`.

    A result of the same bytes and weights is kept, so an interrupted run goes on where it stopped. A file that cannot
    be decoded is reported, and the others go on.

    Raises:
        Busy, Unavailable: the engine failed.
        OSError: `out` cannot be written.
    """
    extras = extras or Extras()
    for name in source.names:
        target = out / f"{name}.json"
        try:
            file = _File(name, source.read(name, limits), source.modified_at(name), target)
            kept = _kept(file, detector.version, extras)
            assessment = kept or _infer(detector, file, limits, extras)
        except FractureError as error:
            if error.code in ("busy", "unavailable"):
                raise
            for path in (target, *extras.paths(target)):
                path.unlink(missing_ok=True)
            yield Outcome(name, None, error)
            continue
        yield Outcome(name, assessment, None, kept=kept is not None)


def write_results(outcomes: Sequence[Outcome], out: Path) -> None:
    """Write `out/results.csv` and `out/results.jsonl`: one row for each file, good or bad.

    Raises:
        OSError: they cannot be written.
    """
    rows = [_row(outcome) for outcome in outcomes]
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    _write(out / TABLE, text.getvalue())
    lines = (
        json.dumps(outcome.assessment or row, ensure_ascii=False) for outcome, row in zip(outcomes, rows, strict=True)
    )
    _write(out / LINES, "".join(f"{line}\n" for line in lines))


def _infer(detector: Finder, file: _File, limits: Limits, extras: Extras) -> dict[str, Any]:
    inference = infer(detector, lambda: file.raw, InProcessDecoder(limits))
    if extras.annotated:
        _write(file.target.with_suffix(".png"), _drawn(inference))
    if extras.dicom:
        study, image = _study_of(file, inference)
        for kind, body in objects_of(study, image, file.raw, inference.radiograph.grey, limits).items():
            _write(file.target.with_suffix(f".{kind}.dcm"), body)
    facts = {"file": file.name, "sha256": sha256_of(file.raw), "disclaimer": DISCLAIMER}
    content = facts | asdict(inference.assessment)
    _write(file.target, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return content


def _study_of(file: _File, inference: Inference) -> tuple[Study, StudyImage]:
    """A study of this file alone, with ids that depend on its bytes only."""
    digest = sha256_of(file.raw)
    image = StudyImage(digest[:32], file.name, file.at, inference.assessment)
    return Study(digest[32:], "", file.at, "", (image,)), image


def _drawn(inference: Inference) -> bytes:
    grey = inference.radiograph.grey
    return render_png(grey, overlay(inference.assessment.findings, (grey.shape[0], grey.shape[1])))


def _kept(file: _File, version: ModelVersion, extras: Extras) -> dict[str, Any] | None:
    """The assessment of an earlier run, if it is of these bytes and these weights and nothing of it is missing."""
    if not all(path.is_file() for path in extras.paths(file.target)):
        return None
    try:
        content: dict[str, Any] = json.loads(file.target.read_text(encoding="utf-8"))
        same = content["sha256"] == sha256_of(file.raw) and content["model"] == asdict(version)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return content if same else None


def _row(outcome: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {"file": outcome.name, "disclaimer": DISCLAIMER}
    if outcome.error or outcome.assessment is None:
        return row | {"error": outcome.error.code if outcome.error else "error", "message": str(outcome.error)}
    return row | _columns(outcome.assessment)


def _columns(assessment: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "verdict": assessment["verdict"],
        "reason": assessment.get("reason") or "",
        "score": f"{assessment['score']:.4f}",
        "findings": len(assessment["findings"]),
        "regions": " ".join(sorted({finding["region"] for finding in assessment["findings"]})),
        "other_findings": " ".join(sorted({finding["region"] for finding in assessment.get("other_findings", ())})),
        "warnings": " ".join(assessment["warnings"]),
        "width": assessment["width"],
        "height": assessment["height"],
    }


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _write(path: Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
