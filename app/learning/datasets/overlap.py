"""Images that training and validation share, which makes validation figures too good."""

import json
from collections.abc import Sequence
from pathlib import Path

from app.files import sha256_of
from app.learning.datasets.dataset import Dataset, LabelledImage
from app.learning.datasets.images import load_grey, shrink_to
from app.learning.datasets.manifest import MANIFEST
from app.learning.likeness.near_duplicates import find_near_duplicates, group
from app.learning.progress import Progress

_THUMBNAIL_PX = 160
# The search compares all with all; beyond this, it is left to the preparation of the set.
_MOST_COMPARED = 3000


def overlap_warnings(data_yaml: Path, train: Dataset, val: Dataset, progress: Progress) -> list[str]:
    """Sentences about validation images that training shows too, by file and by likeness; [] when there are none."""
    manifest = data_yaml.parent / MANIFEST
    if manifest.is_file():
        return _of_prepared(manifest)
    shared = _same_files(train, val)
    warnings = []
    if shared:
        warnings.append(
            f"{len(shared)} of {len(val.images)} validation images are training images too: validation figures will "
            "be too good."
        )
    others = [image for number, image in enumerate(val.images) if number not in shared]
    if len(train.images) + len(others) > _MOST_COMPARED:
        return [*warnings, "Too many images to look for near-duplicates here; scripts.prepare_data does."]
    if alike := _alike(train.images, others, progress):
        warnings.append(
            f"{alike} of {len(val.images)} validation images look like a training image: validation figures may be "
            "too good."
        )
    return warnings


def _same_files(train: Dataset, val: Dataset) -> set[int]:
    known = {sha256_of(image.path) for image in train.images}
    return {number for number, image in enumerate(val.images) if sha256_of(image.path) in known}


def _alike(train: Sequence[LabelledImage], val: Sequence[LabelledImage], progress: Progress) -> int:
    small = [shrink_to(load_grey(image.path), _THUMBNAIL_PX)[0] for image in (*train, *val)]
    groups = group(len(small), find_near_duplicates(small, progress))
    in_training = set(groups[: len(train)])
    return sum(number in in_training for number in groups[len(train) :])


def _of_prepared(manifest: Path) -> list[str]:
    content = json.loads(manifest.read_text(encoding="utf-8"))
    removed = {"same-file", "same-patient", "near-duplicate"}
    kept = content.get("leaks", 0) - sum(entry.get("reason") in removed for entry in content.get("set_aside", []))
    if kept <= 0:
        return []
    return [
        f"{kept} training images show a validation image or its patient again (--keep-leaks): figures are too good."
    ]
