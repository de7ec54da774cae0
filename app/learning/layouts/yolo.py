"""YOLO data sets with a `data.yaml`: ultralytics' documented layout, Roboflow's, lists of folders, text lists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import DatasetError
from app.learning.layouts.annotations import AnnotatedImage, AnnotatedSet, Fault
from app.learning.layouts.description import SPLIT_NAMES, Description, images_of
from app.learning.layouts.files import files_under, is_label, label_folder, label_paths
from app.learning.layouts.label_files import read_label


@dataclass(frozen=True)
class Pair:
    """An image file and its label file; None where it has none, which means that nothing is annotated on it."""

    image: Path
    label: Path | None


def read_yolo(description: Description, splits: Sequence[str], within: Path | None = None) -> AnnotatedSet:
    """The images of some splits, with every fault that their files have.

    within: the folder that the set must not leave, see `images_of`.

    Raises:
        DatasetError: a folder or list is missing, holds no image, lies outside the set, or none of its labels fits.
    """
    root = within or description.file.parent
    pairs = {split: pairs_of(description, split, within) for split in splits}
    others = [split for split in SPLIT_NAMES if split not in splits]
    known = {pair.label for found in pairs.values() for pair in found} | _labels_elsewhere(description, others, within)
    images: list[AnnotatedImage] = []
    faults: list[Fault] = []
    for split, found in pairs.items():
        good, bad = annotate(found, split, description.names)
        images += good
        faults += bad + orphans([pair.image for pair in found], root, known, split)
    return AnnotatedSet(root, description.names, tuple(images), tuple(faults), description.findings)


def pairs_of(description: Description, split: str, within: Path | None = None) -> list[Pair]:
    """Every image of a split with its label file.

    Raises:
        DatasetError: the split is empty, its label folder is missing, or no label belongs to an image of it.
    """
    root = within or description.file.parent
    sources = images_of(description, split, within)
    images = list(dict.fromkeys(path for _, found in sources for path in found))
    if sources and not images:
        raise DatasetError(f"No image in {', '.join(str(source) for source, _ in sources)}.")
    found = pairs_by_path(images, root)
    if images and all(pair.label is None for pair in found):
        _refuse_unlabelled(sources[0][0], images, root)
    return found


def pairs_by_path(images: Iterable[Path], root: Path) -> list[Pair]:
    """Each image with the label file that its path leads to."""
    return [Pair(image, next((p for p in label_paths(image, root) if is_label(p) and p.exists()), None))
            for image in images]  # fmt: skip


def annotate(
    pairs: Sequence[Pair], split: str, names: Sequence[str] | None
) -> tuple[list[AnnotatedImage], list[Fault]]:
    """Parse the label files of one split; an image whose labels are wrong is a fault, not an image without findings."""
    images: list[AnnotatedImage] = []
    faults: list[Fault] = []
    users: dict[Path, int] = {}
    for pair in pairs:
        if pair.label:
            users[pair.label] = users.get(pair.label, 0) + 1
    for pair in pairs:
        if not pair.image.exists() and not pair.image.is_symlink():
            faults.append(Fault(pair.image, "missing-image", f"The image {pair.image.name} is missing.", split))
            continue
        if pair.label and users[pair.label] > 1:
            faults.append(Fault(pair.image, "shared-label", f"{pair.image.name} shares its label file.", split))
            continue
        try:
            boxes = read_label(pair.label, names) if pair.label else ()
        except DatasetError as error:
            faults.append(Fault(pair.image, "bad-label", str(error), split))
            continue
        images.append(AnnotatedImage(pair.image, split, boxes, pair.label))
    return images, faults


def orphans(images: Sequence[Path], root: Path, known: set[Path | None], split: str) -> list[Fault]:
    """Label files beside those of `images` that belong to no image."""
    homes = {path.parent for image in images for path in label_paths(image, root)}
    lost = [path for home in sorted(homes) if home.is_dir() for path in sorted(home.iterdir())
            if is_label(path) and path not in known]  # fmt: skip
    return [
        Fault(path, "label-without-image", f"The label file {path.name} belongs to no image.", split) for path in lost
    ]


def _labels_elsewhere(description: Description, splits: Sequence[str], within: Path | None) -> set[Path | None]:
    found: set[Path | None] = set()
    for split in splits:
        try:
            found |= {pair.label for pair in pairs_of(description, split, within)}
        except DatasetError:
            continue  # a split that is not needed may be missing
    return found


def _refuse_unlabelled(source: Path, images: Sequence[Path], root: Path) -> None:
    homes = {path.parent for image in images for path in label_paths(image, root)}
    labels = [path for home in homes if home.is_dir() for path in files_under(home) if is_label(path)]
    if labels:
        raise DatasetError(
            f"None of the {len(labels)} label files fits an image in {source}; are they the labels of another set?"
        )
    if not any(home.is_dir() for home in homes if home not in {image.parent for image in images}):
        raise DatasetError(f"The folder {label_folder(source)} is missing.")
