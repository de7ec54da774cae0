"""Another prevalence changes probabilities as Bayes says, and no verdict."""

import numpy as np
import pytest

from app.detection.measured import Rates
from app.detection.prevalence import at_prevalence, predictive_values, shift, shifted
from app.detection.spec import NEW_NMS, Calibration, ModelSpec
from app.detection.verdict import calibrated, judge
from app.errors import ModelError
from app.records import Detection

FITTED = 0.3
CALIBRATION = Calibration("test", ((0.0, 0.02), (0.1, 0.4), (0.4, 0.9), (1.0, 0.999)), 0.15, 0.6)


def points(name: str) -> dict[str, object]:
    return {"name": name, "sensitivity": {"value": 0.9}, "specificity": {"value": 0.6}}


def spec(**verdict: object) -> ModelSpec:
    entry = {"images": 1000, "images_with_fracture": 300} | verdict
    entry["operating_points"] = [points("possible"), points("definite")]
    return ModelSpec("test", "1", ("wrist",), 64, 32, NEW_NMS, CALIBRATION, provenance={"verdict": entry})


def test_a_rarer_fracture_is_less_probable_by_bayes() -> None:
    # 0.6 at 30 %: odds 1.5, likelihood ratio 1.5 / (3/7) = 3.5; at 5 %: odds 3.5 / 19.
    assert shift(0.6, 0.3, 0.05) == pytest.approx(3.5 / 22.5)
    assert shift(0.6, 0.3, 0.3) == pytest.approx(0.6)
    assert (shift(0.0, 0.3, 0.05), shift(1.0, 0.3, 0.05)) == (0.0, 1.0)


@pytest.mark.parametrize("site", [0.02, 0.3, 0.7])
def test_every_probability_follows(site: float) -> None:
    moved = shifted(CALIBRATION, FITTED, site)
    for raw in np.linspace(0, 1, 501):
        expected = shift(calibrated(float(raw), CALIBRATION), FITTED, site)
        assert calibrated(float(raw), moved) == pytest.approx(expected, abs=0.004)


@pytest.mark.parametrize("site", [0.02, 0.7])
def test_no_verdict_changes(site: float) -> None:
    moved = at_prevalence(spec(), site).calibration
    for raw in np.linspace(0.0003, 0.9997, 2001):
        found = [Detection("wrist", float(raw), (0.0, 0.0, 9.0, 9.0))]
        before, after = judge(found, CALIBRATION), judge(found, moved)
        assert before.verdict == after.verdict
        assert [one.tier for one in before.findings] == [one.tier for one in after.findings]


def test_a_model_that_does_not_tell_its_prevalence_is_refused() -> None:
    for broken in (spec(images=0), spec(images_with_fracture="many"), spec(images_with_fracture=1000)):
        with pytest.raises(ModelError, match="SITE_PREVALENCE"):
            at_prevalence(broken, 0.1)


def test_predictive_values_follow_the_prevalence() -> None:
    # Of 1000 images 100 with a fracture: 90 found, 10 missed; 540 of 900 whole ones unmarked.
    values = predictive_values(Rates(0.9, 0.6), 0.1)
    assert values.ppv == pytest.approx(90 / (90 + 360))
    assert values.npv == pytest.approx(540 / (540 + 10))
    assert predictive_values(Rates(0.0, 1.0), 0.1) == (0.0, pytest.approx(0.9))
