"""Drawings over a radiograph: lines and texts, without a library."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stroke:
    """A straight line of a drawing, in radiograph pixels; `dashed` for what is only possible."""

    start_px: tuple[float, float]
    end_px: tuple[float, float]
    colour_rgb: tuple[int, int, int]
    width_px: float
    dashed: bool = False


@dataclass(frozen=True)
class Label:
    """A line of text of a drawing: (x, y) is its top left corner, in radiograph pixels."""

    text: str
    top_left_px: tuple[float, float]
    height_px: float
    colour_rgb: tuple[int, int, int]


@dataclass(frozen=True)
class Drawing:
    """Strokes and labels over a radiograph; the same for the page, the PNG and every export."""

    strokes: tuple[Stroke, ...] = ()
    labels: tuple[Label, ...] = ()
