"""From raw scores to probabilities: how good the map is, and how it is fitted.

The map answers one question: of images whose highest raw score is this, which share shows a fracture? It holds for
the share of fractures in the images it was fitted on; where fractures are rarer it says too much.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.errors import DatasetError
from app.learning.evaluation.metrics.intervals import Counts, Floats, share

Knots = tuple[tuple[float, float], ...]

BINS = 10
KNOT_COUNT = 12
LEAST_OF_EACH = 10
# Scores closer than this to 0 or 1 are taken to be this far away: a logit needs an end.
_EDGE = 1e-3


@dataclass(frozen=True)
class Bin:
    """One bar of the reliability plot: what was said on average, what was true, and of how many images."""

    low: float
    high: float
    said: float | None
    true: float | None
    count: int


def calibrated(knots: Knots, raw: Floats) -> Floats:
    """Raw scores → probabilities along straight lines between the knots (raw, probability).

    The same as `app.detection.calibrated`, for many scores at once.
    """
    xs, ys = zip(*knots, strict=True)
    out: Floats = np.interp(raw, xs, ys)
    return out


def brier(positive: NDArray[np.bool_], probability: Floats, counts: Counts) -> Floats:
    """(B,) mean squared difference of probability and truth, for each resample; NaN without images."""
    return share(counts @ (probability - positive) ** 2, counts.sum(axis=1).astype(np.float64))


def expected_calibration_error(positive: NDArray[np.bool_], probability: Floats, counts: Counts) -> Floats:
    """(B,) mean distance of what was said and what was true over ten bins of equal width, weighted by images.

    Source: Guo et al., ICML 2017, eq. 3, on the probability of the positive class.
    """
    off = counts.astype(np.float64) * (probability - positive)
    number_of_bin = _bin_of(probability)
    gaps = np.stack([np.abs(off[:, number_of_bin == n].sum(axis=1)) for n in range(BINS)])
    return share(gaps.sum(axis=0), counts.sum(axis=1).astype(np.float64))


def reliability(positive: NDArray[np.bool_], probability: Floats) -> tuple[Bin, ...]:
    """The ten bins behind the calibration error."""
    number_of_bin = _bin_of(probability)
    bins = []
    for n in range(BINS):
        inside = number_of_bin == n
        count = int(inside.sum())
        said = float(probability[inside].mean()) if count else None
        true = float(positive[inside].mean()) if count else None
        bins.append(Bin(n / BINS, (n + 1) / BINS, said, true, count))
    return tuple(bins)


def fit(positive: NDArray[np.bool_], raw: Floats) -> Knots:
    """Fit the map: a logistic curve over the logit of the raw score, drawn with at most twelve straight lines.

    Two parameters, so that a few hundred images suffice, and strictly rising, so that no threshold is ambiguous.

    Raises:
        DatasetError: fewer than ten images of a kind, or scores that do not rise with fractures.

    Source: Platt, Advances in Large Margin Classifiers (1999), with his target values; Newton's method as in Lin, Lin
    and Weng, Machine Learning 68 (2007) 267–276.
    """
    ill, well = int(positive.sum()), int((~positive).sum())
    if min(ill, well) < LEAST_OF_EACH:
        raise DatasetError(f"{ill} images with and {well} without a fracture are too few to calibrate; ten of each.")
    return _fit(positive, raw)


def cross_validated(positive: NDArray[np.bool_], raw: Floats, seed: int, folds: int = 5) -> Floats:
    """The probability of each image by a map that never saw it; the honest input for ECE and Brier.

    Raises:
        DatasetError: the scores of some four folds do not rise with fractures.
    """
    fold = np.empty(positive.size, np.intp)
    generator = np.random.default_rng(seed)
    for kind in (positive, ~positive):
        fold[kind] = generator.permutation(np.arange(int(kind.sum())) % folds)
    out = np.empty(raw.size)
    for n in range(folds):
        out[fold == n] = calibrated(_fit(positive[fold != n], raw[fold != n]), raw[fold == n])
    return out


def _fit(positive: NDArray[np.bool_], raw: Floats) -> Knots:
    ill, well = int(positive.sum()), int((~positive).sum())
    target = np.where(positive, (ill + 1) / (ill + 2), 1 / (well + 2))
    slope, offset = _logistic(_logit(raw), target)
    if slope <= 0:
        raise DatasetError("The scores of these images do not rise with fractures: nothing to calibrate.")
    return _knots(slope, offset)


def _knots(slope: float, offset: float) -> Knots:
    """Knots spread over the probability, since that is what a reader sees, and closer where the curve bends: at both
    ends. The first and the last stand for everything down to 0 and up to 1.
    """
    ends = 1 / (1 + np.exp(-(slope * _logit(np.array([0.0, 1.0])) + offset)))
    probability = ends[0] + (ends[1] - ends[0]) * (1 - np.cos(np.linspace(0, np.pi, KNOT_COUNT))) / 2
    raw = 1 / (1 + np.exp(-(np.log(probability / (1 - probability)) - offset) / slope))
    raw[0], raw[-1] = 0.0, 1.0
    return _rising(raw, probability)


def _rising(raw: Floats, probability: Floats) -> Knots:
    """Rounded for the file; knots that rounding makes equal are dropped, the first and the last never."""
    knots: list[tuple[float, float]] = []
    for x, y in zip(raw.round(6).tolist(), probability.round(6).tolist(), strict=True):
        if not knots or (x > knots[-1][0] and y > knots[-1][1]):
            knots.append((x, y))
    return tuple(knots)


def _logistic(x: Floats, target: Floats) -> tuple[float, float]:
    """Slope and offset of the logistic curve with the least log loss."""
    design = np.stack([x, np.ones_like(x)], axis=1)
    weights = np.zeros(2)
    for _ in range(100):
        said = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (said - target)
        curvature = (design * (said * (1 - said))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        # A full step from far away can overshoot where the curve is flat.
        weights -= step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-9:
            break
    return float(weights[0]), float(weights[1])


def _logit(raw: Floats) -> Floats:
    inside = np.clip(raw, _EDGE, 1 - _EDGE)
    out: Floats = np.log(inside / (1 - inside))
    return out


def _bin_of(probability: Floats) -> NDArray[np.intp]:
    return np.clip((probability * BINS).astype(np.intp), 0, BINS - 1)
