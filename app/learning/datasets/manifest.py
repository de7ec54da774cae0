"""Verification of a prepared data set against its manifest."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.errors import DatasetError
from app.files import sha256_of
from app.learning.datasets.dataset import Dataset
from app.learning.progress import Progress

MANIFEST = "manifest.json"


def check_manifest(data_yaml: Path, splits: Sequence[Dataset], progress: Progress) -> str:
    """The SHA-256 of the manifest beside `data_yaml`, once every file was found to be the one it lists.

    A raw set without a manifest gives "".

    Raises:
        DatasetError: a file differs from the manifest, is missing from it, or the manifest is unreadable.
    """
    path = data_yaml.parent / MANIFEST
    if not path.is_file():
        return ""
    entries = _entries(path)
    images = [image for split in splits for image in split.images]
    for number, image in enumerate(images, start=1):
        entry = entries.get(str(image.path.resolve()))
        if entry is None:
            raise DatasetError(f"The image {image.path} is not in {path}.")
        label = data_yaml.parent / entry["label"]
        if _sha256(image.path) != entry["image_sha256"] or _sha256(label) != entry["label_sha256"]:
            raise DatasetError(f"{image.path} or its label is not what {path} says; prepare the data set again.")
        progress("checking the manifest", number, len(images))
    return _sha256(path)


def groups_of(dataset: Dataset) -> list[str]:
    """The origin of each image, which a prepared set writes in front of its file name; else "set"."""
    known = ("kaggle", "fracatlas")
    return [next((name for name in known if image.path.name.startswith(f"{name}-")), "set") for image in dataset.images]


def _entries(path: Path) -> dict[str, dict[str, Any]]:
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        return {str((path.parent / entry["image"]).resolve()): entry for entry in files}
    except (OSError, ValueError, KeyError, TypeError):
        raise DatasetError(f"The data manifest {path} is unreadable.") from None


def _sha256(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError:
        raise DatasetError(f"The file {path} of the data manifest is missing.") from None
