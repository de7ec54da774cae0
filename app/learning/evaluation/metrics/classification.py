"""Is there a fracture in this image at all? AUROC and what a threshold does, each with its interval.

An image's score is the highest raw score in it; an image is positive when at least one fracture is marked.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.learning.evaluation.metrics.intervals import Z_95, Floats, Interval, wilson

PREVALENCES = (0.05, 0.10, 0.20)


@dataclass(frozen=True)
class Auroc:
    """Area under the ROC curve and its 95 % interval."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class Share:
    """A counted share with its Wilson interval; `value` is None when `of` is 0."""

    value: float | None
    interval: Interval | None
    count: int
    of: int


@dataclass(frozen=True)
class Predictive:
    """PPV and NPV for a prevalence that is not the data set's.

    The intervals put both ends of sensitivity's and specificity's intervals in: wider than 95 %, never narrower.
    """

    prevalence: float
    ppv: float | None
    ppv_interval: Interval | None
    npv: float | None
    npv_interval: Interval | None


@dataclass(frozen=True)
class OperatingPoint:
    """Sensitivity, specificity and predictive values when a calibrated score of `threshold` or more is positive."""

    name: str
    threshold: float
    sensitivity: Share
    specificity: Share
    ppv: Share
    npv: Share
    at_prevalence: tuple[Predictive, ...]


def auroc(positive: NDArray[np.bool_], scores: Floats) -> Auroc | None:
    """AUROC with DeLong's interval, ties counting half; None unless both kinds of image are there.

    The interval is the normal one, cut at 0 and 1; with perfect separation it has no width.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837–845; mid-ranks as in Sun and Xu, IEEE Signal
    Processing Letters 21 (2014) 1389–1393.
    """
    ill, well = scores[positive], scores[~positive]
    if not ill.size or not well.size:
        return None
    together = _midranks(np.concatenate([ill, well]))
    above_well = (together[: ill.size] - _midranks(ill)) / well.size
    below_ill = 1.0 - (together[ill.size :] - _midranks(well)) / ill.size
    value = float(above_well.mean())
    half = Z_95 * math.sqrt(_variance_of_mean(above_well) + _variance_of_mean(below_ill))
    return Auroc(value, (max(0.0, value - half), min(1.0, value + half)))


def operating_point(name: str, threshold: float, positive: NDArray[np.bool_], score: Floats) -> OperatingPoint:
    """Sensitivity, specificity, PPV and NPV of `score` ≥ `threshold`, and PPV and NPV at 5, 10 and 20 % prevalence."""
    called = score >= threshold
    sensitivity = _share(int((called & positive).sum()), int(positive.sum()))
    specificity = _share(int((~called & ~positive).sum()), int((~positive).sum()))
    return OperatingPoint(
        name=name,
        threshold=threshold,
        sensitivity=sensitivity,
        specificity=specificity,
        ppv=_share(int((called & positive).sum()), int(called.sum())),
        npv=_share(int((~called & ~positive).sum()), int((~called).sum())),
        at_prevalence=tuple(predictive(sensitivity, specificity, prevalence) for prevalence in PREVALENCES),
    )


def predictive(sensitivity: Share, specificity: Share, prevalence: float) -> Predictive:
    """PPV and NPV by Bayes' rule; None where sensitivity or specificity is, or where nothing would be called."""
    if sensitivity.value is None or specificity.value is None:
        return Predictive(prevalence, None, None, None, None)
    se, sp = sensitivity.value, specificity.value
    (se_low, se_high), (sp_low, sp_high) = sensitivity.interval or (se, se), specificity.interval or (sp, sp)
    return Predictive(
        prevalence,
        ppv=_ppv(se, sp, prevalence),
        ppv_interval=_interval(_ppv(se_low, sp_low, prevalence), _ppv(se_high, sp_high, prevalence)),
        npv=_npv(se, sp, prevalence),
        npv_interval=_interval(_npv(se_low, sp_low, prevalence), _npv(se_high, sp_high, prevalence)),
    )


def roc_curve(positive: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
    """(1 − specificity, sensitivity) from (0, 0) to (1, 1), one point per distinct score; empty if one kind lacks."""
    if positive.all() or not positive.any():
        return np.zeros(0), np.zeros(0)
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    called_ill = np.cumsum(positive[order])[last]
    called_well = last + 1 - called_ill
    return (
        np.concatenate([[0.0], called_well / (~positive).sum()]),
        np.concatenate([[0.0], called_ill / positive.sum()]),
    )


def _midranks(values: Floats) -> Floats:
    """Ranks from 1, equal values sharing the mean of theirs."""
    _, group, size = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(size) - (size - 1) / 2.0)[group]
    return ranks


def _variance_of_mean(values: Floats) -> float:
    return float(values.var(ddof=1)) / values.size if values.size > 1 else 0.0


def _share(count: int, of: int) -> Share:
    return Share(count / of if of else None, wilson(count, of), count, of)


def _ppv(sensitivity: float, specificity: float, prevalence: float) -> float | None:
    called_ill, called_well = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    return called_ill / (called_ill + called_well) if called_ill + called_well > 0 else None


def _npv(sensitivity: float, specificity: float, prevalence: float) -> float | None:
    passed_ill, passed_well = (1 - sensitivity) * prevalence, specificity * (1 - prevalence)
    return passed_well / (passed_ill + passed_well) if passed_ill + passed_well > 0 else None


def _interval(low: float | None, high: float | None) -> Interval | None:
    return (low, high) if low is not None and high is not None else None
