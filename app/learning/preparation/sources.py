"""The published data sets as their publishers lay them out: their images, and the regions that each may show."""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import DatasetError
from app.learning.datasets.dataset import FRACTURED, REGION_OF_NAME, REGIONS
from app.learning.layouts.annotations import SPLITS, Fault, NamedBox
from app.learning.layouts.description import images_of, read_description
from app.learning.layouts.files import SUFFIXES, label_folder
from app.learning.layouts.yolo import orphans, pairs_by_path

# FracAtlas tags an image with the body part that is in view; "hand" covers everything from the finger to the elbow.
REGIONS_OF_TAG: Mapping[str, tuple[str, ...]] = {
    "hand": ("fingers", "wrist", "forearm", "elbow"),
    "leg": ("leg",),
    "hip": ("hip",),
    "shoulder": ("shoulder", "humerus"),
}
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
    """One image of a source with its annotations.

    split: "train", "val", or "" when it is still to be drawn.
    label: its label file, None where it has none.
    names: the class names that a published label file counts in.
    candidates: the regions that a nameless box on it may belong to; empty when the names tell.
    boxes: the boxes under their final names, where the source was read with a class policy; None for a published set.
    fault: why it cannot be used, where its annotations already show that.
    patient: the patient as the set's own table or the chosen rule names them, "" when unknown.
    stem: the name of its files in the prepared set, without suffix.
    """

    origin: Origin
    split: str
    image: Path
    label: Path | None
    names: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    boxes: tuple[NamedBox, ...] | None = None
    fault: Fault | None = None
    patient: str = ""
    stem: str = ""


def read_kaggle(folder: Path) -> list[SourceImage]:
    """Training and validation images of the Kaggle set, in order of their names.

    Raises:
        DatasetError: the folder is not the published one; the message says what is missing or which class is unknown.
    """
    sources: list[SourceImage] = []
    for split in SPLITS:
        names, pairs = _published_split(folder, split)
        unknown = [name for name in names if name not in REGION_OF_NAME]
        if unknown:
            raise DatasetError(f"{folder / 'data.yaml'} names a class that is not the Kaggle set's: {unknown[0]}.")
        sources += [
            SourceImage(KAGGLE, split, image, label, names, stem=_stem(KAGGLE, image)) for image, label in pairs
        ]
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
        SourceImage(FRACATLAS, split, image, label, (FRACTURED,), tags[image.name], stem=_stem(FRACATLAS, image))
        for split, image, label in found
    ]


def _stem(origin: Origin, image: Path) -> str:
    return f"{origin.name}-{image.stem}"


def _published_split(folder: Path, split: str) -> tuple[tuple[str, ...], list[tuple[Path, Path]]]:
    """The class names, and every image of a published split with its label file.

    Raises:
        DatasetError: an image has no label file or a label file no image, which shows a broken download.
    """
    description = read_description(folder / "data.yaml")
    sources = images_of(description, split)
    if not sources:
        raise DatasetError(f"{description.file} names no folder for the split {split}.")
    pairs = pairs_by_path([image for _, images in sources for image in images], folder)
    labels = label_folder(sources[0][0])
    if not labels.is_dir():
        raise DatasetError(f"The folder {labels} is missing.")
    complete = [(pair.image, pair.label) for pair in pairs if pair.label]
    if len(complete) < len(pairs):
        alone = next(pair.image for pair in pairs if not pair.label)
        raise DatasetError(f"The image {alone} has no label file in {labels}.")
    if lost := orphans([pair.image for pair in pairs], folder, {pair.label for pair in pairs}, split):
        raise DatasetError(f"The label file {lost[0].path} belongs to no image in {sources[0][0]}.")
    if len({label for _, label in complete}) < len(complete):
        raise DatasetError(f"Two images in {sources[0][0]} share one label file.")
    return description.names, complete


def _arranged(folder: Path) -> list[tuple[str, Path, Path]]:
    found = []
    for split in SPLITS:
        names, pairs = _published_split(folder, split)
        if names != (FRACTURED,):
            raise DatasetError(f"{folder / 'data.yaml'} names other classes than the one of FracAtlas, {FRACTURED}.")
        found += [(split, image, label) for image, label in pairs]
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
