"""COCO JSON, as Roboflow, CVAT and Label Studio export it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.errors import DatasetError
from app.learning.layouts.annotations import AnnotatedImage, AnnotatedSet, Fault, NamedBox, without_repeats
from app.learning.layouts.files import files_under, images_under, read_text
from app.learning.layouts.splits import split_in_path
from app.learning.layouts.yolo_rows import fractions_inside


def coco_files(root: Path) -> dict[Path, dict[str, Any]]:
    """Every COCO annotation file under a folder, with its content.

    Raises:
        DatasetError: a JSON file is cut off or otherwise unreadable, and with it perhaps the annotations.
    """
    found = {}
    for path in files_under(root):
        if path.suffix.lower() != ".json" or path.name.startswith("."):
            continue
        try:
            content = json.loads(read_text(path))
        except ValueError:
            raise DatasetError(f"{path} is not readable JSON.") from None
        if isinstance(content, dict) and all(isinstance(content.get(k), list) for k in ("images", "categories")):
            found[path] = content
    return found


def read_coco(root: Path, files: Mapping[Path, dict[str, Any]]) -> AnnotatedSet:
    """The images that COCO files list, with every fault.

    Raises:
        DatasetError: a file is not built as COCO is, or lists no image that is there.
    """
    on_disk = images_under(root)
    images: list[AnnotatedImage] = []
    faults: list[Fault] = []
    names: dict[str, None] = {}
    for path, content in files.items():
        try:
            good, bad, used = _Annotations(path, content, root, on_disk).read()
        except (KeyError, TypeError, ValueError, AttributeError):
            raise DatasetError(f"{path} is not built as COCO JSON is.") from None
        images, faults = images + good, faults + bad
        names |= dict.fromkeys(used)
    if not images and not faults:
        raise DatasetError(f"The COCO files in {root} list no image.")
    listed = {image.path for image in images} | {fault.path for fault in faults}
    faults += [
        Fault(p, "not-listed", f"{p.name} is in no annotation file.", split_in_path(p, root))
        for p in on_disk if p not in listed
    ]  # fmt: skip
    return AnnotatedSet(root, tuple(names), tuple(images), tuple(faults))


class _Annotations:
    """One COCO file and the images on disk that it may list."""

    def __init__(self, path: Path, content: dict[str, Any], root: Path, on_disk: Sequence[Path]) -> None:
        self._path, self._content, self._root = path, content, root
        self._by_name: dict[str, list[Path]] = {}
        for image in on_disk:
            self._by_name.setdefault(image.name, []).append(image)
        self._known = set(on_disk)

    def read(self) -> tuple[list[AnnotatedImage], list[Fault], list[str]]:
        names = {item["id"]: str(item["name"]).strip() for item in self._content["categories"]}
        of_image: dict[object, list[dict[str, Any]]] = {}
        for item in self._content.get("annotations") or []:
            of_image.setdefault(item["image_id"], []).append(item)
        split = split_in_path(self._path, self._root)
        good: list[AnnotatedImage] = []
        bad: list[Fault] = []
        for entry in self._content["images"]:
            image = self._find(str(entry["file_name"]))
            if image is None:
                name = str(entry["file_name"])
                bad.append(Fault(self._path.parent / Path(name).name, "missing-image", f"{name} is missing.", split))
                continue
            part = split or split_in_path(image, self._root)
            try:
                boxes = [_box(item, entry, names) for item in of_image.get(entry["id"], [])]
            except DatasetError as error:
                bad.append(Fault(image, "bad-label", str(error), part))
                continue
            good.append(AnnotatedImage(image, part, without_repeats(boxes), self._path))
        used = {item["category_id"] for found in of_image.values() for item in found}
        return good, bad, [name for number, name in names.items() if number in used]

    def _find(self, name: str) -> Path | None:
        """Beside the file, in the set, or the only image of that name."""
        for folder in (self._path.parent, self._path.parent / "images", self._root, self._root / "images"):
            if (path := folder / name) in self._known:
                return path
        same = self._by_name.get(Path(name.replace("\\", "/")).name, [])
        return same[0] if len(same) == 1 else None


def _box(item: dict[str, Any], image: dict[str, Any], names: dict[Any, str]) -> NamedBox:
    """A COCO annotation as fractions: its `bbox` is x, y, width, height in pixels; a polygon serves where it has none.

    Raises:
        DatasetError: its category is not in the list, or its box is wrong.

    Source: https://cocodataset.org/#format-data
    """
    where = f"{image['file_name']}, annotation {item.get('id')}"
    if item["category_id"] not in names:
        raise DatasetError(f"{where}: category {item['category_id']} is not in the list.")
    width, height = float(image.get("width") or 0), float(image.get("height") or 0)
    if width <= 0 or height <= 0:
        raise DatasetError(f"{where}: the file does not state the size of its image.")
    if item.get("bbox"):
        x, y, w, h = (float(value) for value in item["bbox"])
        corners = (x, y, x + w, y + h)
    else:
        points = [float(value) for polygon in item["segmentation"] for value in polygon]
        corners = (min(points[0::2]), min(points[1::2]), max(points[0::2]), max(points[1::2]))
    x1, y1, x2, y2 = corners
    return NamedBox(
        names[item["category_id"]], fractions_inside((x1 / width, y1 / height, x2 / width, y2 / height), where)
    )
