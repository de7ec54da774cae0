"""Verification of a prepared data set against its manifest."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.errors import DatasetError
from app.files import sha256_of
from app.learning.datasets.dataset import Dataset, LabelledImage
from app.learning.progress import Progress

MANIFEST = "manifest.json"


def check_manifest(data_yaml: Path, splits: Sequence[Dataset], progress: Progress) -> str:
    """Identify the content of a data set by a SHA-256, once every file was found to be the one its manifest lists.

    It is that of the manifest beside `data_yaml`, or, for a raw set without one, of all images and label files.

    Raises:
        DatasetError: a file differs from the manifest, is missing from it, or the manifest is unreadable.
    """
    path = data_yaml.parent / MANIFEST
    images = [image for split in splits for image in split.images]
    if not path.is_file():
        return _content_sha256(data_yaml, images, progress)
    entries = _entries(path)
    for number, image in enumerate(images, start=1):
        entry = entries.get(str(image.path.resolve()))
        if entry is None:
            raise DatasetError(f"The image {image.path} is not in {path}.")
        label = data_yaml.parent / entry["label"]
        if _sha256(image.path) != entry["image_sha256"] or _sha256(label) != entry["label_sha256"]:
            raise DatasetError(f"{image.path} or its label is not what {path} says; prepare the data set again.")
        progress("checking the manifest", number, len(images))
    return _sha256(path)


def _content_sha256(data_yaml: Path, images: Sequence[LabelledImage], progress: Progress) -> str:
    digest = hashlib.sha256(data_yaml.read_bytes())
    for number, image in enumerate(images, start=1):
        for file in (image.path, image.label):
            digest.update(_sha256(file).encode() if file else b"-")
        progress("hashing the data set", number, len(images))
    return digest.hexdigest()


def groups_of(dataset: Dataset) -> list[str]:
    """The set that each image comes from, as the manifest of a prepared set says; "set" where there is none."""
    origins: dict[Path, dict[str, str]] = {}
    found = []
    for image in dataset.images:
        folder = image.path.parents[2] if len(image.path.parents) > 2 else image.path.parent
        if folder not in origins:
            path = folder / MANIFEST
            entries = _entries(path) if path.is_file() else {}
            origins[folder] = {
                Path(key).name: str(entry.get("origin") or _origin_in_name(key)) for key, entry in entries.items()
            }
        found.append(origins[folder].get(image.path.name) or _origin_in_name(image.path.name))
    return found


def _origin_in_name(name: str) -> str:
    """The published set that a prepared file is named after."""
    return next((origin for origin in ("kaggle", "fracatlas") if Path(name).name.startswith(f"{origin}-")), "set")


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
        raise DatasetError(f"The file {path} of the data set is missing.") from None
