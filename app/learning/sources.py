"""The published data sets as their publishers lay them out: what is in them, and which regions a picture may show."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.errors import DatasetError
from app.learning.dataset import FRACTURED, REGION_OF_NAME, REGIONS, pair_files, read_layout

# FracAtlas tags a picture with the body part that is in view; "hand" covers everything from the finger to the elbow.
REGIONS_OF_TAG: Mapping[str, tuple[str, ...]] = {
    "hand": ("fingers", "wrist", "forearm", "elbow"),
    "leg": ("leg",),
    "hip": ("hip",),
    "shoulder": ("shoulder", "humerus"),
}
SPLITS = ("train", "val")


@dataclass(frozen=True)
class Origin:
    """Where pictures come from, and on which terms."""

    name: str
    title: str
    source: str
    licence: str


KAGGLE = Origin(
    "kaggle",
    "Bone fracture detection: computer vision project",
    "https://universe.roboflow.com/veda/bone-fracture-detection-daoon/dataset/4",
    "CC BY 4.0 (pictures of MURA studies, whose own terms are research only)",
)
FRACATLAS = Origin(
    "fracatlas", "FracAtlas (Abedeen et al., Scientific Data 2023)", "https://doi.org/10.1038/s41597-023-02432-4",
    "CC BY 4.0",
)  # fmt: skip


@dataclass(frozen=True)
class SourcePicture:
    """One published picture with its label file.

    names: the class names that its label file counts in.
    candidates: the regions a nameless box on it may belong to; empty when the names tell.
    """

    origin: Origin
    split: str
    image: Path
    label: Path
    names: tuple[str, ...]
    candidates: tuple[str, ...] = ()


def read_kaggle(folder: Path) -> list[SourcePicture]:
    """Training and validation pictures of the Kaggle set, in order of their names.

    Raises:
        DatasetError: the folder is not the published one; the message says what is missing or which class is unknown.
    """
    pictures = []
    for split in SPLITS:
        names, images = read_layout(folder / "data.yaml", split)
        unknown = [name for name in names if name not in REGION_OF_NAME]
        if unknown:
            raise DatasetError(f"{folder / 'data.yaml'} names a class that is not the Kaggle set's: {unknown[0]}.")
        pictures += [SourcePicture(KAGGLE, split, image, label, names) for image, label in pair_files(images)]
    return pictures


def read_fracatlas(folder: Path) -> list[SourcePicture]:
    """Training and validation pictures of FracAtlas, in order of their names; regions by tag from `dataset.csv`.

    Raises:
        DatasetError: the folder is not the published one, or a picture is not in `dataset.csv`.
    """
    tags = _read_tags(folder / "dataset.csv")
    pictures = []
    for split in SPLITS:
        names, images = read_layout(folder / "data.yaml", split)
        if names != (FRACTURED,):
            raise DatasetError(f"{folder / 'data.yaml'} names other classes than the one of FracAtlas, {FRACTURED}.")
        for image, label in pair_files(images):
            if image.name not in tags:
                raise DatasetError(f"The picture {image} is not in {folder / 'dataset.csv'}.")
            pictures.append(SourcePicture(FRACATLAS, split, image, label, names, tags[image.name]))
    return pictures


def _read_tags(path: Path) -> dict[str, tuple[str, ...]]:
    """File name → regions that its tags allow, in the house's order."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise DatasetError(f"The list of pictures {path} cannot be read.") from None
    if not rows or any(column not in rows[0] for column in ("image_id", *REGIONS_OF_TAG)):
        raise DatasetError(f"{path} lacks a column; needed are image_id, {', '.join(REGIONS_OF_TAG)}.")
    return {row["image_id"]: _candidates(row) for row in rows}


def _candidates(row: Mapping[str, str]) -> tuple[str, ...]:
    allowed = {region for tag, regions in REGIONS_OF_TAG.items() if row[tag] == "1" for region in regions}
    return tuple(region for region in REGIONS if region in (allowed or set(REGIONS)))
