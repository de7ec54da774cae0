"""The description of a YOLO data set, `data.yaml`: class names, and the images of each split."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from app.errors import DatasetError
from app.learning.layouts.annotations import TEST, TRAIN, VAL
from app.learning.layouts.files import images_under, read_text

SPLIT_NAMES = {TRAIN: ("train",), VAL: ("val", "valid", "validation"), TEST: ("test",)}


@dataclass(frozen=True)
class Description:
    """The content of a `data.yaml`.

    entries: for each split that the file names, its folders and lists as they are written there.
    findings: the names that are no fracture, where this project prepared the set; else None.
    """

    file: Path
    names: tuple[str, ...]
    entries: dict[str, tuple[str, ...]]
    roots: tuple[Path, ...]
    findings: tuple[str, ...] | None = None


def read_description(data_yaml: Path) -> Description:
    """Parse a `data.yaml`.

    Raises:
        DatasetError: the file is missing, is no YAML, or its class list is not one; the message names the file.
    """
    if not data_yaml.is_file():
        raise DatasetError(f"There is no data set description at {data_yaml}.")
    try:
        content = yaml.safe_load(read_text(data_yaml))
    except (yaml.YAMLError, DatasetError):
        raise DatasetError(f"{data_yaml} is not readable YAML.") from None
    if not isinstance(content, dict):
        raise DatasetError(f"{data_yaml} does not describe a data set.")
    findings = content.get("findings")
    return Description(
        file=data_yaml,
        names=_class_names(content, data_yaml),
        entries={split: tuple(_entries(content, keys, data_yaml)) for split, keys in SPLIT_NAMES.items()},
        roots=_roots(content, data_yaml),
        findings=tuple(str(name) for name in findings) if isinstance(findings, list) else None,
    )


def images_of(description: Description, split: str, within: Path | None = None) -> list[tuple[Path, list[Path]]]:
    """The images of a split, by the folder or list that names them; [] when the description does not name the split.

    within: the folder that every image must lie in; by default any of the description's roots.

    Raises:
        DatasetError: a folder or list is missing or lies outside the set.
    """
    found = []
    for entry in description.entries[split]:
        target = _find(description, entry, split)
        allowed = (within,) if within else description.roots
        _refuse_outside(target, allowed, f"{description.file}: the {split} part {entry}")
        if target.is_dir():
            found.append((target, images_under(target)))
        elif target.suffix.lower() == ".txt":
            found.append((target, list(_listed(target, description, allowed))))
        else:
            raise DatasetError(f"{description.file}: {entry} is neither a folder nor a list of images.")
    return found


def _find(description: Description, entry: str, split: str) -> Path:
    # Roboflow writes "../train/images" for a folder that lies beside data.yaml.
    spellings = dict.fromkeys((entry.removeprefix("../"), entry))
    candidates = [root / spelling for root in description.roots for spelling in spellings]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise DatasetError(f"{description.file}: the folder for the split {split} is missing: {candidates[0]}")


def _listed(file: Path, description: Description, allowed: Sequence[Path]) -> Iterator[Path]:
    for number, line in enumerate(read_text(file).splitlines(), start=1):
        if not (entry := line.strip()):
            continue
        candidates = [root / entry for root in (file.parent, *description.roots)]
        # One that is missing is a fault of that image, not of the list.
        path = next((path for path in candidates if path.is_file()), candidates[0])
        _refuse_outside(path, allowed, f"{file}, line {number}: {entry}")
        yield path


def _refuse_outside(path: Path, allowed: Sequence[Path], what: str) -> None:
    # Links inside the set may lead elsewhere; ".." in the text may not.
    if not any(_plain(path).is_relative_to(_plain(root)) for root in allowed):
        raise DatasetError(f"{what} lies outside of the data set.")


def _plain(path: Path) -> Path:
    parts: list[str] = []
    for part in path.absolute().parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return Path(*parts)


def _roots(content: dict[str, Any], data_yaml: Path) -> tuple[Path, ...]:
    """The folders that `path` may mean: absolute, beside the file, its own folder's name, or where the command runs."""
    here = data_yaml.parent
    named = str(content.get("path") or "").strip()
    if not named:
        return (here,)
    candidates = [here / named, here.parent / named, Path.cwd() / named, here]
    return tuple(dict.fromkeys(path for path in candidates if path.is_dir()))


def _entries(content: dict[str, Any], keys: Sequence[str], data_yaml: Path) -> Iterator[str]:
    value = next((content[key] for key in keys if content.get(key)), None)
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            yield entry.strip().replace("\\", "/")
        elif entry is not None:
            raise DatasetError(f"{data_yaml}: {keys[0]} must name a folder, a list of images, or several of them.")


def _class_names(content: dict[str, Any], data_yaml: Path) -> tuple[str, ...]:
    names = content.get("names")
    if isinstance(names, dict):
        names = _in_order(names)
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise DatasetError(f"{data_yaml} has no list of class names.")
    names = [name.strip().strip("'\"") for name in names]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise DatasetError(f"{data_yaml} names the class {repeated} more than once.")
    announced = content.get("nc", len(names))
    if str(announced).strip() != str(len(names)):
        raise DatasetError(f"{data_yaml} announces {announced} classes and names {len(names)}.")
    return tuple(names)


def _in_order(names: dict[Any, Any]) -> list[Any] | None:
    """The values by class number; None when the keys do not count from 0."""
    try:
        by_number = {int(key): name for key, name in names.items()}
    except (TypeError, ValueError):
        return None
    return [by_number[n] for n in range(len(names))] if sorted(by_number) == list(range(len(names))) else None
