"""The patient's pixels of a DICOM image, without padding, shutter and even border; and their true proportions."""

import math
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from app.config import Limits
from app.imaging.dicom.windows import number
from app.imaging.display.window import Values

_MOST_SAMPLES = 1_000_000
_MOST_VERTICES = 1000
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
# Detectors are square to within their tolerance; a ratio beyond this is one of the format.
_SQUARE_WITHIN = 1.03
_FLATTEST = 8.0

Mask = NDArray[np.bool_]


def spacing_mm(dataset: Dataset) -> tuple[float, float] | None:
    """(row, column) spacing: at the patient where it is calibrated, else at the detector, else of the film scan."""
    for keyword in _SPACINGS:
        found = _pair(dataset.get(keyword))
        if found is not None:
            return found
    return None


def aspect_scale(dataset: Dataset, limits: Limits) -> tuple[float, float]:
    """By how much to enlarge (rows, columns) so that pixels become square; (1, 1) where they are.

    Source: DICOM PS3.3 C.7.6.3.1.7: Pixel Aspect Ratio is vertical to horizontal, for files without a spacing.
    """
    row, column = spacing_mm(dataset) or _pair(dataset.get("PixelAspectRatio")) or (1.0, 1.0)
    ratio = row / column
    scale = (ratio, 1.0) if ratio > 1 else (1.0, 1 / ratio)
    pixels = dataset.Rows * dataset.Columns * max(scale)
    if not _SQUARE_WITHIN < max(scale) <= _FLATTEST or pixels > limits.pixels:
        return 1.0, 1.0
    return scale


def in_proportion(pixels: NDArray[np.generic], scale: tuple[float, float]) -> NDArray[np.generic]:
    """Stored values enlarged by `scale`: bilinear, or nearest for types that OpenCV does not interpolate."""
    if scale == (1.0, 1.0):
        return pixels
    height, width = (max(1, round(side * by)) for side, by in zip(pixels.shape[:2], scale, strict=True))
    if pixels.dtype in (np.uint8, np.uint16, np.int16):
        mat = cast(NDArray[np.uint16], pixels)
        return np.asarray(cv2.resize(mat, (width, height), interpolation=cv2.INTER_LINEAR))
    rows = np.minimum((np.arange(height) / scale[0]).astype(int), pixels.shape[0] - 1)
    columns = np.minimum((np.arange(width) / scale[1]).astype(int), pixels.shape[1] - 1)
    return np.asarray(pixels[rows[:, None], columns])


def shutter(dataset: Dataset) -> Mask | None:
    """(H, W) True inside the display shutter, by all of its shapes; None without one, or where it leaves nothing.

    Source: DICOM PS3.3 C.7.6.11: rows and columns count from 1, and the edges belong to the inside.
    """
    shapes = dataset.get("ShutterShape") or ()
    mask = np.ones((dataset.Rows, dataset.Columns), np.bool_)
    for shape in [shapes] if isinstance(shapes, str) else list(shapes)[:3]:
        mask &= _shape_mask(dataset, str(shape), mask.shape)
    return mask if mask.any() and not mask.all() else None


def closed(pixels: NDArray[np.generic], inside: Mask, is_inverted: bool) -> NDArray[np.generic]:
    """Pixels outside the shutter take the value inside that is shown darkest."""
    darkest = pixels[inside].max() if is_inverted else pixels[inside].min()
    return np.where(inside, pixels, darkest)


def patient_sample(pixels: NDArray[np.generic], dataset: Dataset, inside: Mask | None) -> Values:
    """Enough stored values to tell the contrast from: without padding, shutter and an even border."""
    step = max(1, int(math.sqrt(pixels.size / _MOST_SAMPLES)))
    part = np.ones_like(pixels, np.bool_)[::step, ::step] if inside is None else inside[::step, ::step].copy()
    sample = pixels[::step, ::step].astype(np.float64)
    part &= _without_padding(sample, dataset)
    part &= _without_border(sample)
    return sample[part] if part.any() else sample.ravel()


def _pair(value: object) -> tuple[float, float] | None:
    """Two positive finite numbers, or None."""
    values = list(value) if isinstance(value, (list, tuple, MultiValue)) else []
    one, other = (number(each) for each in values) if len(values) == 2 else (None, None)
    return (one, other) if one is not None and other is not None and one > 0 and other > 0 else None


def _without_padding(sample: Values, dataset: Dataset) -> Mask:
    """Source: DICOM PS3.3 C.7.5.1.1.2."""
    one = _stored(dataset, "PixelPaddingValue")
    if one is None:
        return np.ones(sample.shape, np.bool_)
    other = _stored(dataset, "PixelPaddingRangeLimit")
    low, high = sorted((one, one if other is None else other))
    return (sample < low) | (sample > high)


def _stored(dataset: Dataset, keyword: str) -> int | None:
    """A stored value in the sign of the pixels: some files write it as if they had the other one."""
    value = number(dataset.get(keyword))
    if value is None:
        return None
    span = 1 << int(dataset.BitsAllocated)
    wrapped = int(value) % span
    is_signed = dataset.get("PixelRepresentation") == 1
    return wrapped - span if is_signed and wrapped >= span // 2 else wrapped


def _without_border(sample: Values) -> Mask:
    """False in the rows and columns of one value at the four edges; True everywhere where nothing else is left."""
    rows = np.flatnonzero(np.ptp(sample, axis=1))
    columns = np.flatnonzero(np.ptp(sample, axis=0))
    mask = np.zeros(sample.shape, np.bool_)
    if rows.size and columns.size:
        mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    else:
        mask[:] = True
    return mask


def _shape_mask(dataset: Dataset, shape: str, shape_hw: tuple[int, ...]) -> Mask:
    rows, columns = np.ogrid[1 : shape_hw[0] + 1, 1 : shape_hw[1] + 1]
    if shape == "RECTANGULAR":
        left, right, top, bottom = (
            number(dataset.get(f"Shutter{edge}Edge"))
            for edge in ("LeftVertical", "RightVertical", "UpperHorizontal", "LowerHorizontal")
        )
        if left is not None and right is not None and top is not None and bottom is not None:
            return np.asarray((columns >= left) & (columns <= right) & (rows >= top) & (rows <= bottom))
    centre, radius = _numbers(dataset.get("CenterOfCircularShutter")), number(dataset.get("RadiusOfCircularShutter"))
    if shape == "CIRCULAR" and len(centre) == 2 and radius is not None:
        return np.asarray((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2)
    vertices = _numbers(dataset.get("VerticesOfThePolygonalShutter"))
    if shape == "POLYGONAL" and len(vertices) >= 6 and not len(vertices) % 2:
        corners = np.rint(np.array(vertices).reshape(-1, 2)[:, ::-1] - 1).astype(np.int32)
        return np.asarray(cv2.fillPoly(np.zeros(shape_hw, np.uint8), [corners], (1,)), np.bool_)
    return np.ones(shape_hw, np.bool_)


def _numbers(value: object) -> Sequence[float]:
    values = list(value)[:_MOST_VERTICES] if isinstance(value, (list, tuple, MultiValue)) else []
    found = [number(each) for each in values]
    return [each for each in found if each is not None and abs(each) < 1e6]
