"""Corrected boxes: a finding that a reader rejected, and drew again over the same place as it should be.

Nothing marks such a pair when it is stored: it is told by the places alone, so that the API can give a correction too.
"""

from collections.abc import Sequence

from app.detection import box_iou
from app.records import BoxPx, Mark

# A box that was moved or resized still lies over much of the one it replaces; one that does not is another place.
LEAST_OVERLAP = 0.25


def corrections(marks: Sequence[Mark]) -> dict[Mark, Mark]:
    """For each rejected mark that was drawn again the mark in its place; each mark stands in one pair at most.

    The pairs that overlap most come first.
    """
    rejected = [mark for mark in marks if mark.answer == "rejected"]
    missed = [mark for mark in marks if mark.answer == "missed"]
    pairs = [(overlap(one.box_px, other.box_px), one, other) for one in rejected for other in missed]
    found: dict[Mark, Mark] = {}
    # The same region breaks a tie: two findings of one place differ in nothing else.
    for share, one, other in sorted(pairs, key=lambda pair: (-pair[0], pair[1].region != pair[2].region)):
        if share >= LEAST_OVERLAP and one not in found and other not in found.values():
            found[one] = other
    return found


def overlap(one: BoxPx, other: BoxPx) -> float:
    """Intersection over union of two boxes, 0–1."""
    return float(box_iou(one, other)[0, 0])
