"""Names, digests and the last step of an export: every new file at its place, or every old one as it was."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.detection.spec import FILE_NAME, WeightsFile, parse_model_spec
from app.errors import ExportError
from app.files import sha256_of

REPORT_NAME = "export.json"
TORCH, INT8, FP16, ONNX = "torch", "int8", "fp16", "onnx"
# The key of `files` in model.json that a format fills; the first of two that are there serves.
_KEYS = ((TORCH, "torch"), (INT8, "openvino"), (FP16, "openvino"), (FP16, "openvino_fp16"), (ONNX, "onnx"))


@dataclass(frozen=True)
class Made:
    """One exported format: its files in the order that matters (an IR: xml, then bin), how, and what is known of it.

    figures: "map50" 0–1 and others. latency: by shape, see `export_engines.latency_ms`. load_s: reading, checking,
    compiling.
    """

    kind: str
    how: str
    files: tuple[Path, ...]
    figures: dict[str, float]
    latency: dict[str, dict[str, float]] = field(default_factory=dict)
    load_s: float = 0.0


def named(path: Path) -> WeightsFile:
    """The file with its SHA-256.

    Raises:
        OSError: it cannot be read.
    """
    return WeightsFile(path, sha256_of(path))


def report(made: Sequence[Made]) -> dict[str, Any]:
    """Content of `export.json`: for every format its files, sizes, digests, times, figures and losses."""
    before = made[0].figures["map50"]
    return {
        one.kind: {
            "how": one.how,
            "files": {path.name: {"bytes": path.stat().st_size, "sha256": named(path).sha256} for path in one.files},
            "figures": one.figures,
            "lost_map50": before - one.figures["map50"],
            "load_s": round(one.load_s, 2),
            "latency": one.latency,
        }
        for one in made
    }


def model_json(old: dict[str, Any], content: dict[str, Any], made: Sequence[Made]) -> dict[str, Any]:
    """The new `model.json`: `content` with the files that were made.

    old: the content of the one that is there, or {}. Where it names the very same torch weights, its calibration and
    its other files stay; otherwise they speak of other weights, and go.
    """
    files: dict[str, Any] = {}
    by_kind = {one.kind: one for one in made}
    for kind, key in _KEYS:
        if kind in by_kind and key not in files:
            files[key] = _entry(by_kind[kind])
    same = old.get("files", {}).get("torch", {}).get("sha256") == files["torch"]["sha256"]
    kept = (
        {key: old[key] for key in ("calibration", "thresholds", "provenance", "provisional") if key in old}
        if same
        else {}
    )
    return content | kept | {"files": (old["files"] if same else {}) | files}


def install(made: Sequence[Made], texts: dict[str, str], folder: Path, out_dir: Path) -> None:
    """Move every made file, and a file for every text, from `folder` to `out_dir`; `model.json` comes last.

    folder: on the same file system. When one cannot be moved, those that were are put back.

    Raises:
        ExportError: nothing has changed.
        OSError: the texts cannot be written; nothing has changed.
    """
    parse_model_spec(json.loads(texts[FILE_NAME]), out_dir)
    sources = [path for one in made for path in one.files]
    for name, text in sorted(texts.items(), key=lambda item: item[0] == FILE_NAME):
        (folder / name).write_text(text, encoding="utf-8")
        sources.append(folder / name)
    undo: list[tuple[Path, Path | None]] = []
    try:
        for source in sources:
            target = out_dir / source.name
            undo.append((target, _second_name(target, folder)))
            source.replace(target)
    except OSError as error:
        for target, old in reversed(undo):
            if old:
                old.replace(target)
            else:
                target.unlink(missing_ok=True)
        raise ExportError(f"{error.filename} cannot be written: {error.strerror}.") from None


def _second_name(path: Path, folder: Path) -> Path | None:
    """The file under a second name in `folder`, so that it outlives being replaced; None when there is no file."""
    if not path.exists():
        return None
    second = folder / f"old-{path.name}"
    second.hardlink_to(path)
    return second


def _entry(made: Made) -> dict[str, Any]:
    entries = [{"path": path.name, "sha256": named(path).sha256} for path in made.files]
    return {"xml": entries[0], "bin": entries[1]} if len(entries) == 2 else entries[0]
