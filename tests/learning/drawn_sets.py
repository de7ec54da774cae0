"""Data sets in the publishers' layouts, filled with pictures that the project draws itself."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from app.imaging import phantom, render_png

KAGGLE_NAMES = [
    "elbow positive",
    "fingers positive",
    "forearm fracture",
    "humerus fracture",
    "humerus",
    "shoulder fracture",
    "wrist positive",
]
BOX = "6 0.5 0.5 0.2 0.1\n"
POLYGON = "4 0.2 0.2 0.4 0.2 0.3 0.6\n"
TAGS = ("hand", "leg", "hip", "shoulder")


def drawn(seed: int, shape_hw: tuple[int, int] = (96, 80)) -> NDArray[np.uint8]:
    """A small drawn radiograph."""
    return phantom(seed, shape_hw).grey


def put(folder: Path, name: str, grey: NDArray[np.uint8], rows: str) -> Path:
    """Write a picture and its labels into `folder`/images and `folder`/labels; returns the picture's path."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    image = folder / "images" / f"{name}.png"
    image.write_bytes(render_png(grey))
    (folder / "labels" / f"{name}.txt").write_text(rows, encoding="utf-8")
    return image


def kaggle(folder: Path, train: Sequence[str] = (BOX, POLYGON, ""), val: Sequence[str] = (BOX, "")) -> Path:
    """The Kaggle set in little: one picture per string of label rows."""
    for split, labels in (("train", train), ("valid", val)):
        for number, rows in enumerate(labels):
            put(folder / split, f"picture{number}", drawn(100 * len(split) + number), rows)
    description = {"train": "../train/images", "val": "../valid/images", "nc": 7, "names": KAGGLE_NAMES}
    (folder / "data.yaml").write_text(yaml.safe_dump(description), encoding="utf-8")
    return folder


def fracatlas(folder: Path, tags: Sequence[str] = ("leg", "hand", "hip"), rows: str = "0 0.5 0.5 0.2 0.2\n") -> Path:
    """FracAtlas in little: one fractured picture per tag in train, one picture without a fracture in valid."""
    lines = [",".join(("image_id", *TAGS, "split"))]
    for number, tag in enumerate(tags):
        put(folder / "train", f"IMG{number}", drawn(number), rows)
        lines.append(",".join((f"IMG{number}.png", *("1" if tag == other else "0" for other in TAGS), "train")))
    put(folder / "valid", "IMG9", drawn(9), "")
    lines.append("IMG9.png,0,1,0,0,valid")
    (folder / "dataset.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    description = {"train": "train/images", "val": "valid/images", "names": {0: "fractured"}}
    (folder / "data.yaml").write_text(yaml.safe_dump(description), encoding="utf-8")
    return folder
