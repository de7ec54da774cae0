"""Annotated images as every layout reader returns them: boxes by class name, faults by reason."""

from dataclasses import dataclass
from pathlib import Path

# x1 y1 x2 y2 as fractions of the upright image.
Fractions = tuple[float, float, float, float]

TRAIN, VAL, TEST, UNDECIDED = "train", "val", "test", ""
SPLITS = (TRAIN, VAL)
# Two rows that agree to this many digits are one box that was written twice; at 15,000 px this is a tenth of a pixel.
_DIGITS = 5


@dataclass(frozen=True)
class NamedBox:
    """One annotated box: its class name as the set spells it, and its corners."""

    name: str
    box: Fractions


@dataclass(frozen=True)
class Fault:
    """A file of a set that cannot be used.

    reason: a stable code, by which faults are counted.
    detail: one sentence that names the line or the value.
    split: the split that the file belongs to, "" when it is not known.
    """

    path: Path
    reason: str
    detail: str
    split: str = UNDECIDED


@dataclass(frozen=True)
class AnnotatedImage:
    """One image file and its annotations.

    split: "train", "val", "test", or "" when the set does not divide its images.
    label: the file that the annotations come from; None for an image without one, which shows no finding.
    patient: the patient as the set's own table names them, "" when it has none.
    """

    path: Path
    split: str
    boxes: tuple[NamedBox, ...]
    label: Path | None = None
    patient: str = ""


@dataclass(frozen=True)
class AnnotatedSet:
    """A set of annotated images.

    root: the folder that holds everything.
    names: the class names in the order of the set.
    findings: the names that are known to be no fracture, from a set that this project prepared; None when undecided.
    """

    root: Path
    names: tuple[str, ...]
    images: tuple[AnnotatedImage, ...]
    faults: tuple[Fault, ...] = ()
    findings: tuple[str, ...] | None = None


def without_repeats(boxes: list[NamedBox]) -> tuple[NamedBox, ...]:
    """The boxes in their order, each once: a row that is written twice annotates one finding."""
    unique: dict[object, NamedBox] = {}
    for box in boxes:
        unique.setdefault((box.name, tuple(round(value, _DIGITS) for value in box.box)), box)
    return tuple(unique.values())
