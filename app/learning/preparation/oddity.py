"""Images that a person should check first: of unusual size, or with unusual boxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from app.learning.preparation.examine import RegionBox

_SMALL_PX, _LARGE_SHARE, _NARROW, _MANY, _APART, _UNSURE = 8, 0.5, 8.0, 6, 3.0, 0.5
_EDGE = 0.002


@dataclass(frozen=True)
class Odd:
    """One image by number, and what is unusual about it."""

    number: int
    reasons: tuple[str, ...]


def oddities(images: Sequence[tuple[tuple[int, int], Sequence[RegionBox]]]) -> list[Odd]:
    """The images with something unusual, those with most of it first.

    images: size (width, height) in pixels, and boxes.
    """
    if not images:
        return []
    usual_px = median(max(size) for size, _ in images)
    found = [Odd(n, tuple(_reasons(size, boxes, usual_px))) for n, (size, boxes) in enumerate(images)]
    return sorted((odd for odd in found if odd.reasons), key=lambda odd: (-len(odd.reasons), odd.number))


def _reasons(size_wh: tuple[int, int], boxes: Sequence[RegionBox], usual_px: float) -> list[str]:
    reasons: dict[str, None] = {}
    if not usual_px / _APART <= max(size_wh) <= usual_px * _APART:
        reasons["unusual size"] = None
    if len(boxes) >= _MANY:
        reasons[f"{len(boxes)} boxes"] = None
    for box in boxes:
        reasons |= dict.fromkeys(_of_box(size_wh, box))
    return list(reasons)


def _of_box(size_wh: tuple[int, int], box: RegionBox) -> list[str]:
    x1, y1, x2, y2 = box.box
    width_px, height_px = (x2 - x1) * size_wh[0], (y2 - y1) * size_wh[1]
    checks = {
        "tiny box": min(width_px, height_px) < _SMALL_PX,
        "box over half of the image": (x2 - x1) * (y2 - y1) > _LARGE_SHARE,
        "narrow box": max(width_px, height_px) > _NARROW * min(width_px, height_px),
        "box at the edge": min(x1, y1) < _EDGE or max(x2, y2) > 1 - _EDGE,
        "region inferred with little certainty": box.source == "inferred" and box.share < _UNSURE,
    }
    return [reason for reason, holds in checks.items() if holds]
