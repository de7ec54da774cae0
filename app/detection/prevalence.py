"""Prior shift: what a calibrated probability becomes where fractures are rarer or more frequent than in calibration.

Source: Saerens, Latinne, Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori Probabilities", Neural
Computation 14 (2002), equation 2.4.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from app.detection.measured import Measured, Rates, measured
from app.detection.spec import Calibration, ModelSpec
from app.errors import ModelError

# Lines between knots become curves; each is followed by so many shorter lines.
_PIECES = 16


class PredictiveValues(NamedTuple):
    """0–1: the share of marked images with a fracture (PPV), and of unmarked ones without (NPV)."""

    ppv: float
    npv: float


class Outlook(NamedTuple):
    """Predictive values at a prevalence: of images marked *definite*, of all marked images, and of unmarked ones."""

    prevalence: float
    definite_ppv: float
    marked_ppv: float
    unmarked_npv: float


def at_prevalence(spec: ModelSpec, prevalence: float) -> ModelSpec:
    """The specification with probabilities for a site where the share `prevalence` of the images shows a fracture.

    Probabilities and thresholds move together, so that every image keeps its verdict.

    Raises:
        ModelError: `model.json` does not say on how many images with a fracture the calibration was fitted.
    """
    known = measured(spec.provenance)
    if known is None or not 0 < known.prevalence < 1:
        raise ModelError("SITE_PREVALENCE needs a model.json that tells the prevalence of its calibration.")
    return replace(spec, calibration=shifted(spec.calibration, known.prevalence, prevalence))


def outlook(known: Measured, site: float | None) -> Outlook:
    """The predictive values at the site's prevalence; without one, at that of the calibration."""
    prevalence = known.prevalence if site is None else site
    definite, marked = (predictive_values(rates, prevalence) for rates in (known.definite, known.possible))
    return Outlook(prevalence, definite.ppv, marked.ppv, marked.npv)


def shifted(calibration: Calibration, fitted: float, site: float) -> Calibration:
    """The calibration for another prevalence (0–1, exclusive) than the one it was fitted at."""
    raw, probability = (np.array(values, np.float64) for values in zip(*calibration.knots, strict=True))
    steps = np.arange((len(raw) - 1) * _PIECES + 1) / _PIECES
    # The thresholds are knots too, so that no raw score changes sides.
    thresholds = np.interp([calibration.possible, calibration.definite], probability, raw)
    finer = np.unique(np.concatenate([np.interp(steps, np.arange(len(raw)), raw), thresholds]))
    values = np.interp(finer, raw, probability)
    return replace(
        calibration,
        knots=tuple((float(x), shift(float(y), fitted, site)) for x, y in zip(finer, values, strict=True)),
        possible=shift(calibration.possible, fitted, site),
        definite=shift(calibration.definite, fitted, site),
    )


def shift(probability: float, fitted: float, site: float) -> float:
    """One probability, by Bayes' rule with the same likelihoods and another prior."""
    positive = probability * site / fitted
    negative = (1 - probability) * (1 - site) / (1 - fitted)
    return positive / (positive + negative)


def predictive_values(rates: Rates, prevalence: float) -> PredictiveValues:
    """PPV and NPV of a test at a prevalence (0–1, exclusive); 0 where nothing is marked, or nothing is not."""
    found, missed = rates.sensitivity * prevalence, (1 - rates.sensitivity) * prevalence
    alarms, quiet = (1 - rates.specificity) * (1 - prevalence), rates.specificity * (1 - prevalence)
    return PredictiveValues(_share(found, found + alarms), _share(quiet, quiet + missed))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
