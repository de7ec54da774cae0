"""Files of a data set: its images, its text files, and the label file of each image."""

import os
from collections.abc import Iterator
from pathlib import Path

from app.errors import DatasetError

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".dcm", ".dicom", ".ima")
_IMAGES, _LABELS = ("images", "JPEGImages", "img", "imgs"), ("labels", "Annotations", "annotations")
_LABEL_SUFFIXES = (".txt", ".xml", ".TXT", ".XML")
# Lists and notes that tools leave among the label files.
_NO_LABELS = {"classes.txt", "obj.names", "notes.txt", "readme.txt", "labels.txt", "predefined_classes.txt",
              "readme.roboflow.txt", "readme.dataset.txt", "license.txt", "requirements.txt"}  # fmt: skip
_DICOM_MAGIC_AT = 128


def is_image(path: Path) -> bool:
    """Whether a file is an image by its name, or, without a telling name, DICOM by its content."""
    if path.name.startswith("."):
        return False
    if path.suffix.lower() in SUFFIXES:
        return True
    # PACS exports have no suffix, or the last number of a UID for one.
    if path.suffix and not path.suffix[1:].isdigit():
        return False
    try:
        with path.open("rb") as file:
            return file.read(_DICOM_MAGIC_AT + 4)[_DICOM_MAGIC_AT:] == b"DICM"
    except OSError:
        return False


def is_label(path: Path) -> bool:
    """Whether a file may hold the annotations of one image."""
    return path.suffix in _LABEL_SUFFIXES and not path.name.startswith(".") and path.name.lower() not in _NO_LABELS


def files_under(folder: Path) -> Iterator[Path]:
    """Every file under `folder`, sorted by path; symbolic links are followed, circles of them once."""
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__MACOSX"]
        yield from (Path(parent, name) for name in sorted(names))


def images_under(folder: Path) -> list[Path]:
    """Every image under `folder`, sorted by path."""
    return sorted(path for path in files_under(folder) if is_image(path))


def label_paths(image: Path, root: Path) -> list[Path]:
    """Where the label file of an image may lie, most usual first.

    Ultralytics exchanges the last folder `images` of the path for `labels`; Pascal VOC has `JPEGImages` and
    `Annotations`; labelImg writes beside the image.
    """
    relative = image.relative_to(root) if image.is_relative_to(root) else image
    folders = list(relative.parts[:-1])
    homes = [image.parent]
    for position in reversed(range(len(folders))):
        if folders[position] in _IMAGES:
            exchanged = (Path(*folders[:position], name, *folders[position + 1 :]) for name in _LABELS)
            homes = [*(root / path for path in exchanged), *homes]
            break
    else:
        homes = [*homes, *(image.parent.parent / name for name in _LABELS)]
    return [home / f"{image.stem}{suffix}" for home in homes for suffix in _LABEL_SUFFIXES]


def label_folder(images: Path) -> Path:
    """The usual label folder of an images folder, for messages."""
    return images.parent / "labels"


def read_text(path: Path) -> str:
    """The content of a text file in UTF-8 or UTF-16, without a byte-order mark.

    Raises:
        DatasetError: the file is missing or is no text.
    """
    try:
        raw = path.read_bytes()
        encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        return raw.decode(encoding)
    except OSError as error:
        raise DatasetError(f"{path} cannot be opened: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise DatasetError(f"{path} is no text.") from None
