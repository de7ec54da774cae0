"""A heat map as a see-through PNG, to be laid over a radiograph."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import UnusableImage
from app.records import BoxPx

# Even steps of viridis: equal steps look equal, also to colour-blind eyes and in grey; its greens stand apart from
# bone. Source: Smith and van der Walt, matplotlib 1.5 (2015), CC0; each sixteenth of `matplotlib.colormaps["viridis"]`.
VIRIDIS_RGB = (
    (68, 1, 84),
    (72, 24, 106),
    (71, 45, 123),
    (66, 64, 134),
    (59, 82, 139),
    (51, 99, 141),
    (44, 114, 142),
    (38, 130, 142),
    (33, 145, 140),
    (31, 160, 136),
    (40, 174, 128),
    (63, 188, 115),
    (94, 201, 98),
    (132, 212, 75),
    (173, 220, 48),
    (216, 226, 25),
    (253, 231, 37),
)
_DENSEST = 0.75


def heat_png(values: NDArray[np.float64] | None, area_px: BoxPx, shape_hw: tuple[int, int], long_side_px: int) -> bytes:
    """An RGBA PNG of the radiograph's shape, scaled down to `long_side_px` where it is larger.

    values: (R, C), 0–1, for even fields over `area_px`, in pixels of the radiograph; between them it goes smoothly.
    0 is see-through, 1 bright yellow. None, and everything outside the area, is see-through.

    Raises:
        UnusableImage: OpenCV cannot write an image of this size.
    """
    scale = min(1.0, long_side_px / max(shape_hw))
    height, width = (max(1, round(side * scale)) for side in shape_hw)
    image = np.zeros((height, width, 4), np.uint8)
    if values is not None:
        x1, y1, x2, y2 = (round(edge * scale) for edge in area_px)
        inside = image[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)]
        if inside.size:
            inside[:] = _coloured(values, (inside.shape[1], inside.shape[0]))
    done, png = cv2.imencode(".png", image)
    if not done:
        raise UnusableImage
    return png.tobytes()


def _coloured(values: NDArray[np.float64], size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """(H, W, 4) uint8 in OpenCV's order: blue, green, red, opacity."""
    fine = np.clip(cv2.resize(values, size_wh, interpolation=cv2.INTER_CUBIC), 0, 1)
    steps = np.linspace(0, 1, len(VIRIDIS_RGB))
    red, green, blue = (np.interp(fine, steps, channel) for channel in zip(*VIRIDIS_RGB, strict=True))
    opacity = 255 * _DENSEST * np.sqrt(fine) * _faded(size_wh)
    return np.asarray(np.rint(np.dstack([blue, green, red, opacity])), np.uint8)


def _faded(size_wh: tuple[int, int]) -> NDArray[np.float64]:
    """(H, W), 0–1: the rim of the map fades out, so that its straight edge is not taken for anatomy."""
    across, down = (np.minimum(1.0, 12 * np.minimum(t, 1 - t)) for t in map(_middles, size_wh))
    return np.outer(down, across)


def _middles(count: int) -> NDArray[np.float64]:
    return (np.arange(count) + 0.5) / count
