"""One door for annotated sets: the layout is recognized by the files of the folder."""

from pathlib import Path

from app.errors import DatasetError
from app.learning.layouts.annotations import SPLITS, TEST, AnnotatedSet
from app.learning.layouts.coco import coco_files, read_coco
from app.learning.layouts.description import Description, images_of, read_description
from app.learning.layouts.files import files_under, is_label
from app.learning.layouts.loose import read_loose
from app.learning.layouts.yolo import read_yolo

_DESCRIPTIONS = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml", "meta.yaml")


def read_set(root: Path) -> AnnotatedSet:
    """Read a folder of annotated images, whatever its layout.

    Raises:
        DatasetError: the folder is missing, holds no image or no annotation, or its description cannot be followed.
    """
    if not root.is_dir():
        raise DatasetError(f"There is no folder {root}.")
    root = root.resolve()
    description = _description(root)
    if description and any(description.entries[split] for split in SPLITS) and _is_there(description, root):
        splits = [split for split in (*SPLITS, TEST) if description.entries[split]]
        found = _without_missing_test(description, splits)
        return read_yolo(description, found, root)
    if not any(is_label(path) and path.suffix.lower() == ".txt" for path in files_under(root)) and (
        files := coco_files(root)
    ):
        return read_coco(root, files)
    return read_loose(root, description.names if description else None)


def _description(root: Path) -> Description | None:
    """The description at the top of the set, or the only one below."""
    candidates = [root / name for name in _DESCRIPTIONS if (root / name).is_file()]
    candidates = candidates or [path for path in files_under(root) if path.name in _DESCRIPTIONS]
    if not candidates:
        candidates = sorted(path for path in root.glob("*.y*ml") if not path.name.startswith("."))
        candidates = [path for path in candidates if "names:" in path.read_text(encoding="utf-8", errors="replace")]
    return read_description(candidates[0]) if candidates else None


def _is_there(description: Description, root: Path) -> bool:
    """Whether the description can be followed; GRAZPEDWRI-DX publishes one that names folders it does not have."""
    if description.file.parent == root:
        return True
    try:
        return any(images_of(description, split, root) for split in SPLITS)
    except DatasetError:
        return False


def _without_missing_test(description: Description, splits: list[str]) -> list[str]:
    """A test part that was never downloaded is not needed."""
    if TEST not in splits:
        return splits
    try:
        images_of(description, TEST)
    except DatasetError:
        return [split for split in splits if split != TEST]
    return splits
