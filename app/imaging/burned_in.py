"""Find what may be text burned into an image, without reading it: rows of small, sharp shapes of one grey.

A heuristic. It finds printed annotations along the borders and in the corners; handwriting, single letters such as a
side marker, and text across the anatomy are beyond it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.records import BoxPx

# Text of an annotation, as shares of the shorter side and in pixels.
_LEAST_GLYPH_PX, _MOST_GLYPH_SHARE = 5, 1 / 12
_FEWEST_GLYPHS = 4
# Letters that touch make one shape; in heights of it.
_LONGEST_WORD = 8
_LETTER_WIDTH = 0.7
# The share of its box that a letter fills; a full box is a bar.
_LEAST_FILL, _MOST_FILL = 0.12, 0.9
# Printed text differs from what lies under it by so many greys, and reaches its own grey within a pixel or two.
_LEAST_CONTRAST = 48
_LEAST_SHARPNESS = 0.6
# A row lies in the outer part of the image.
_BORDER_SHARE = 0.3
# Around a row, in heights of it: letters that were taken for no glyph stand beside the others.
_MARGIN_X, _MARGIN_Y = 3.0, 0.5


@dataclass(frozen=True)
class _Glyph:
    """A connected shape that may be a letter or several, in pixels; `strokes` is how often a level line enters it."""

    left: int
    top: int
    width: int
    height: int
    strokes: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height


def suspected_text(grey: NDArray[np.uint8]) -> tuple[BoxPx, ...]:
    """Boxes around what may be text, with a margin; () where nothing looks like it.

    grey: (H, W) uint8.
    """
    rows: list[list[_Glyph]] = []
    for strokes in _strokes(grey):
        rows += _rows(sorted(_glyphs(grey, strokes), key=lambda glyph: glyph.left))
    boxes = [_box(row, grey.shape) for row in rows if _letters(row) >= _FEWEST_GLYPHS]
    return tuple(box for box in boxes if _is_outside(box, grey.shape))


def painted_over(grey: NDArray[np.uint8], boxes: Sequence[BoxPx]) -> NDArray[np.uint8]:
    """A copy in which the boxes are black."""
    painted = grey.copy()
    for x1, y1, x2, y2 in boxes:
        painted[max(0, int(y1)) : int(np.ceil(y2)), max(0, int(x1)) : int(np.ceil(x2))] = 0
    return painted


def _strokes(grey: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Masks of thin bright, and of thin dark structures."""
    side = max(9, round(min(grey.shape) * _MOST_GLYPH_SHARE / 2) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    for operation in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        thin = cv2.morphologyEx(grey, operation, kernel)
        yield (thin > _LEAST_CONTRAST).astype(np.uint8)


def _glyphs(grey: NDArray[np.uint8], strokes: NDArray[np.uint8]) -> Iterator[_Glyph]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    tallest = max(2 * _LEAST_GLYPH_PX, min(grey.shape) * _MOST_GLYPH_SHARE)
    edges = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    for number, (left, top, width, height, area) in enumerate(stats[1:].tolist(), start=1):
        if not (_LEAST_GLYPH_PX <= height <= tallest and width <= _LONGEST_WORD * height):
            continue
        fill = area / (width * height)
        if not (_LEAST_FILL <= fill <= _MOST_FILL or width <= height / 3):
            continue
        here = (labels[top : top + height, left : left + width] == number).astype(np.uint8)
        inner = cv2.erode(here, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
        rim = (here > inner).astype(bool)
        if (edges[top : top + height, left : left + width][rim] > _LEAST_CONTRAST).mean() >= _LEAST_SHARPNESS:
            yield _Glyph(
                left, top, width, height, int((np.diff(here.astype(np.int8), axis=1, prepend=0) == 1).sum(axis=1).max())
            )


def _rows(glyphs: Sequence[_Glyph]) -> list[list[_Glyph]]:
    """Glyphs of one line each: alike in height, on one base line, with gaps of less than a letter or two."""
    rows: list[list[_Glyph]] = []
    for glyph in glyphs:
        row = next((row for row in rows if _continues(row[-1], glyph)), None)
        if row is None:
            rows.append([glyph])
        else:
            row.append(glyph)
    return rows


def _letters(row: Sequence[_Glyph]) -> int:
    """How many letters a row has at least, where some of them touch; a bar or a curve is one."""
    return sum(max(1, min(glyph.strokes - 1, round(glyph.width / (_LETTER_WIDTH * glyph.height)) - 1)) for glyph in row)


def _continues(last: _Glyph, glyph: _Glyph) -> bool:
    height = max(last.height, glyph.height)
    is_alike = min(last.height, glyph.height) >= 0.55 * height
    is_level = abs(last.bottom - glyph.bottom) <= 0.35 * height
    gap = glyph.left - last.right
    return is_alike and is_level and -0.3 * height <= gap <= 1.5 * height


def _box(row: Sequence[_Glyph], shape_hw: tuple[int, ...]) -> BoxPx:
    tallest = max(glyph.height for glyph in row)
    beside, above = _MARGIN_X * tallest, _MARGIN_Y * tallest
    height, width = shape_hw[:2]
    return (
        max(0.0, min(glyph.left for glyph in row) - beside),
        max(0.0, min(glyph.top for glyph in row) - above),
        min(float(width), max(glyph.right for glyph in row) + beside),
        min(float(height), max(glyph.bottom for glyph in row) + above),
    )


def _is_outside(box: BoxPx, shape_hw: tuple[int, ...]) -> bool:
    """Whether the middle of a box lies in the outer part of the image."""
    height, width = shape_hw[:2]
    x, y = (box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height
    return min(x, 1 - x, y, 1 - y) < _BORDER_SHARE
