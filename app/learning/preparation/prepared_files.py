"""Files of a prepared data set: images, labels, description, manifest, table of near-duplicates."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from app.drawings import Drawing
from app.errors import DatasetError
from app.files import sha256_of, write_whole
from app.imaging import render_png
from app.learning.datasets.images import load_grey
from app.learning.layouts.annotations import SPLITS, UNDECIDED
from app.learning.likeness.near_duplicates import LEAST_LIKENESS, Pair
from app.learning.preparation.division import Leak
from app.learning.preparation.examine import Examined
from app.learning.preparation.sources import SourceImage
from app.learning.progress import Progress

PAIRS, PREVIEW = "near_duplicates.csv", "preview.html"
FORMAT = 2
_COLUMNS = ("one", "other", "split_one", "split_other", "likeness")
# What browsers and other tools cannot show, or what names a patient, is written as the pixels that were decoded.
_REWRITTEN = ("dicom", "bmp", "webp", "avif", "heif", "jxl")
_SUFFIX_OF = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif"}


@dataclass(frozen=True)
class Item:
    """A source image, the result of its examination, and its split ("" while it is still to be drawn)."""

    source: SourceImage
    found: Examined
    split: str

    @property
    def rewritten(self) -> bool:
        """Whether the prepared file is a PNG of the decoded pixels instead of a copy."""
        return self.found.format in _REWRITTEN


def image_path(item: Item) -> str:
    """The image's path in the prepared set."""
    suffix = item.source.image.suffix.lower()
    if item.source.boxes is not None:
        suffix = ".png" if item.rewritten else _SUFFIX_OF.get(item.found.format, suffix)
    return f"{item.split}/images/{item.source.stem}{suffix}"


def label_path(item: Item) -> str:
    """The label file's path in the prepared set."""
    return f"{item.split}/labels/{item.source.stem}.txt"


def refuse_other_files(items: Sequence[Item], out: Path) -> None:
    """Raise DatasetError where `out` holds an image or label that this set does not have."""
    stems = {split: {item.source.stem for item in items if item.split in (split, UNDECIDED)} for split in SPLITS}
    for split in SPLITS:
        for kind in ("images", "labels"):
            for path in sorted((out / split / kind).glob("*")):
                # A killed run leaves hidden files that were not yet renamed.
                if not path.name.startswith(".") and path.stem not in stems[split]:
                    raise DatasetError(f"{path} belongs to another data set; choose an empty folder.")


def write_all(
    kept: Sequence[Item], group_names: Sequence[str], names: Sequence[str], out: Path, progress: Progress
) -> list[dict[str, Any]]:
    """Write every usable image with its labels, remove what an earlier run left of the others; returns the entries."""
    entries = []
    wanted = {path for item in kept if item.found.problem is None for path in (image_path(item), label_path(item))}
    for split in SPLITS:
        for kind in ("images", "labels"):
            (out / split / kind).mkdir(parents=True, exist_ok=True)
        for path in [*(out / split / "images").glob("*"), *(out / split / "labels").glob("*")]:
            if path.relative_to(out).as_posix() not in wanted:
                path.unlink()
    for number, item in enumerate(kept):
        if item.found.problem is None:
            entries.append(_write_one(item, out, group_names[number], names))
        progress("writing the data set", number + 1, len(kept))
    return entries


def _write_one(item: Item, out: Path, group_name: str, names: Sequence[str]) -> dict[str, Any]:
    found = item.found
    image, label = out / image_path(item), out / label_path(item)
    rows = "".join(f"{names.index(box.region)} {_centred(box.box)}\n" for box in found.boxes)
    digest = found.image_sha256
    if item.rewritten:
        content = render_png(load_grey(item.source.image), Drawing())
        digest = sha256_of(content)
        write_whole(image, content)
    elif not image.is_file() or sha256_of(image) != digest:
        write_whole(image, item.source.image.read_bytes())
    write_whole(label, rows)
    return {
        "image": image_path(item),
        "image_sha256": digest,
        "label": label_path(item),
        "label_sha256": sha256_of(rows.encode()),
        "split": item.split,
        "origin": item.source.origin.name,
        "original": item.source.image.name,
        "original_label_sha256": found.label_sha256,
        "size_wh": list(found.size_wh),
        "group": group_name,
        "boxes": [{"region": box.region, "source": box.source, "share": box.share} for box in found.boxes],
    }


def manifest_of(
    items: Sequence[Item],
    pairs: Sequence[Pair],
    entries: list[dict[str, Any]],
    leaks: Sequence[Leak],
    *,
    names: Sequence[str],
    findings: Sequence[str],
    labelled_by: str,
) -> dict[str, Any]:
    """The record of a prepared set: every file, every image set aside, where everything comes from."""
    origins = {item.source.origin.name: item.source.origin for item in items}
    usable = [pair for pair in pairs if items[pair.one].split and items[pair.other].split]
    kinds = Counter("-".join(sorted({items[pair.one].split, items[pair.other].split})) for pair in usable)
    return {
        "format": FORMAT,
        "regions": list(names),
        "findings": list(findings),
        "inferred_by": labelled_by,
        "origins": {name: asdict(origins[name]) for name in sorted(origins)},
        "near_duplicates": {
            "least_likeness": LEAST_LIKENESS,
            "within_train": kinds["train"],
            "within_val": kinds["val"],
            "across": kinds["train-val"],
            "listed_in": PAIRS,
        },
        "leaks": len(leaks),
        "patients_across": _patients_across(items),
        "set_aside": [
            {
                "original": item.source.image.name,
                "origin": item.source.origin.name,
                "split": item.split,
                "reason": item.found.reason,
                "problem": item.found.problem,
            }
            for item in items
            if item.found.problem
        ],
        "files": entries,
    }


def _patients_across(items: Sequence[Item]) -> int:
    """How many usable training images have the DICOM patient of a validation image."""
    usable = [item for item in items if item.found.problem is None and item.found.patient]
    validation = {item.found.patient for item in usable if item.split == "val"}
    return sum(item.split == "train" and item.found.patient in validation for item in usable)


def summary_of(manifest: dict[str, Any]) -> dict[str, Any]:
    """The counts of a prepared set, as the last line of `scripts.prepare_data` gives them."""
    files, findings = manifest["files"], set(manifest["findings"])
    by_split = {split: [entry for entry in files if entry["split"] == split] for split in SPLITS}
    classes = Counter(box["region"] for entry in files for box in entry["boxes"])
    return {
        "images": {split: len(entries) for split, entries in by_split.items()},
        "fractured": {
            split: sum(any(box["region"] not in findings for box in entry["boxes"]) for entry in entries)
            for split, entries in by_split.items()
        },
        "boxes": {split: sum(len(entry["boxes"]) for entry in entries) for split, entries in by_split.items()},
        "classes": {name: classes[name] for name in manifest["regions"] if classes[name]},
        "findings": sorted(findings),
        "set_aside": dict(sorted(Counter(entry["reason"] for entry in manifest["set_aside"]).items())),
        "leaks": manifest["leaks"],
    }


def pair_table(items: Sequence[Item], pairs: Sequence[Pair]) -> str:
    """The near-duplicates as CSV: pairs across splits first, then by likeness."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)

    def across(pair: Pair) -> bool:
        return items[pair.one].split != items[pair.other].split

    for pair in sorted(pairs, key=lambda pair: (not across(pair), -pair.likeness, pair)):
        one, other = items[pair.one], items[pair.other]
        writer.writerow((image_path(one), image_path(other), one.split, other.split, f"{pair.likeness:.3f}"))
    return text.getvalue()


def description(names: Sequence[str], findings: Sequence[str] | None) -> str:
    """The content of `data.yaml`; `findings` are written where a class policy decided them."""
    content: dict[str, Any] = {
        "train": "train/images", "val": "val/images", "nc": len(names), "names": list(names),
    }  # fmt: skip
    if findings is not None:
        content["findings"] = list(findings)
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def _centred(box: tuple[float, float, float, float]) -> str:
    x1, y1, x2, y2 = box
    return f"{(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} {x2 - x1:.6f} {y2 - y1:.6f}"
