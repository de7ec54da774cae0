"""The published data sets as their publishers lay them out: what is in them, and which regions an image may show."""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import DatasetError
from app.learning.datasets.dataset import FRACTURED, REGION_OF_NAME, REGIONS, SUFFIXES, pair_files, read_layout

# FracAtlas tags an image with the body part that is in view; "hand" covers everything from the finger to the elbow.
REGIONS_OF_TAG: Mapping[str, tuple[str, ...]] = {
    "hand": ("fingers", "wrist", "forearm", "elbow"),
    "leg": ("leg",),
    "hip": ("hip",),
    "shoulder": ("shoulder", "humerus"),
}
SPLITS = ("train", "val")
# FracAtlas lists 574, 82 and 61 images with a fracture; those without are in none of its lists.
_SHARES = (("train", 0.8), ("val", 0.915), ("test", 1.0))


@dataclass(frozen=True)
class Origin:
    """Where images come from, and on which terms."""

    name: str
    title: str
    source: str
    licence: str


KAGGLE = Origin(
    "kaggle",
    "Bone fracture detection: computer vision project",
    "https://universe.roboflow.com/veda/bone-fracture-detection-daoon/dataset/4",
    "CC BY 4.0 (images of MURA studies, whose own terms are research only)",
)
FRACATLAS = Origin(
    "fracatlas", "FracAtlas (Abedeen et al., Scientific Data 2023)", "https://doi.org/10.1038/s41597-023-02432-4",
    "CC BY 4.0",
)  # fmt: skip


@dataclass(frozen=True)
class SourceImage:
    """One published image with its label file.

    names: the class names that its label file counts in.
    candidates: the regions a nameless box on it may belong to; empty when the names tell.
    """

    origin: Origin
    split: str
    image: Path
    label: Path
    names: tuple[str, ...]
    candidates: tuple[str, ...] = ()


def read_kaggle(folder: Path) -> list[SourceImage]:
    """Training and validation images of the Kaggle set, in order of their names.

    Raises:
        DatasetError: the folder is not the published one; the message says what is missing or which class is unknown.
    """
    sources: list[SourceImage] = []
    for split in SPLITS:
        names, folder_of_images = read_layout(folder / "data.yaml", split)
        unknown = [name for name in names if name not in REGION_OF_NAME]
        if unknown:
            raise DatasetError(f"{folder / 'data.yaml'} names a class that is not the Kaggle set's: {unknown[0]}.")
        sources += [SourceImage(KAGGLE, split, image, label, names) for image, label in pair_files(folder_of_images)]
    return sources


def read_fracatlas(folder: Path) -> list[SourceImage]:
    """Training and validation images of FracAtlas, in order of their names; regions by tag from `dataset.csv`.

    Read is the published archive (`images/Fractured`, `images/Non_fractured`, `Annotations/YOLO`, `Utilities/Fracture
    Split`), or a folder with a `data.yaml` and one folder per split beside the `dataset.csv`. The published test part
    is left out.

    Raises:
        DatasetError: the folder is neither, or an image is not in `dataset.csv`.
    """
    table = folder / "dataset.csv"
    tags = {row["image_id"]: _candidates(row) for row in _read_table(table, ("image_id", *REGIONS_OF_TAG))}
    found = _published(folder) if (folder / "images" / "Fractured").is_dir() else _arranged(folder)
    for _, image, _ in found:
        if image.name not in tags:
            raise DatasetError(f"The image {image} is not in {table}.")
    return [
        SourceImage(FRACATLAS, split, image, label, (FRACTURED,), tags[image.name]) for split, image, label in found
    ]


def _arranged(folder: Path) -> list[tuple[str, Path, Path]]:
    found = []
    for split in SPLITS:
        names, images = read_layout(folder / "data.yaml", split)
        if names != (FRACTURED,):
            raise DatasetError(f"{folder / 'data.yaml'} names other classes than the one of FracAtlas, {FRACTURED}.")
        found += [(split, image, label) for image, label in pair_files(images)]
    return found


def _published(folder: Path) -> list[tuple[str, Path, Path]]:
    """(split, image, label) of the published archive, by split and name."""
    lists = {"train": "train.csv", "val": "valid.csv", "test": "test.csv"}
    split_of = {
        row["image_id"]: split
        for split, name in lists.items()
        for row in _read_table(folder / "Utilities" / "Fracture Split" / name, ("image_id",))
    }
    found = []
    for image in sorted((folder / "images").glob("*ractured/*")):
        if image.suffix.lower() not in SUFFIXES:
            continue
        label = folder / "Annotations" / "YOLO" / f"{image.stem}.txt"
        if not label.is_file():
            raise DatasetError(f"The image {image} has no label file {label}.")
        found.append((split_of.get(image.name) or _split_by_name(image.name), image, label))
    return sorted((row for row in found if row[0] in SPLITS), key=lambda row: (SPLITS.index(row[0]), row[1].name))


def _split_by_name(name: str) -> str:
    """A split for an image that the publishers gave none, in the shares of their lists; the same on every machine."""
    draw = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 2**32
    return next(split for split, end in _SHARES if draw < end)


def _read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise DatasetError(f"The list of images {path} cannot be read.") from None
    if not rows or any(column not in rows[0] for column in columns):
        raise DatasetError(f"{path} lacks a column; needed: {', '.join(columns)}.")
    return rows


def _candidates(row: Mapping[str, str]) -> tuple[str, ...]:
    allowed = {region for tag, regions in REGIONS_OF_TAG.items() if row[tag] == "1" for region in regions}
    return tuple(region for region in REGIONS if region in (allowed or set(REGIONS)))
