"""The two thresholds of the verdict, chosen on images: above *possible* it is shown, above *definite* it is said.

Both are on the calibrated scale and inclusive: an image is positive when its score is at least the threshold. They lie
half-way between the scores of two images, so that rounding changes nobody's verdict.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.learning.evaluation.metrics.intervals import Floats

TARGET_SENSITIVITY = 0.90
TARGET_SPECIFICITY = 0.95


@dataclass(frozen=True)
class Thresholds:
    """possible < definite, and whether each meets its target on the images that chose it.

    swapped: the detector is so good that one threshold would do for both targets; see `choose`.
    """

    possible: float
    definite: float
    possible_reached: bool
    definite_reached: bool
    swapped: bool


def choose(positive: NDArray[np.bool_], probability: Floats, nothing: float) -> Thresholds:
    """The highest threshold with sensitivity ≥ 0.90 and the lowest with specificity ≥ 0.95.

    nothing: the probability of an image without any detection. No threshold may lie at or below it; where 0.90 cannot
    be reached above it, *possible* is the lowest threshold above it.

    When the first comes out above the second, any threshold between them meets both targets; then the lower becomes
    *possible* and the higher *definite*, which keeps both promises. When they are equal, *definite* moves to the next
    gap between scores.
    """
    gaps = _gaps(probability, nothing)
    sensitive, specific = _sensitivity(positive, probability, gaps), _specificity(positive, probability, gaps)
    enough = np.flatnonzero(sensitive >= TARGET_SENSITIVITY)
    low = int(enough[-1]) if enough.size else 0
    sure = np.flatnonzero(specific >= TARGET_SPECIFICITY)
    high = int(sure[0]) if sure.size else gaps.size - 1
    swapped = low > high
    low, high = min(low, high), max(low, high)
    if low == high:
        low, high = (low, high + 1) if high + 1 < gaps.size else (low - 1, high)
    return Thresholds(
        possible=float(gaps[low]),
        definite=float(gaps[high]),
        possible_reached=bool(sensitive[low] >= TARGET_SENSITIVITY),
        definite_reached=bool(specific[high] >= TARGET_SPECIFICITY),
        swapped=swapped,
    )


def _gaps(probability: Floats, nothing: float) -> Floats:
    """Rising midpoints between neighbouring scores, from just above `nothing` to just above the highest score."""
    levels = np.unique(np.concatenate([[nothing], probability[probability > nothing], [1.0]]))
    gaps: Floats = (levels[:-1] + levels[1:]) / 2
    # Two thresholds are needed even when every image scores the same.
    return gaps if gaps.size > 1 else np.array([gaps[0], (gaps[0] + 1.0) / 2])


def _sensitivity(positive: NDArray[np.bool_], probability: Floats, gaps: Floats) -> Floats:
    ill = np.sort(probability[positive])
    out: Floats = (ill.size - np.searchsorted(ill, gaps, side="left")) / max(ill.size, 1)
    return out


def _specificity(positive: NDArray[np.bool_], probability: Floats, gaps: Floats) -> Floats:
    well = np.sort(probability[~positive])
    out: Floats = np.searchsorted(well, gaps, side="left") / max(well.size, 1)
    return out
