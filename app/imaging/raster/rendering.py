"""From the samples of a raster file to a radiograph: depth, colour, opacity, orientation."""

from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from app.imaging.display.colour import colour_warnings, over_black, to_grey
from app.imaging.display.levels import stretched
from app.records import Format, Levels, Radiograph

_Array = TypeVar("_Array", NDArray[np.uint8], NDArray[np.uint8] | NDArray[np.uint16])


@dataclass(frozen=True, eq=False)
class Shown:
    """Grey as shown at first, the levels behind it beyond 8 bits, and the warnings that colours gave."""

    grey: NDArray[np.uint8]
    levels: Levels | None = None
    warnings: tuple[str, ...] = ()


def show_deep_grey(pixels: NDArray[np.generic], is_inverted: bool = False, background: int | None = None) -> Shown:
    """(H, W) numbers of more than 8 bits, by robust percentiles; `background` is a value that stays black."""
    return Shown(*stretched(pixels, is_inverted, background))


def show_colour(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8] | None = None) -> Shown:
    """(H, W, 3) uint8, composed over black by its opacity."""
    rgb = rgb if alpha is None else over_black(rgb, alpha)
    return Shown(to_grey(rgb), None, colour_warnings(rgb))


def show_deep_colour(rgb: NDArray[np.uint16], alpha: NDArray[np.uint16] | None = None) -> Shown:
    """(H, W, 3) uint16, composed over black by its opacity, by robust percentiles of its luma."""
    if alpha is not None:
        rgb = (rgb * (alpha[..., None] / np.float32(65535))).astype(np.uint16)
    luma = np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY), np.uint16)
    return Shown(*stretched(luma), colour_warnings((rgb >> 8).astype(np.uint8)))


def to_radiograph(shown: Shown, kind: Format, bits: int, orientation: int = 1) -> Radiograph:
    """The radiograph, turned upright as its EXIF orientation asks."""
    levels = shown.levels
    if levels is not None:
        levels = replace(levels, index=_upright(levels.index, orientation))
    return Radiograph(_upright(shown.grey, orientation), None, kind, bits, shown.warnings, levels)


def _upright(pixels: _Array, orientation: int) -> _Array:
    """Turn an image as its EXIF orientation, 1–8, asks.

    Source: CIPA DC-008 (Exif 3.0), 4.6.5.1 Orientation.
    """
    if orientation >= 5:
        pixels = pixels.T
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)  # type: ignore[return-value]  # mypy forgets which of the two it is
