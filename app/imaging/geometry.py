"""Geometry and filters on grey pictures, for training; all of it pure, without state.

Matrices are (2, 3) float64 and map (x, y) of the source to (x, y) of the result. Coordinates count from the corner of
the first pixel, as boxes do; OpenCV counts from its centre, and the difference is settled here.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Matrix = NDArray[np.float64]

_HALF = 0.5


def warp_affine(grey: Grey, matrix: Matrix, size_wh: tuple[int, int], fill: int) -> Grey:
    """Move every point of `grey` (H, W) by `matrix` into a new picture of `size_wh`; outside is `fill` (0–255)."""
    centred = matrix.copy()
    centred[:, 2] += matrix[:, :2] @ (_HALF, _HALF) - _HALF
    warped = cv2.warpAffine(
        grey, centred, size_wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(float(fill),)
    )
    return np.asarray(warped, dtype=np.uint8)


def resize(grey: Grey, size_wh: tuple[int, int]) -> Grey:
    """Resize `grey` (H, W): by area when it shrinks, else bilinear; the result is (size_wh[1], size_wh[0]) uint8."""
    height, width = grey.shape
    shrinks = size_wh[0] < width or size_wh[1] < height
    return np.asarray(
        cv2.resize(grey, size_wh, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR), dtype=np.uint8
    )


def blur(grey: Grey, sigma_px: float) -> Grey:
    """Gaussian blur of `grey` (H, W) with a standard deviation of `sigma_px` > 0 pixels."""
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma_px), dtype=np.uint8)


def apply_curve(grey: Grey, curve: Grey) -> Grey:
    """Replace each value v of `grey` by `curve[v]`; `curve` is (256,) uint8."""
    return np.asarray(cv2.LUT(grey, curve), dtype=np.uint8)
