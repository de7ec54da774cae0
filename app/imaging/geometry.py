"""Geometry and filters on grey images, for training; all of it pure, without state.

Matrices are (2, 3) float64 and map (x, y) of the source to (x, y) of the result. Coordinates count from the corner of
the first pixel, as boxes do; OpenCV counts from its centre, and the difference is settled here.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Matrix = NDArray[np.float64]
Field = NDArray[np.float32]

_HALF = 0.5
# A publisher's rotation leaves a hard edge at the rim, which is no anatomy.
_RIM_PX = 3
_MOST_STEPS = 30
_ECC_FILTER_PX = 5


def work_in_one_thread() -> None:
    """Let OpenCV compute in the calling thread only; its pool of threads does not survive the fork of a process."""
    cv2.setNumThreads(0)


def warp_affine(grey: Grey, matrix: Matrix, size_wh: tuple[int, int], fill: int) -> Grey:
    """Move every point of `grey` (H, W) by `matrix` into a new image of `size_wh`; outside is `fill` (0–255)."""
    warped = cv2.warpAffine(
        grey,
        _to_centres(matrix),
        size_wh,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(float(fill),),
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


def smooth(field: Field, sigma_px: float) -> Field:
    """Gaussian blur of a (H, W) float32 field with a standard deviation of `sigma_px` > 0 pixels."""
    return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma_px), dtype=np.float32)


def align(fixed: Field, moving: Field, start: Matrix) -> Matrix | None:
    """The affine (2, 3) from pixels of `fixed` to pixels of `moving` that makes them agree best, searched from `start`.

    Fields are (H, W) float32, matrices count from pixel corners; None when the search does not settle.

    Source: Evangelidis and Psarakis, "Parametric image alignment using enhanced correlation coefficient
    maximization", TPAMI 2008 (OpenCV's findTransformECC).
    """
    inner = np.zeros(moving.shape, np.uint8)
    inner[_RIM_PX:-_RIM_PX, _RIM_PX:-_RIM_PX] = 255
    rough = _to_centres(start).astype(np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _MOST_STEPS, 1e-4)
    try:
        _, found = cv2.findTransformECC(fixed, moving, rough, cv2.MOTION_AFFINE, criteria, inner, _ECC_FILTER_PX)
    except cv2.error:
        return None
    corners = np.asarray(found, dtype=np.float64)
    corners[:, 2] += _HALF - corners[:, :2] @ (_HALF, _HALF)
    return corners if np.isfinite(corners).all() else None


def fetch(moving: Field, matrix: Matrix, shape_hw: tuple[int, int]) -> tuple[Field, NDArray[np.bool_]]:
    """`moving` as seen from a field of `shape_hw` whose pixels `matrix` maps into it, and where it is inside."""
    inner = np.zeros(moving.shape, np.uint8)
    inner[_RIM_PX:-_RIM_PX, _RIM_PX:-_RIM_PX] = 255
    centred, flags, size_wh = _to_centres(matrix), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, shape_hw[::-1]
    seen = np.asarray(cv2.warpAffine(moving, centred, size_wh, flags=flags), dtype=np.float32)
    return seen, np.asarray(cv2.warpAffine(inner, centred, size_wh, flags=flags)) > 250


def _to_centres(matrix: Matrix) -> Matrix:
    centred = matrix.copy()
    centred[:, 2] += matrix[:, :2] @ (_HALF, _HALF) - _HALF
    return centred
