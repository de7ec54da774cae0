"""Selection of the training images of a run: one copy of each radiograph, and a share for each data set."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from app.errors import DatasetError
from app.learning.datasets.dataset import Dataset, LabelledImage
from app.learning.datasets.manifest import MANIFEST, groups_of

Numbers = NDArray[np.int64]


def one_copy_each(dataset: Dataset, data_yaml: Path, origins: Sequence[str]) -> Dataset:
    """Reduce each group of near-duplicates to one image, for the data sets named in `origins`.

    Published sets hold copies that were turned and sheared; a box around a turned box is larger than the fracture. So
    the copy kept is the one whose boxes cover the smallest share of the image.

    Raises:
        DatasetError: the data set has no manifest, which alone tells the groups.
    """
    if not origins:
        return dataset
    group_of = _groups(data_yaml)
    best: dict[tuple[str, bool], LabelledImage] = {}
    kept = []
    for image, origin in zip(dataset.images, groups_of(dataset), strict=True):
        if origin not in origins:
            kept.append(image)
            continue
        key = (group_of[image.path.name], bool(image.regions))
        if key not in best or _coverage(image) < _coverage(best[key]):
            best[key] = image
    return replace(dataset, images=tuple(sorted([*kept, *best.values()], key=lambda image: image.path)))


def draw_pass(
    fractured: Mapping[str, Numbers],
    normal: Mapping[str, Numbers],
    shares: Mapping[str, float],
    normals: float,
    rng: Generator,
) -> Numbers:
    """Draw the images of one pass in which each data set has its share; shuffled, and none is shown twice.

    fractured, normal: the numbers of the images of each data set. The pass is as long as the scarcest set allows.
    normals: images without a fracture per image with one.
    """
    length = min(len(fractured[name]) / share for name, share in shares.items() if share > 0)
    chosen: list[Numbers] = []
    for name, share in shares.items():
        count = round(length * share)
        chosen.append(rng.choice(fractured[name], min(count, len(fractured[name])), replace=False))
        chosen.append(rng.choice(normal[name], min(round(count * normals), len(normal[name])), replace=False))
    return np.asarray(rng.permutation(np.concatenate(chosen)))


def _coverage(image: LabelledImage) -> float:
    sides = image.boxes_px[:, 2:] - image.boxes_px[:, :2]
    return float(sides.prod(axis=1).sum() / (image.size_wh[0] * image.size_wh[1]))


def _groups(data_yaml: Path) -> dict[str, str]:
    try:
        files = json.loads((data_yaml.parent / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {Path(entry["image"]).name: str(entry["group"]) for entry in files}
    except (OSError, ValueError, KeyError, TypeError):
        raise DatasetError(f"One copy of each radiograph needs the manifest beside {data_yaml}.") from None
