"""Labelled radiographs on disk, read the same way whether raw (Kaggle, FracAtlas) or prepared.

A data set is a folder with a `data.yaml` (names, and one images folder per split) and, beside each folder `images`, a
folder `labels` with one text file per image: rows of `class cx cy w h`, or of `class x1 y1 x2 y2 x3 y3 …` for a
polygon, everything as a fraction of the image. An empty label file means: no fracture.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from app.errors import DamagedImage, DatasetError
from app.imaging.image_size import image_size_wh

REGIONS = ("elbow", "fingers", "forearm", "humerus", "shoulder", "wrist", "hip", "leg")
FRACTURED = "fractured"

# The Kaggle set's seven names; its two names for the humerus are one region (3 and 311 boxes).
REGION_OF_NAME = {
    "elbow positive": "elbow",
    "fingers positive": "fingers",
    "forearm fracture": "forearm",
    "humerus fracture": "humerus",
    "humerus": "humerus",
    "shoulder fracture": "shoulder",
    "wrist positive": "wrist",
}
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".dcm")
_SPLIT_NAMES = {"train": ("train",), "val": ("val", "valid"), "test": ("test",)}
# Publishers' rotations push corners a little over the edge; further out is a mistake in the file.
_OVERHANG = 0.01


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """One image and what is marked on it.

    regions: the name of each box's region.
    boxes_px: (N, 4) float64, x1 y1 x2 y2 in pixels of the upright image, inside it.
    size_wh: width and height of the upright image in pixels.
    """

    path: Path
    regions: tuple[str, ...]
    boxes_px: NDArray[np.float64]
    size_wh: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Dataset:
    """One split of a data set, sorted by file name."""

    regions: tuple[str, ...]
    images: tuple[LabelledImage, ...]


@dataclass(frozen=True, eq=False)
class LabelRow:
    """One row of a label file: the class number, and its box as fractions x1 y1 x2 y2 of the image."""

    class_id: int
    box: tuple[float, float, float, float]


def read_dataset(data_yaml: Path, split: str) -> Dataset:
    """Read one split ("train", "val" or "test"; "valid" is "val").

    Raises:
        DatasetError: a file or folder is missing, a label has no image, an image has no label, or a row is wrong;
            the message names the file.
    """
    names, folder = read_layout(data_yaml, split)
    pairs = pair_files(folder)
    if not pairs:
        raise DatasetError(f"No image in {folder}.")
    return Dataset(regions_of(names), tuple(_read_image(image, label, names) for image, label in pairs))


def read_layout(data_yaml: Path, split: str) -> tuple[tuple[str, ...], Path]:
    """The class names as written in `data_yaml`, and the folder with the images of `split`.

    Raises:
        DatasetError: the file or the folder is missing, or the class list is not one.
    """
    if not data_yaml.is_file():
        raise DatasetError(f"There is no data set description at {data_yaml}.")
    try:
        content = yaml.safe_load(data_yaml.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError):
        raise DatasetError(f"{data_yaml} is not readable YAML.") from None
    if not isinstance(content, dict):
        raise DatasetError(f"{data_yaml} does not describe a data set.")
    return _class_names(content, data_yaml), _images_folder(content, data_yaml, split)


def regions_of(names: Sequence[str]) -> tuple[str, ...]:
    """Published class names → regions, each once: known regions in the house's order, then others as they came."""
    found = [REGION_OF_NAME.get(name, name) for name in names]
    known = [region for region in REGIONS if region in found]
    return (*known, *dict.fromkeys(region for region in found if region not in REGIONS))


def pair_files(images_folder: Path) -> list[tuple[Path, Path]]:
    """Every image with its label file, sorted by name.

    Raises:
        DatasetError: one of the folders is missing, an image has no label file or a label file no image.
    """
    labels_folder = images_folder.parent / "labels"
    for folder in (images_folder, labels_folder):
        if not folder.is_dir():
            raise DatasetError(f"The folder {folder} is missing.")
    images = sorted(path for path in images_folder.iterdir() if path.suffix.lower() in SUFFIXES)
    labels = {path.stem: path for path in labels_folder.glob("*.txt")}
    for image in images:
        if image.stem not in labels:
            raise DatasetError(f"The image {image} has no label file in {labels_folder}.")
    stems = {image.stem for image in images}
    for stem in sorted(labels):
        if stem not in stems:
            raise DatasetError(f"The label file {labels[stem]} belongs to no image in {images_folder}.")
    if len(stems) < len(images):
        raise DatasetError(f"Two images in {images_folder} share one label file.")
    return [(image, labels[image.stem]) for image in images]


def parse_labels(text: str, class_count: int, place: str) -> list[LabelRow]:
    """The rows of one label file; polygons become the boxes around them.

    Raises:
        DatasetError: a row is not a box or a polygon of at least three corners, its class is not in the list, a value
            is not a number, lies outside the image, or the box has no area; the message names `place` and the line.
    """
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            rows.append(_parse_row(line.split(), class_count, f"{place}, line {number}"))
    return rows


def _parse_row(parts: list[str], class_count: int, place: str) -> LabelRow:
    try:
        class_id, values = int(parts[0]), [float(part) for part in parts[1:]]
    except ValueError:
        raise DatasetError(f"{place}: not a row of numbers.") from None
    if not 0 <= class_id < class_count:
        raise DatasetError(f"{place}: class {class_id} is not in the list of {class_count}.")
    if len(values) == 4:
        cx, cy, w, h = values
        corners = (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
    elif len(values) >= 6 and len(values) % 2 == 0:
        corners = (min(values[0::2]), min(values[1::2]), max(values[0::2]), max(values[1::2]))
    else:
        raise DatasetError(f"{place}: {len(values)} values are neither a box nor a polygon.")
    if not all(math.isfinite(v) and -_OVERHANG <= v <= 1 + _OVERHANG for v in corners):
        raise DatasetError(f"{place}: the box lies outside the image.")
    x1, y1, x2, y2 = (min(max(v, 0.0), 1.0) for v in corners)
    if x2 <= x1 or y2 <= y1:
        raise DatasetError(f"{place}: the box has no area.")
    return LabelRow(class_id, (x1, y1, x2, y2))


def _read_image(image: Path, label: Path, names: tuple[str, ...]) -> LabelledImage:
    try:
        text = label.read_text(encoding="utf-8")
        width, height = image_size_wh(image)
    except DamagedImage:
        raise DatasetError(f"The image {image} cannot be read.") from None
    except (OSError, UnicodeDecodeError):
        raise DatasetError(f"{label} or its image cannot be read.") from None
    rows = parse_labels(text, len(names), str(label))
    boxes = np.array([row.box for row in rows], dtype=np.float64).reshape(-1, 4)
    regions = tuple(REGION_OF_NAME.get(names[row.class_id], names[row.class_id]) for row in rows)
    return LabelledImage(image, regions, boxes * (width, height, width, height), (width, height))


def _class_names(content: dict[str, Any], data_yaml: Path) -> tuple[str, ...]:
    names = content.get("names")
    if isinstance(names, dict) and sorted(names) == list(range(len(names))):
        names = [names[number] for number in range(len(names))]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise DatasetError(f"{data_yaml} has no list of class names.")
    if content.get("nc", len(names)) != len(names):
        raise DatasetError(f"{data_yaml} announces {content['nc']} classes and names {len(names)}.")
    return tuple(names)


def _images_folder(content: dict[str, Any], data_yaml: Path, split: str) -> Path:
    aliases = next((keys for keys in _SPLIT_NAMES.values() if split in keys), None)
    if aliases is None:
        raise DatasetError(f"There is no split called {split}; choose train, val or test.")
    value: str | None = next((content[key] for key in (*aliases,) if isinstance(content.get(key), str)), None)
    if value is None:
        raise DatasetError(f"{data_yaml} names no folder for the split {split}.")
    root = data_yaml.parent / str(content.get("path") or "")
    # Roboflow writes "../train/images" for a folder that lies beside data.yaml.
    candidates = [root / value.removeprefix("../"), root / value]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise DatasetError(f"{data_yaml}: the folder for the split {split} is missing: {candidates[0]}")
