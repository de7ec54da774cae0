"""Annotations of one image from its own label file: YOLO text or Pascal VOC XML."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from app.errors import DatasetError
from app.learning.layouts.annotations import NamedBox, without_repeats
from app.learning.layouts.files import read_text
from app.learning.layouts.yolo_rows import fractions_inside, parse_labels


def read_label(path: Path, names: Sequence[str] | None) -> tuple[NamedBox, ...]:
    """The boxes in a label file, each once.

    names: the class list; None accepts any name that a VOC file gives.

    Raises:
        DatasetError: the file cannot be read, or one of its boxes is wrong; the message names the file.
    """
    text = read_text(path)
    boxes = _voc(text, path, names) if path.suffix.lower() == ".xml" else _yolo(text, path, names or ())
    return without_repeats(boxes)


def names_in_voc(paths: Sequence[Path]) -> tuple[str, ...]:
    """The class names that Pascal VOC files use, sorted; files that are wrong are left to `read_label`."""
    found: set[str] = set()
    for path in paths:
        try:
            found |= {box.name for box in read_label(path, None)}
        except DatasetError:
            continue
    return tuple(sorted(found))


def _yolo(text: str, path: Path, names: Sequence[str]) -> list[NamedBox]:
    return [NamedBox(names[row.class_id], row.box) for row in parse_labels(text, len(names), path.name)]


def _voc(text: str, path: Path, names: Sequence[str] | None) -> list[NamedBox]:
    """Corners in pixels of the size that the file states.

    Source: the development kit of PASCAL VOC 2012, section 7.
    """
    root = _parse(text, path)
    width, height = (_number(root.find(f"size/{side}"), path) for side in ("width", "height"))
    boxes = []
    for number, item in enumerate(root.iter("object"), start=1):
        where = f"{path.name}, object {number}"
        name = (item.findtext("name") or "").strip()
        if not name or (names is not None and name not in names):
            raise DatasetError(f"{where}: the class {name or 'without a name'} is not in the list.")
        if width <= 0 or height <= 0:
            raise DatasetError(f"{where}: the file does not state the size of its image.")
        x1, y1, x2, y2 = (_number(item.find(f"bndbox/{key}"), path) for key in ("xmin", "ymin", "xmax", "ymax"))
        corners = (x1 / width, y1 / height, x2 / width, y2 / height)
        boxes.append(NamedBox(name, fractions_inside(corners, where)))
    return boxes


def _parse(text: str, path: Path) -> "ElementTree.Element":
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise DatasetError(f"{path.name} declares entities, which annotations do not need.")
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - no entities are left to expand
    except (ElementTree.ParseError, ValueError):
        raise DatasetError(f"{path.name} is no Pascal VOC file.") from None


def _number(element: "ElementTree.Element | None", path: Path) -> float:
    if element is None:
        return 0.0
    try:
        return float(element.text or "")
    except ValueError:
        raise DatasetError(f"{path.name}: {element.tag} is not a number.") from None
