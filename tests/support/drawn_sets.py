"""Data sets in the publishers' layouts, filled with images that the project draws itself."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from app.imaging import render_png
from app.imaging.geometry import resize

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
    """A small image of rods and grain that looks like no other seed's; phantoms are too much alike for that."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: shape_hw[0], : shape_hw[1]]
    thickness = np.zeros(shape_hw)
    for _ in range(6):
        angle, offset, radius = random.uniform(0, np.pi), random.uniform(-30, 30), random.uniform(3, 9)
        away = (x - shape_hw[1] / 2) * np.cos(angle) + (y - shape_hw[0] / 2) * np.sin(angle) - offset
        thickness += np.sqrt(np.maximum(radius**2 - away**2, 0))
    grain = resize((random.random((12, 10)) * 80).astype(np.uint8), shape_hw[::-1])
    return np.asarray(np.clip(thickness * 9 + grain, 0, 255), dtype=np.uint8)


def put(folder: Path, name: str, grey: NDArray[np.uint8], rows: str) -> Path:
    """Write an image and its labels into `folder`/images and `folder`/labels; returns the image's path."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    image = folder / "images" / f"{name}.png"
    image.write_bytes(render_png(grey))
    (folder / "labels" / f"{name}.txt").write_text(rows, encoding="utf-8")
    return image


def kaggle(folder: Path, train: Sequence[str] = (BOX, POLYGON, ""), val: Sequence[str] = (BOX, "")) -> Path:
    """The Kaggle set in little: one image per string of label rows."""
    for split, first, labels in (("train", 500, train), ("valid", 900, val)):
        for number, rows in enumerate(labels):
            put(folder / split, f"image{number}", drawn(first + number), rows)
    description = {"train": "../train/images", "val": "../valid/images", "nc": 7, "names": KAGGLE_NAMES}
    (folder / "data.yaml").write_text(yaml.safe_dump(description), encoding="utf-8")
    return folder


def fracatlas(folder: Path, tags: Sequence[str] = ("leg", "hand", "hip"), rows: str = "0 0.5 0.5 0.2 0.2\n") -> Path:
    """FracAtlas in little: one fractured image per tag in train, one image without a fracture in valid."""
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
