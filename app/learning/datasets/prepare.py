"""Published data sets → one checked data set with eight regions and a manifest.

The same input gives the same output byte for byte. What cannot be used is set aside by name, never silently dropped;
so is a training image that is a near-duplicate of a validation image, since it would make the figures lie.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from app.errors import DatasetError
from app.files import sha256_of, write_whole
from app.learning.datasets.dataset import REGIONS
from app.learning.datasets.examine import Examined, examine_all
from app.learning.datasets.images import load_grey, shrink_to
from app.learning.datasets.near_duplicates import LEAST_LIKENESS, Pair, find_near_duplicates, group
from app.learning.datasets.region_labeller import RegionLabeller
from app.learning.datasets.sources import SPLITS, SourceImage
from app.learning.progress import Progress

MANIFEST, DESCRIPTION, PAIRS = "manifest.json", "data.yaml", "near_duplicates.csv"
_NOTES, _FOUND = ".examined.jsonl", ".near_duplicates.json"
_THUMBNAIL_PX = 160
_COLUMNS = ("one", "other", "split_one", "split_other", "likeness")


@dataclass(frozen=True)
class _Item:
    """A published image, what was found in it, and where it goes."""

    source: SourceImage
    found: Examined
    stem: str


def prepare(
    images: Sequence[SourceImage],
    out: Path,
    labeller: RegionLabeller | None,
    labelled_by: str,
    progress: Progress,
    *,
    keep_leaks: bool = False,
) -> dict[str, Any]:
    """Write the prepared set into `out` and return its manifest; an interrupted run goes on where it was.

    opinion_by: names and hashes the weights behind `opinion`, for the record.
    keep_leaks: keep training images that are near-duplicates of validation images; they are only listed then.

    Raises:
        DatasetError: `out` cannot be written, or holds files of something else; those are left as they are.
    """
    items = [_Item(image, _NOTHING, _stem(image)) for image in images]
    _refuse_other_files(items, out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        examined = examine_all(images, out / _NOTES, labeller, labelled_by, progress)
        items = [replace(item, found=found) for item, found in zip(items, examined, strict=True)]
        pairs = _near_duplicates(items, out / _FOUND, progress)
        groups = group(len(items), pairs)
        kept = items if keep_leaks else _without_leaks(items, groups, pairs)
        entries = _write_all(kept, items, groups, out, progress)
        manifest = _manifest(kept, pairs, entries, labelled_by if labeller else "")
        write_whole(out / PAIRS, _table(items, pairs))
        write_whole(out / DESCRIPTION, yaml.safe_dump(_description(), sort_keys=False).encode())
        write_whole(out / MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
        for name in (_NOTES, _FOUND):
            (out / name).unlink(missing_ok=True)
    except OSError as error:
        raise DatasetError(f"The data set cannot be written to {out}: {error.strerror or error}.") from None
    return manifest


_NOTHING = Examined("", "", (0, 0), (), None)


def _stem(image: SourceImage) -> str:
    return f"{image.origin.name}-{image.image.stem}"


def _image_path(item: _Item) -> str:
    return f"{item.source.split}/images/{item.stem}{item.source.image.suffix.lower()}"


def _label_path(item: _Item) -> str:
    return f"{item.source.split}/labels/{item.stem}.txt"


def _refuse_other_files(items: Sequence[_Item], out: Path) -> None:
    expected = {path for item in items for path in (_image_path(item), _label_path(item))}
    for split in SPLITS:
        for kind in ("images", "labels"):
            for path in sorted((out / split / kind).glob("[!.]*")):
                if path.relative_to(out).as_posix() not in expected:
                    raise DatasetError(f"{path} belongs to another data set; choose an empty folder.")


def _near_duplicates(items: Sequence[_Item], notes: Path, progress: Progress) -> list[Pair]:
    """Pairs by number in `items`; taken from `notes` when an interrupted run with the same images found them."""
    usable = [number for number, item in enumerate(items) if item.found.problem is None]
    key = sha256_of("".join(items[number].found.image_sha256 for number in usable).encode())
    if notes.is_file():
        noted = json.loads(notes.read_text(encoding="utf-8"))
        if noted["key"] == key:
            return [Pair(*row) for row in noted["pairs"]]
    small = []
    for done, number in enumerate(usable, start=1):
        small.append(shrink_to(load_grey(items[number].source.image), _THUMBNAIL_PX)[0])
        progress("making thumbnails", done, len(usable))
    found = find_near_duplicates(small, progress)
    pairs = [Pair(usable[pair.one], usable[pair.other], pair.likeness) for pair in found]
    rows = [[pair.one, pair.other, pair.likeness] for pair in pairs]
    write_whole(notes, json.dumps({"key": key, "pairs": rows}).encode())
    return pairs


def _without_leaks(items: Sequence[_Item], groups: Sequence[int], pairs: Sequence[Pair]) -> list[_Item]:
    """Set aside each training image whose group of near-duplicates holds a validation image.

    Groups, not pairs: a copy of a copy of a validation image leaks as much as a copy does.
    """
    likeness: dict[tuple[int, int], float] = {(p.one, p.other): p.likeness for p in pairs}
    validation: dict[int, list[int]] = {}
    for number, item in enumerate(items):
        if item.source.split == "val":
            validation.setdefault(groups[number], []).append(number)
    kept = list(items)
    for number, item in enumerate(items):
        copies = validation.get(groups[number], [])
        if item.source.split == "train" and copies:
            direct = {n: likeness.get((min(n, number), max(n, number)), 0.0) for n in copies}
            nearest = max(copies, key=lambda n: direct[n])
            how = f"likeness {direct[nearest]:.2f}" if direct[nearest] else "through a copy in training"
            problem = f"A near-duplicate of {_image_path(items[nearest])} in validation ({how})."
            kept[number] = replace(item, found=replace(item.found, problem=problem))
    return kept


def _write_all(
    kept: Sequence[_Item], items: Sequence[_Item], groups: Sequence[int], out: Path, progress: Progress
) -> list[dict[str, Any]]:
    entries = []
    for number, item in enumerate(kept):
        if item.found.problem is None:
            entries.append(_write_one(item, out, _image_path(items[groups[number]])))
        else:
            for path in (_image_path(item), _label_path(item)):
                (out / path).unlink(missing_ok=True)
        progress("writing the data set", number + 1, len(kept))
    return entries


def _write_one(item: _Item, out: Path, group_name: str) -> dict[str, Any]:
    found = item.found
    image, label = out / _image_path(item), out / _label_path(item)
    rows = "".join(f"{REGIONS.index(mark.region)} {_centred(mark.box)}\n" for mark in found.marked)
    for path in (image, label):
        path.parent.mkdir(parents=True, exist_ok=True)
    if not image.is_file() or sha256_of(image) != found.image_sha256:
        write_whole(image, item.source.image.read_bytes())
    write_whole(label, rows.encode())
    return {
        "image": _image_path(item),
        "image_sha256": found.image_sha256,
        "label": _label_path(item),
        "label_sha256": sha256_of(rows.encode()),
        "split": item.source.split,
        "origin": item.source.origin.name,
        "original": item.source.image.name,
        "original_label_sha256": found.label_sha256,
        "size_wh": list(found.size_wh),
        "group": group_name,
        "boxes": [{"region": m.region, "told_by": m.told_by, "share": m.share} for m in found.marked],
    }


def _manifest(
    items: Sequence[_Item], pairs: Sequence[Pair], entries: list[dict[str, Any]], labelled_by: str
) -> dict[str, Any]:
    origins = {item.source.origin.name: item.source.origin for item in items}
    kinds = Counter("-".join(sorted({items[p.one].source.split, items[p.other].source.split})) for p in pairs)
    return {
        "format": 1,
        "regions": list(REGIONS),
        "opinion_by": labelled_by,
        "origins": {name: asdict(origins[name]) for name in sorted(origins)},
        "near_duplicates": {
            "least_likeness": LEAST_LIKENESS,
            "within_train": kinds["train"],
            "within_val": kinds["val"],
            "across": kinds["train-val"],
            "listed_in": PAIRS,
        },
        "set_aside": [
            {
                "original": item.source.image.name,
                "origin": item.source.origin.name,
                "split": item.source.split,
                "problem": item.found.problem,
            }
            for item in items
            if item.found.problem
        ],
        "files": entries,
    }


def _table(items: Sequence[_Item], pairs: Sequence[Pair]) -> bytes:
    """The near-duplicates as CSV: pairs across splits first, then by likeness."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)

    def across(pair: Pair) -> bool:
        return items[pair.one].source.split != items[pair.other].source.split

    for pair in sorted(pairs, key=lambda pair: (not across(pair), -pair.likeness, pair)):
        one, other = items[pair.one], items[pair.other]
        row = (_image_path(one), _image_path(other), one.source.split, other.source.split, f"{pair.likeness:.3f}")
        writer.writerow(row)
    return text.getvalue().encode()


def _description() -> dict[str, Any]:
    return {"train": "train/images", "val": "val/images", "nc": len(REGIONS), "names": list(REGIONS)}


def _centred(box: tuple[float, float, float, float]) -> str:
    x1, y1, x2, y2 = box
    return f"{(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} {x2 - x1:.6f} {y2 - y1:.6f}"
