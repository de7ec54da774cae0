"""Published and own data sets → one checked data set with a manifest.

The same input gives the same output byte for byte. What cannot be used is set aside by name, never silently dropped;
so is a training image that shows a validation image or its patient again, since it would make the figures lie.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.errors import DatasetError
from app.files import write_whole
from app.learning.datasets.dataset import REGIONS
from app.learning.datasets.images import load_grey, shrink_to
from app.learning.datasets.manifest import MANIFEST
from app.learning.layouts.annotations import UNDECIDED
from app.learning.likeness.near_duplicates import Pair, find_near_duplicates
from app.learning.preparation.division import Leak, Member, draw_splits, exposures, find_leaks
from app.learning.preparation.examine import Examined, examine_all
from app.learning.preparation.prepared_files import (
    PAIRS,
    PREVIEW,
    Item,
    description,
    image_path,
    manifest_of,
    pair_table,
    refuse_other_files,
    write_all,
)
from app.learning.preparation.preview import preview_page
from app.learning.preparation.region_labeller import RegionLabeller
from app.learning.preparation.sources import SourceImage
from app.learning.progress import Progress

DESCRIPTION = "data.yaml"
_NOTES, _FOUND = ".examined.jsonl", ".near_duplicates.json"
_THUMBNAIL_PX = 160


@dataclass(frozen=True)
class Classes:
    """Class names that own sets bring along, in order, and those of them that are no fracture.

    kept: names that come first in the prepared set even where no image has a box of them.
    """

    names: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Division:
    """How images without a split are divided, and whether leaking training images are kept.

    val_share: share of the images that go to validation, above 0 and below 1.
    by_dicom: whether the PatientID of DICOM images tells patients apart; de-identified sets often have one for all.
    """

    val_share: float = 0.2
    seed: int = 0
    keep_leaks: bool = False
    by_dicom: bool = False


def prepare(
    images: Sequence[SourceImage],
    out: Path,
    labeller: RegionLabeller | None,
    labelled_by: str,
    progress: Progress,
    *,
    classes: Classes = Classes(),
    division: Division = Division(),
) -> dict[str, Any]:
    """Write the prepared set into `out` and return its manifest; an interrupted run goes on where it was.

    labelled_by: names and hashes the weights behind the labeller, for the record.

    Raises:
        DatasetError: `out` cannot be written, or holds files of something else; those are left as they are.
    """
    if not 0 < division.val_share < 1:
        raise DatasetError(f"The share of validation must lie between 0 and 1, not {division.val_share:g}.")
    items = [Item(image, NOTHING, image.split) for image in images]
    refuse_other_files(items, out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        examined = examine_all(images, out / _NOTES, labeller, labelled_by, progress)
        items = [replace(item, found=found) for item, found in zip(items, examined, strict=True)]
        pairs = _near_duplicates(items, out / _FOUND, progress)
        items = _divided(items, pairs, classes.findings, division)
        members = _members(items, classes.findings, division.by_dicom)
        groups = exposures(members, pairs, len(items))
        leaks = find_leaks(members, groups, pairs)
        if division.by_dicom and not any(item.found.patient for item in items):
            raise DatasetError("--group-by dicom: no image has a PatientID.")
        kept = items if division.keep_leaks else _without(items, leaks)
        names = _class_names(kept, classes)
        (out / DESCRIPTION).unlink(missing_ok=True)
        entries = write_all(kept, [image_path(items[first]) for first in groups], names, out, progress)
        own = any(item.source.boxes is not None for item in items)
        findings = tuple(name for name in classes.findings if name in names)
        manifest = manifest_of(
            kept, pairs, entries, leaks, names=names, findings=findings, labelled_by=labelled_by if labeller else ""
        )
        write_whole(out / PAIRS, pair_table(items, pairs))
        write_whole(out / PREVIEW, preview_page(kept, items, pairs, manifest, progress))
        write_whole(out / DESCRIPTION, description(names, findings if own else None))
        write_whole(out / MANIFEST, json.dumps(manifest, indent=1) + "\n")
        for name in (_NOTES, _FOUND):
            (out / name).unlink(missing_ok=True)
    except OSError as error:
        raise DatasetError(f"The data set cannot be written to {out}: {error.strerror or error}.") from None
    return manifest


NOTHING = Examined("", "", (0, 0), (), None)


def _near_duplicates(items: Sequence[Item], notes: Path, progress: Progress) -> list[Pair]:
    """Pairs by number in `items`; taken from `notes` when an interrupted run with the same images found them."""
    usable = [number for number, item in enumerate(items) if item.found.problem is None]
    key = hashlib.sha256("".join(items[number].found.image_sha256 for number in usable).encode()).hexdigest()
    if (noted := _noted(notes, key)) is not None:
        return noted
    small = []
    for done, number in enumerate(usable, start=1):
        small.append(shrink_to(load_grey(items[number].source.image), _THUMBNAIL_PX)[0])
        progress("making thumbnails", done, len(usable))
    found = find_near_duplicates(small, progress)
    pairs = [Pair(usable[pair.one], usable[pair.other], pair.likeness) for pair in found]
    rows = [[pair.one, pair.other, pair.likeness] for pair in pairs]
    write_whole(notes, json.dumps({"key": key, "pairs": rows}))
    return pairs


def _noted(notes: Path, key: str) -> list[Pair] | None:
    if not notes.is_file():
        return None
    content = json.loads(notes.read_text(encoding="utf-8"))
    return [Pair(*row) for row in content["pairs"]] if content["key"] == key else None


def _members(items: Sequence[Item], findings: Sequence[str], by_dicom: bool) -> dict[int, Member]:
    return {
        number: Member(
            item.split,
            any(box.region not in findings for box in item.found.boxes),
            item.source.patient or (item.found.patient if by_dicom else ""),
            item.found.image_sha256,
        )
        for number, item in enumerate(items)
        if item.found.problem is None
    }


def _divided(items: Sequence[Item], pairs: Sequence[Pair], findings: Sequence[str], division: Division) -> list[Item]:
    """The items with a split each; what cannot be used and has none counts as training, where it is listed."""
    if all(item.split != UNDECIDED for item in items):
        return list(items)
    drawn = draw_splits(
        _members(items, findings, division.by_dicom), pairs, len(items), division.val_share, division.seed
    )
    return [replace(item, split=item.split or drawn.get(number, "train")) for number, item in enumerate(items)]


def _without(items: Sequence[Item], leaks: Sequence[Leak]) -> list[Item]:
    """The items; a training image that leaks now has that as its problem."""
    kept = list(items)
    for leak in leaks:
        words = _LEAKS[leak.reason](image_path(items[leak.other]), leak.likeness)
        found = replace(items[leak.number].found, problem=words, reason=leak.reason)
        kept[leak.number] = replace(items[leak.number], found=found)
    return kept


def _near_duplicate(other: str, likeness: float) -> str:
    how = f"likeness {likeness:.2f}" if likeness else "through a copy in training"
    return f"A near-duplicate of {other} in validation ({how})."


_LEAKS: Mapping[str, Callable[[str, float], str]] = {
    "same-file": lambda other, _: f"The same file as {other} in validation.",
    "same-patient": lambda other, _: f"The patient of {other} in validation.",
    "near-duplicate": _near_duplicate,
}


def _class_names(items: Sequence[Item], classes: Classes) -> tuple[str, ...]:
    """The regions of the published sets where one takes part; of an own set's names those that have a box."""
    used = {box.region for item in items if item.found.problem is None for box in item.found.boxes}
    published = REGIONS if any(item.source.boxes is None for item in items) else ()
    own = [name for name in classes.names if name in used] or ([] if published else list(classes.names))
    return tuple(dict.fromkeys((*classes.kept, *published, *own))) or ("fracture",)
