"""Drift watch: how far the scores of a site's images lie from those of the validation images of the weights.

Scanners, projections or patients that the weights never saw show here, before anybody has read an image.
Source of the p-value: Stephens, "Use of the Kolmogorov–Smirnov, Cramér–von Mises and Related Statistics Without
Extensive Tables", Journal of the Royal Statistical Society B 32 (1970), section 3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.detection.measured import measured
from app.detection.spec import ModelSpec
from app.detection.verdict import calibrated

# Fewer images say nothing.
FEWEST = 50
_TERMS = np.arange(1, 101)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Drift:
    """The Kolmogorov–Smirnov distance (0–1) of so many images' scores, and how likely chance alone gives as much."""

    images: int
    distance: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Reference:
    """Quantiles, from lowest to highest, of the calibrated scores of validation images; how many images there were."""

    fractured: Floats
    normal: Floats
    prevalence: float
    images: int

    def share_below(self, scores: Floats) -> Floats:
        """The share of reference images with a score of at most each of `scores`, at the prevalence."""
        fractured, normal = (
            np.interp(scores, quantiles, np.linspace(0, 1, len(quantiles)), left=0.0, right=1.0)
            for quantiles in (self.fractured, self.normal)
        )
        mixed: Floats = self.prevalence * fractured + (1 - self.prevalence) * normal
        return mixed


def reference_of(spec: ModelSpec, prevalence: float | None) -> Reference | None:
    """The reference that `scripts.calibrate` wrote into `model.json`; None where there is none.

    prevalence: the site's, 0–1; None means that of the validation images.
    """
    known, quantiles = measured(spec.provenance), _quantiles(spec.provenance)
    if known is None or quantiles is None:
        return None
    fractured, normal = (np.array([calibrated(raw, spec.calibration) for raw in part]) for part in quantiles)
    return Reference(fractured, normal, known.prevalence if prevalence is None else prevalence, known.images)


def drift(scores: Sequence[float], reference: Reference) -> Drift | None:
    """Compare the calibrated scores of a site's images with the reference; None for fewer than `FEWEST`."""
    if len(scores) < FEWEST:
        return None
    ordered = np.sort(np.array(scores, np.float64))
    expected, count = reference.share_below(ordered), len(ordered)
    above, below = np.arange(1, count + 1) / count - expected, expected - np.arange(count) / count
    distance = float(max(above.max(), below.max(), 0.0))
    effective = np.sqrt(count * reference.images / (count + reference.images))
    return Drift(count, distance, _chance(distance * (effective + 0.12 + 0.11 / effective)))


def _chance(scaled: float) -> float:
    """The probability that the limiting distribution exceeds `scaled`."""
    if scaled < 0.2:
        return 1.0
    terms = (-1.0) ** (_TERMS - 1) * np.exp(-2 * (_TERMS * scaled) ** 2)
    return float(np.clip(2 * terms.sum(), 0.0, 1.0))


def _quantiles(provenance: Mapping[str, Any]) -> tuple[list[float], list[float]] | None:
    try:
        scores = provenance["verdict"]["score_quantiles"]
        parts = [float(raw) for raw in scores["fractured"]], [float(raw) for raw in scores["normal"]]
    except (KeyError, TypeError, ValueError):
        return None
    return parts if all(len(part) > 1 for part in parts) else None
