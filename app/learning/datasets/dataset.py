"""Labelled radiographs as training and evaluation take them, from raw or prepared data sets.

A data set is a folder with a `data.yaml`; `app.learning.layouts` knows how folders and label files may lie. An image
without a row of labels shows no fracture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import DatasetError
from app.learning.datasets.class_names import denies_fracture, is_plainly_fracture
from app.learning.datasets.images import size_wh_of
from app.learning.layouts.annotations import AnnotatedImage, AnnotatedSet, Fault
from app.learning.layouts.description import SPLIT_NAMES, read_description
from app.learning.layouts.yolo import read_yolo

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
_MOST_FAULTS_LISTED = 20


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """One image and its annotated boxes.

    regions: the name of each box's region.
    boxes_px: (N, 4) float64, x1 y1 x2 y2 in pixels of the upright image, inside it.
    size_wh: width and height of the upright image in pixels.
    label: the file that the boxes come from; None for an image without one.
    findings: class names of its set that are no fracture.
    """

    path: Path
    regions: tuple[str, ...]
    boxes_px: NDArray[np.float64]
    size_wh: tuple[int, int]
    label: Path | None = None
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Dataset:
    """One split of a data set.

    regions: every class name, in the order of the set.
    findings: those of them that are no fracture.
    """

    regions: tuple[str, ...]
    images: tuple[LabelledImage, ...]
    findings: tuple[str, ...] = ()

    @property
    def fracture_regions(self) -> tuple[str, ...]:
        """The class names that mean a fracture."""
        return tuple(region for region in self.regions if region not in self.findings)

    def has_fracture(self, image: LabelledImage) -> bool:
        """Whether a box of an image is a fracture."""
        return any(region not in self.findings for region in image.regions)


def read_dataset(data_yaml: Path, split: str, *, any_name: bool = False) -> Dataset:
    """Read one split ("train", "val" or "test"; "valid" is "val").

    any_name: take class names for fractures although none of them plainly means one, because the caller says that
        every box is one. Beside a name that plainly does, others stay in doubt.

    Raises:
        DatasetError: a file or folder is missing, a label has no image, a row is wrong, or a class is not plainly a
            fracture; the message names every file.
    """
    chosen = next((name for name, aliases in SPLIT_NAMES.items() if split in aliases), None)
    if chosen is None:
        raise DatasetError(f"There is no split called {split}; choose train, val or test.")
    description = read_description(data_yaml)
    if not description.entries[chosen]:
        raise DatasetError(f"{data_yaml} names no folder for the split {split}.")
    found = read_yolo(description, [chosen])
    _refuse_faults(found.faults)
    to_region = _regions_by_name(found, data_yaml, any_name)
    images = tuple(_labelled(image, to_region, found.findings or ()) for image in found.images)
    return Dataset(tuple(dict.fromkeys(to_region.values())), images, found.findings or ())


def regions_of(names: Sequence[str]) -> dict[str, str]:
    """Region by class name: the Kaggle set's seven names are six regions; the names of other sets stay as they are."""
    if set(names) == set(REGION_OF_NAME):
        return {name: REGION_OF_NAME[name] for name in sorted(names, key=lambda n: REGIONS.index(REGION_OF_NAME[n]))}
    return {name: name for name in names}


def _regions_by_name(found: AnnotatedSet, data_yaml: Path, any_name: bool) -> dict[str, str]:
    if found.findings is not None:
        return {name: name for name in found.names}
    used = {box.name for image in found.images for box in image.boxes}
    plain = [name for name in found.names if is_plainly_fracture(name)]
    if any_name and not plain:
        plain = [name for name in found.names if not denies_fracture(name)]
    unclear = [name for name in found.names if name in used and name not in plain]
    if unclear:
        raise DatasetError(
            f"{data_yaml}: {', '.join(unclear)} may not mean a fracture, and would count as one. Say what each class "
            f"is: python -m scripts.prepare_data --own {data_yaml.parent} --out OUT"
        )
    return regions_of(plain or found.names)


def _refuse_faults(faults: Sequence[Fault]) -> None:
    if not faults:
        return
    lines = [f"{fault.path}: {fault.detail}" for fault in faults[:_MOST_FAULTS_LISTED]]
    if len(faults) > _MOST_FAULTS_LISTED:
        lines.append(f"and {len(faults) - _MOST_FAULTS_LISTED} more; prepare_data --own sets them aside and lists all.")
    elif len(faults) > 1:
        lines.append(f"{len(faults)} files cannot be used; prepare_data --own sets them aside and lists them.")
    raise DatasetError("\n".join(lines))


def _labelled(image: AnnotatedImage, to_region: dict[str, str], findings: tuple[str, ...]) -> LabelledImage:
    width, height = size_wh_of(image.path)
    boxes = np.array([box.box for box in image.boxes], dtype=np.float64).reshape(-1, 4)
    regions = tuple(to_region[box.name] for box in image.boxes)
    return LabelledImage(
        image.path, regions, boxes * (width, height, width, height), (width, height), image.label, findings
    )
