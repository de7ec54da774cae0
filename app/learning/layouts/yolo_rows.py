"""Rows of a YOLO label file: `class cx cy w h`, or `class x1 y1 x2 y2 x3 y3 …` for a polygon, as fractions."""

import math
from dataclasses import dataclass

from app.errors import DatasetError
from app.learning.layouts.annotations import Fractions

# Publishers' rotations push corners a little over the edge; further out is a mistake in the file.
_OVERHANG = 0.01


@dataclass(frozen=True)
class LabelRow:
    """One row of a label file: the class number, and its box."""

    class_id: int
    box: Fractions


def parse_labels(text: str, class_count: int, file: str) -> list[LabelRow]:
    """Parse a label file; polygons become the boxes around them.

    Raises:
        DatasetError: a row is not a box or a polygon of at least three corners, its class is not in the list, a value
            is not a number, lies outside the image, or the box has no area; the message names `file` and the line.
    """
    lines = enumerate(text.splitlines(), start=1)
    return [_parse_row(line.split(), class_count, f"{file}, line {number}") for number, line in lines if line.strip()]


def fractions_inside(corners: Fractions, where: str) -> Fractions:
    """The corners, clipped to the image.

    Raises:
        DatasetError: a corner lies outside the image, or the box has no area; the message begins with `where`.
    """
    if not all(math.isfinite(v) and -_OVERHANG <= v <= 1 + _OVERHANG for v in corners):
        raise DatasetError(f"{where}: the box lies outside the image.")
    x1, y1, x2, y2 = (min(max(v, 0.0), 1.0) for v in corners)
    if x2 <= x1 or y2 <= y1:
        raise DatasetError(f"{where}: the box has no area.")
    return x1, y1, x2, y2


def _parse_row(parts: list[str], class_count: int, where: str) -> LabelRow:
    try:
        number, values = float(parts[0]), [float(part) for part in parts[1:]]
    except ValueError:
        raise DatasetError(f"{where}: not a row of numbers separated by spaces.") from None
    if number not in range(class_count):
        raise DatasetError(f"{where}: class {parts[0]} is not in the list of {class_count}.")
    if len(values) == 4:
        cx, cy, w, h = values
        corners = (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
    elif len(values) >= 6 and len(values) % 2 == 0:
        corners = (min(values[0::2]), min(values[1::2]), max(values[0::2]), max(values[1::2]))
    else:
        raise DatasetError(f"{where}: {len(values)} values are neither a box nor a polygon.")
    return LabelRow(int(number), fractions_inside(corners, where))
