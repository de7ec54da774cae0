"""Record of a run: its settings as JSON, its curves as CSV and PNG."""

import csv
import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.errors import TrainingError
from app.files import write_whole

RECORD = "run.json"
Row = dict[str, float]
_PACKAGES = ("torch", "ultralytics-opencv-headless", "numpy", "opencv-python-headless")


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write `run.json`: recipe, data manifest, versions, seed; raises TrainingError when it cannot be written."""
    _write(folder / RECORD, json.dumps(record, indent=1) + "\n")


def environment() -> dict[str, str]:
    """Versions of what computes, and the commit of the code when git knows one."""
    found = {name: version(name) for name in _PACKAGES}
    found |= {"python": platform.python_version(), "machine": platform.machine()}
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True,
            cwd=Path(__file__).parent,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        commit = "unknown"
    return found | {"commit": commit}


def write_curves(folder: Path, rows: Sequence[Row]) -> None:
    """Write `curves.csv` and `curves.png`, one row per epoch; raises TrainingError when they cannot be written."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    try:
        with (folder / "curves.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        _draw(folder / "curves.png", rows, columns)
    except OSError as error:
        raise TrainingError(f"The curves cannot be written to {folder}: {error.strerror}.") from None


def _draw(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 - drawn once an epoch, loaded only then

    figure = Figure(figsize=(10, 4), layout="tight")
    losses, scores = figure.subplots(1, 2)
    for axes, chosen, title in (
        (losses, [c for c in columns if c.startswith("loss")], "loss"),
        (scores, [c for c in columns if "map50" in c and "95" not in c], "mAP50 on validation"),
    ):
        for column in chosen:
            axes.plot([row["epoch"] for row in rows], [row.get(column, float("nan")) for row in rows], label=column)
        axes.set_xlabel("epoch")
        axes.set_title(title)
        if chosen:
            axes.legend(fontsize=7)
    figure.savefig(path, dpi=100)


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise TrainingError(f"{path} cannot be written: {error.strerror}.") from None
