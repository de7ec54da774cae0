"""A department's own sets as sources of a prepared set: classes by policy, patients by rule."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import DatasetError
from app.learning.datasets.policy import NameCount, Policy, applied, count_names, undecided
from app.learning.layouts.annotations import SPLITS, TEST, UNDECIDED, VAL, AnnotatedSet, Fault
from app.learning.layouts.reader import read_set
from app.learning.preparation.patients import GroupBy, patients_of
from app.learning.preparation.sources import Origin, SourceImage


@dataclass(frozen=True)
class OwnSets:
    """Contribution of own sets.

    images: usable images and faults alike. names: class names of the prepared set, in the order of the sets.
    findings: those of them that are no fracture. test_images: how many belong to test parts, which stay out.
    known: the class names as the sets spell them.
    """

    images: tuple[SourceImage, ...]
    names: tuple[str, ...]
    findings: tuple[str, ...]
    test_images: int
    known: tuple[str, ...] = ()


class UndecidedNames(DatasetError):
    """Class names that are not plainly fractures, and no policy for them.

    counts: every class name with its boxes. open_names: those that need a choice.
    """

    def __init__(self, counts: Sequence[NameCount], open_names: Sequence[NameCount]) -> None:
        self.counts, self.open_names = tuple(counts), tuple(open_names)
        super().__init__(f"Not plainly fractures: {', '.join(count.name for count in open_names)}.")


def read_own(folders: Sequence[Path], policy: Policy, group_by: GroupBy | None) -> OwnSets:
    """Read own sets.

    Raises:
        UndecidedNames: a class name with boxes is not plainly a fracture, and the policy does not name it.
        DatasetError: a set cannot be read, or the rule for patients fits none of its images.
    """
    sets = [read_set(folder) for folder in folders]
    decided = {name for one in sets if one.findings is not None for name in one.names}
    counts = count_names(sets)
    if open_names := undecided(counts, policy, decided):
        raise UndecidedNames(counts, open_names)
    images: list[SourceImage] = []
    for one, origin in zip(sets, _origins(sets), strict=True):
        images += _sources(one, origin, policy, group_by)
    used = [count.name for count in counts if count.boxes or policy.covers(count.name) or count.name in decided]
    names = dict.fromkeys(region for name in used if (region := policy.region_of(name)))
    kept_findings = {name for one in sets for name in one.findings or () if name not in policy.choices}
    findings = tuple(name for name in names if policy.is_finding(name) or name in kept_findings)
    test_images = sum(image.split == TEST for one in sets for image in one.images)
    return OwnSets(tuple(images), tuple(names), findings, test_images, tuple(count.name for count in counts))


def refuse_nested(folders: Sequence[Path], out: Path) -> None:
    """Refuse an output folder inside a set, or around it.

    Raises:
        DatasetError: the prepared files would become part of their own source.
    """
    target = out.resolve()
    for folder in folders:
        source = folder.resolve()
        if target.is_relative_to(source) or source.is_relative_to(target):
            raise DatasetError(f"The output {out} and the data set {folder} lie inside one another; choose another.")


def _sources(one: AnnotatedSet, origin: Origin, policy: Policy, group_by: GroupBy | None) -> list[SourceImage]:
    patients = patients_of(one, group_by)
    divided = any(image.split == VAL for image in one.images)
    images = [image for image in one.images if image.split != TEST]
    stems = _Stems(origin.name, [image.path for image in images], one.root)
    found = []
    for image in images:
        split = image.split if divided and image.split in SPLITS else UNDECIDED
        boxes, stem = applied(image.boxes, policy), stems.of(image.path)
        patient = f"{origin.name}:{patients[image.path]}" if image.path in patients else ""
        found.append(SourceImage(origin, split, image.path, image.label, boxes=boxes, patient=patient, stem=stem))
    faults = [fault for fault in one.faults if fault.split != TEST]
    return found + [_faulty(fault, origin, divided) for fault in faults]


def _faulty(fault: Fault, origin: Origin, divided: bool) -> SourceImage:
    split = fault.split if divided else UNDECIDED
    return SourceImage(origin, split, fault.path, None, boxes=(), fault=fault)


def _origins(sets: Sequence[AnnotatedSet]) -> list[Origin]:
    taken = {"kaggle", "fracatlas"}
    origins = []
    for one in sets:
        name = base = _slug(one.root.name) or "own"
        number = 2
        while name in taken:
            name, number = f"{base}-{number}", number + 1
        taken.add(name)
        origins.append(Origin(name, one.root.name, "own images", "not stated"))
    return origins


class _Stems:
    """Names for the files of one set: the image's own where it is unique, else with its folders."""

    def __init__(self, prefix: str, paths: Sequence[Path], root: Path) -> None:
        self._prefix, self._root = prefix, root
        self._count = Counter(_slug(path.stem).lower() for path in dict.fromkeys(paths))
        self._taken: dict[str, Path] = {}

    def of(self, path: Path) -> str:
        """The stem for one image; the same image gets the same one again, in each split."""
        stem = _slug(path.stem)
        if self._count[stem.lower()] > 1 and path.is_relative_to(self._root):
            stem = _slug(path.relative_to(self._root).with_suffix("").as_posix().replace("/", "-"))
        name = base = f"{self._prefix}-{stem}"
        number = 2
        while self._taken.get(name.lower(), path) != path:
            name, number = f"{base}-{number}", number + 1
        self._taken[name.lower()] = path
        return name


def _slug(text: str) -> str:
    return re.sub(r"[^\w.-]+", "_", text).strip("._-")
