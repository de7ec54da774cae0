"""Findings to a `Drawing`: one look for the page, the PNG and every export."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.drawings import Drawing, Label, Stroke
from app.records import BoxPx, Finding, Tier
from app.reports.wording import ENGLISH, Wording
from app.reports.words import label_text

# Orange and sky blue of a palette that colour-blind readers tell apart, bright on dark. Source: Okabe & Ito, "Color
# Universal Design" (2008). The dash, not the colour, carries the meaning.
_COLOUR_RGB: dict[Tier, tuple[int, int, int]] = {"definite": (230, 159, 0), "possible": (86, 180, 233)}
_LINE_SHARE, _LEAST_LINE_PX = 1 / 220, 1.5
_TEXT_SHARE, _LEAST_TEXT_PX = 1 / 26, 11.0
# Width of an average letter over the height of the line; wide sans-serif faces stay under it.
_LETTER_ASPECT = 0.52
_PADDING_LETTERS = 1


@dataclass(frozen=True)
class _Patch:
    """Where a label lies."""

    left: float
    top: float
    width: float
    height: float

    def overlap(self, other: "_Patch") -> float:
        """Common area with another patch, in square pixels."""
        wide = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        high = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        return max(0.0, wide) * max(0.0, high)


def overlay(findings: Sequence[Finding], shape_hw: tuple[int, int], wording: Wording = ENGLISH) -> Drawing:
    """Draw a box and a label for each finding, in pixels of a radiograph of this shape.

    Solid for definite, dashed for possible; line and text in proportion to the image. A label such as "wrist 87%"
    stands above its box, or below or inside it where there is no room; never outside the image, and apart from other
    labels where that is possible. The more confident finding chooses first, and is drawn last.
    """
    height, width = shape_hw
    line_px = max(_LEAST_LINE_PX, max(shape_hw) * _LINE_SHARE)
    text_px = min(max(_LEAST_TEXT_PX, max(shape_hw) * _TEXT_SHARE), float(height))
    strokes: list[Stroke] = []
    labels: list[Label] = []
    taken: list[_Patch] = []
    for finding in sorted(findings, key=lambda one: -one.confidence):
        box_px = _inside(finding.box_px, shape_hw, line_px)
        colour = _COLOUR_RGB[finding.tier]
        text = label_text(finding, wording)
        letter_count = len(text) + _PADDING_LETTERS
        label_px = min(text_px, width / (letter_count * _LETTER_ASPECT))
        size = letter_count * _LETTER_ASPECT * label_px, label_px
        patch = _place(box_px, size, line_px, shape_hw, taken)
        taken.append(patch)
        labels.append(Label(text, (patch.left, patch.top), label_px, colour))
        strokes = [*_box_strokes(box_px, colour, line_px, finding.tier == "possible"), *strokes]
    return Drawing(tuple(strokes), tuple(reversed(labels)))


def _inside(box_px: BoxPx, shape_hw: tuple[int, int], line_px: float) -> BoxPx:
    """The box moved in so far that its line stays inside the image."""
    margin = line_px / 2
    x1, x2 = sorted(min(max(x, margin), max(margin, shape_hw[1] - margin)) for x in (box_px[0], box_px[2]))
    y1, y2 = sorted(min(max(y, margin), max(margin, shape_hw[0] - margin)) for y in (box_px[1], box_px[3]))
    return x1, y1, x2, y2


def _box_strokes(box_px: BoxPx, colour: tuple[int, int, int], line_px: float, dashed: bool) -> Iterator[Stroke]:
    x1, y1, x2, y2 = box_px
    corners = ((x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1))
    for start, end in pairwise(corners):
        yield Stroke(start, end, colour, line_px, dashed)


def _place(
    box_px: BoxPx,
    size_wh: tuple[float, float],
    line_px: float,
    shape_hw: tuple[int, int],
    taken: Sequence[_Patch],
) -> _Patch:
    """The first place for a label that is free, else the one that covers the least of other labels."""
    x1, y1, x2, y2 = box_px
    width, height = size_wh
    tops = (y1 - height - line_px, y2 + line_px, y1 + line_px, y2 - height - line_px, y1 - 2 * height - line_px)
    lefts = (x1 - line_px / 2, x2 - width + line_px / 2)
    best: tuple[float, _Patch] | None = None
    for order, (top, left) in enumerate((top, left) for top in tops for left in lefts):
        fits = 0 <= top <= shape_hw[0] - height
        patch = _Patch(_between(left, shape_hw[1] - width), _between(top, shape_hw[0] - height), width, height)
        covered = sum(patch.overlap(other) for other in taken)
        # One place earlier in the list outweighs nothing that can be read; it only breaks ties.
        cost = covered + (0.0 if fits else width * height) + order * 1e-6
        if best is None or cost < best[0]:
            best = cost, patch
    # `tops` and `lefts` are never empty.
    return best[1] if best else _Patch(0.0, 0.0, width, height)


def _between(value: float, most: float) -> float:
    return min(max(0.0, value), max(0.0, most))
