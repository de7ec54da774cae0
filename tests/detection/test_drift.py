"""The distance of scores from validation's: small for the same images, large for others, corrected for prevalence."""

from dataclasses import replace

import numpy as np
import pytest

from app.detection.drift import FEWEST, Drift, drift, reference_of
from app.detection.spec import NEW_NMS, Calibration, ModelSpec

CALIBRATION = Calibration("test", ((0.0, 0.0), (0.5, 0.25), (1.0, 1.0)), 0.2, 0.6)
STEPS = np.linspace(0, 1, 51)
# Raw scores of fractured images lie between 0.4 and 1, of normal ones between 0 and 0.5.
QUANTILES = {"fractured": list(0.4 + 0.6 * STEPS), "normal": list(0.5 * STEPS)}
RATES = {"sensitivity": {"value": 0.9}, "specificity": {"value": 0.6}}


def spec(**changes: object) -> ModelSpec:
    points = [{"name": name} | RATES for name in ("possible", "definite")]
    verdict = {"images": 1000, "images_with_fracture": 300, "operating_points": points, "score_quantiles": QUANTILES}
    return ModelSpec("t", "1", ("wrist",), 64, 32, NEW_NMS, CALIBRATION, provenance={"verdict": verdict | changes})


def scores(count: int, prevalence: float, seed: int = 0) -> list[float]:
    """Calibrated scores of images like those of validation, of which a share shows a fracture."""
    random = np.random.default_rng(seed)
    fractured = 0.4 + 0.6 * random.random(round(count * prevalence))
    raw = np.concatenate([fractured, 0.5 * random.random(count - len(fractured))])
    xs, ys = zip(*CALIBRATION.knots, strict=True)
    return list(np.interp(raw, xs, ys))


def compared(values: list[float], prevalence: float | None = None) -> Drift:
    reference = reference_of(spec(), prevalence)
    assert reference is not None
    found = drift(values, reference)
    assert found is not None
    return found


def test_images_like_those_of_validation_do_not_drift() -> None:
    found = compared(scores(400, 0.3))
    assert found.images == 400
    assert found.distance < 0.07
    assert found.p_value > 0.05


def test_other_images_do() -> None:
    found = compared([value**0.5 for value in scores(400, 0.3)])
    assert found.distance > 0.15
    assert found.p_value < 0.001


def test_a_rarer_fracture_is_no_drift_where_the_prevalence_is_known() -> None:
    rare = scores(400, 0.05)
    assert compared(rare).p_value < 0.01
    assert compared(rare, prevalence=0.05).p_value > 0.05


def test_the_distance_is_that_of_kolmogorov_and_smirnov() -> None:
    # Every score is 0: of the reference no image lies at or below it, but for the lowest.
    assert compared([0.0] * FEWEST).distance == pytest.approx(1.0, abs=0.01)
    # Every score is 1, which no reference image exceeds.
    assert compared([1.0] * FEWEST).distance == pytest.approx(1.0, abs=0.01)


def test_p_values_are_those_of_the_tables() -> None:
    reference = reference_of(spec(), None)
    assert reference is not None
    # 1.358 is the 5 % point of the limiting distribution.
    values = scores(1000, 0.3)
    found = drift(values, replace(reference, images=10**9))
    assert found is not None
    effective = np.sqrt(1000)
    critical = 1.358 / (effective + 0.12 + 0.11 / effective)
    assert (found.distance > critical) == (found.p_value < 0.05)


def test_too_few_images_or_no_reference_give_nothing() -> None:
    reference = reference_of(spec(), None)
    assert reference is not None
    assert drift([0.5] * (FEWEST - 1), reference) is None
    for broken in (spec(score_quantiles={"fractured": [0.1]}), spec(score_quantiles=None), spec(operating_points=[])):
        assert reference_of(broken, None) is None
