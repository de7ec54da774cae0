"""A close-up of a drawn wrist, marked in its pixels as drawn, for a first visit."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from app.drawings import Drawing, Label
from app.imaging.display.canvas import render_png
from app.imaging.drawn.phantom import phantom
from app.records import BoxPx

_SHAPE_HW = (1024, 820)
# How far the image reaches from the middle of the break, in widths of its box: left, up, right, down. In an image
# that is taken for a fracture it is about as large.
_REACH = (1.0, 1.3, 1.8, 2.1)
_WORDS, _WORDS_HEIGHT_PX = "DRAWN SAMPLE", 20.0
_WORDS_RGB = (200, 200, 200)


@dataclass(frozen=True)
class DrawnSample:
    """A drawn radiograph as a PNG file, and the true box of its break, in its pixels."""

    png: bytes
    break_px: BoxPx


@lru_cache(maxsize=8)
def drawn_sample(seed: int) -> DrawnSample:
    """Draw a wrist with a break near the far end of the radius; the same seed gives the same image."""
    drawn = phantom(seed, _SHAPE_HW)
    x1, y1, x2, y2 = drawn.fractures_px[0]
    middle, reach = np.array([x1 + x2, y1 + y2]) / 2, np.array(_REACH) * (x2 - x1)
    left, top = np.rint(np.clip(middle - reach[:2], 0, None)).astype(int).tolist()
    right, bottom = np.rint(np.minimum(middle + reach[2:], _SHAPE_HW[::-1])).astype(int).tolist()
    words = Label(_WORDS, (4.0, bottom - top - _WORDS_HEIGHT_PX - 6), _WORDS_HEIGHT_PX, _WORDS_RGB)
    png = render_png(np.ascontiguousarray(drawn.grey[top:bottom, left:right]), Drawing(labels=(words,)))
    return DrawnSample(png, (x1 - left, y1 - top, x2 - left, y2 - top))
