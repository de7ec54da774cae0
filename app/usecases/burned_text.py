"""Text burned into images that leave the app: found where possible, painted over or set aside, never promised away."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from app import imaging
from app.errors import DatasetError
from app.records import BoxPx

TextPolicy = Literal["set-aside", "paint-over", "keep"]
POLICIES: tuple[TextPolicy, ...] = get_args(TextPolicy)
_COLUMNS = ("image", "x1", "y1", "x2", "y2")


@dataclass(frozen=True)
class BurnedText:
    """How an export treats text in images.

    policy: of images that nobody has looked at. masks: by id of an image, what a person wants painted over; () where
    they looked and found nothing.
    """

    policy: TextPolicy = "set-aside"
    masks: Mapping[str, Sequence[BoxPx]] = field(default_factory=dict)

    def boxes(self, image_id: str, grey: NDArray[np.uint8]) -> tuple[BoxPx, ...] | None:
        """The boxes to paint over; None to set the image aside.

        grey: (H, W) uint8, the decoded radiograph.
        """
        if image_id in self.masks:
            return tuple(self.masks[image_id])
        suspected = imaging.suspected_text(grey)
        if self.policy == "set-aside" and suspected:
            return None
        return suspected if self.policy == "paint-over" else ()


CAUTIOUS = BurnedText()


def read_masks(path: Path) -> dict[str, list[BoxPx]]:
    """Masks from a CSV file with the columns image, x1, y1, x2, y2; a row with an image alone says: nothing to paint.

    Raises:
        DatasetError: the file cannot be read, or a row is none of these.
    """
    masks: dict[str, list[BoxPx]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                image, *edges = (str(row.get(column) or "").strip() for column in _COLUMNS)
                if not image:
                    raise DatasetError(f"{path}, line {number}: there is no image.")
                masks.setdefault(image, [])
                if any(edges):
                    masks[image].append(_box(edges, path, number))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"The masks cannot be read: {path}: {error}.") from None
    return masks


def _box(edges: Sequence[str], path: Path, number: int) -> BoxPx:
    try:
        x1, y1, x2, y2 = (float(edge) for edge in edges)
    except ValueError:
        x1 = math.nan
    if not (math.isfinite(x1) and x1 < x2 < math.inf and -math.inf < y1 < y2 < math.inf):
        raise DatasetError(f"{path}, line {number}: x1, y1, x2, y2 must be numbers with x1 < x2 and y1 < y2.")
    return x1, y1, x2, y2
