"""Sets without a usable `data.yaml`: labels are found by path or by name, as in GRAZPEDWRI-DX and Pascal VOC."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from app.errors import DatasetError
from app.learning.layouts.annotations import TRAIN, UNDECIDED, VAL, AnnotatedSet, Fault
from app.learning.layouts.files import files_under, images_under, is_label, label_paths, read_text
from app.learning.layouts.label_files import names_in_voc
from app.learning.layouts.splits import split_in_path
from app.learning.layouts.yolo import Pair, annotate

_CLASS_LISTS = ("classes.txt", "obj.names", "predefined_classes.txt", "labels.txt")
# The table of GRAZPEDWRI-DX (Nagy et al., Scientific Data 2022): one row per image.
_TABLE, _STEM, _PATIENT = "dataset.csv", "filestem", "patient_id"


def read_loose(root: Path, names: Sequence[str] | None) -> AnnotatedSet:
    """Every image under a folder with the label file that its path, or else its name alone, leads to.

    names: the class list, where a description gives one; else it is taken from `classes.txt` or from the VOC files.

    Raises:
        DatasetError: there is no image, or no label belongs to one.
    """
    images = images_under(root)
    labels = [path for path in files_under(root) if is_label(path) and not _is_list(path)]
    if not images:
        raise DatasetError(f"No image in {root}.")
    pairs = _pairs(images, labels, root)
    if all(pair.label is None for pair in pairs):
        raise DatasetError(_nothing_fits(root, labels))
    texts = [path for path in labels if path.suffix.lower() == ".txt"]
    known = tuple(names or _listed_names(root) or ()) or _numbered(texts) + names_in_voc(labels)
    lists, patients = _image_sets(root), _patients(root)
    good, bad = annotate(pairs, UNDECIDED, known)
    used = {pair.label for pair in pairs}
    bad += [Fault(path, "label-without-image", f"The label file {path.name} belongs to no image.")
            for path in labels if path not in used]  # fmt: skip

    def split(path: Path) -> str:
        return lists.get(path.stem) or split_in_path(path, root)

    return AnnotatedSet(
        root,
        known,
        tuple(replace(i, split=split(i.path), patient=patients.get(i.path.stem, "")) for i in good),
        tuple(replace(fault, split=split(fault.path)) for fault in bad),
    )


def _pairs(images: Sequence[Path], labels: Iterable[Path], root: Path) -> list[Pair]:
    by_path = set(labels)
    by_stem: dict[str, list[Path]] = {}
    for path in sorted(by_path):
        by_stem.setdefault(path.stem, []).append(path)
    found = []
    for image in images:
        near = next((path for path in label_paths(image, root) if path in by_path), None)
        same = by_stem.get(image.stem, [])
        # GRAZPEDWRI-DX has each image's labels twice, as YOLO rows and as Pascal VOC.
        same = [path for path in same if path.suffix.lower() == ".txt"] or same
        found.append(Pair(image, near or (same[0] if len(same) == 1 else None)))
    return found


def _nothing_fits(root: Path, labels: Sequence[Path]) -> str:
    if labels:
        return f"None of the {len(labels)} label files in {root} fits an image; are they the labels of another set?"
    return f"There are images in {root}, and no labels: no text files, no Pascal VOC, no COCO JSON."


def _is_list(path: Path) -> bool:
    """Lists of images, such as `train.txt` and the ImageSets of Pascal VOC, are no labels."""
    return path.stem in ("train", "val", "valid", "test", "trainval") and path.suffix.lower() == ".txt"


def _listed_names(root: Path) -> tuple[str, ...]:
    for path in files_under(root):
        if path.name.lower() in _CLASS_LISTS:
            lines = [line.strip() for line in read_text(path).splitlines()]
            if names := tuple(line for line in lines if line):
                return names
    return ()


def _numbered(texts: Sequence[Path]) -> tuple[str, ...]:
    """Names for classes that are only numbered, so that a policy can name them."""
    highest = -1
    for path in texts:
        for line in read_text(path).splitlines():
            first = (line.split() or [""])[0].removesuffix(".0")
            highest = max(highest, int(first)) if first.isdigit() and len(first) < 4 else highest
    return tuple(f"class {number}" for number in range(highest + 1))


def _image_sets(root: Path) -> dict[str, str]:
    """The split of each image by its stem, from the lists of Pascal VOC.

    Source: the development kit of PASCAL VOC 2012, section 6 (ImageSets/Main).
    """
    found: dict[str, str] = {}
    for path in files_under(root):
        if path.stem in (TRAIN, VAL) and path.suffix == ".txt" and path.parent.name in ("Main", "ImageSets"):
            found |= {line.split()[0]: path.stem for line in read_text(path).splitlines() if line.strip()}
    return found


def _patients(root: Path) -> dict[str, str]:
    table = root / _TABLE
    if not table.is_file():
        return {}
    rows = list(csv.DictReader(read_text(table).splitlines()))
    if not rows or _STEM not in rows[0] or _PATIENT not in rows[0]:
        return {}
    return {row[_STEM]: row[_PATIENT] or "" for row in rows}
