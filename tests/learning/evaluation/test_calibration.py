"""The map from raw scores to probabilities, and the two thresholds of the verdict."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from app.errors import DatasetError
from app.learning.evaluation.calibration import (
    BINS,
    KNOT_COUNT,
    brier,
    calibrated,
    cross_validated,
    expected_calibration_error,
    fit,
    reliability,
)
from app.learning.export.thresholds import choose


def scores(seed=0, ill=150, well=300, separation=1.5):
    """Raw scores whose true probability is a logistic curve of their logit."""
    rng = np.random.default_rng(seed)
    logit = np.concatenate([rng.normal(separation, 1, ill), rng.normal(0, 1, well)]) - 2.5
    return np.arange(ill + well) < ill, 1 / (1 + np.exp(-logit))


def once(n):
    return np.ones((1, n), np.int64)


def test_the_map_rises_strictly_from_zero_to_one_with_few_knots():
    knots = fit(*scores())
    xs, ys = zip(*knots, strict=True)
    assert (xs[0], xs[-1]) == (0.0, 1.0)
    assert len(knots) <= KNOT_COUNT
    assert (np.diff(xs) > 0).all()
    assert (np.diff(ys) > 0).all()
    assert all(0 < y < 1 for y in ys)


def test_the_map_follows_the_logistic_regression_it_stands_for():
    positive, raw = scores()
    logit = np.log(raw / (1 - raw))[:, None]
    reference = LogisticRegression(C=1e9).fit(logit, positive).predict_proba(logit)[:, 1]
    assert calibrated(fit(positive, raw), raw) == pytest.approx(reference, abs=0.02)


def test_calibration_lowers_the_error_on_images_it_never_saw():
    positive, raw = scores(seed=1, ill=600, well=1200)
    unseen, unseen_raw = scores(seed=2, ill=600, well=1200)
    said = calibrated(fit(positive, raw), unseen_raw)
    n = unseen.size
    assert expected_calibration_error(unseen, said, once(n))[0] < 0.04
    assert expected_calibration_error(unseen, unseen_raw, once(n))[0] > 0.1
    assert brier(unseen, said, once(n))[0] < brier(unseen, unseen_raw, once(n))[0]


def test_cross_validation_judges_every_image_and_repeats_with_the_seed():
    positive, raw = scores()
    said = cross_validated(positive, raw, seed=5)
    assert ((said > 0) & (said < 1)).all()
    assert (said == cross_validated(positive, raw, seed=5)).all()


def test_images_without_any_detection_can_be_calibrated():
    positive, raw = scores()
    raw[:20], raw[-100:] = 0.0, 0.0
    knots = fit(positive, raw)
    assert calibrated(knots, np.zeros(1))[0] == knots[0][1]


def test_too_few_images_of_a_kind_are_refused():
    positive, raw = scores(ill=9)
    with pytest.raises(DatasetError, match="9 images with and 300 without"):
        fit(positive, raw)


def test_scores_that_fall_with_fractures_are_refused():
    positive, raw = scores()
    with pytest.raises(DatasetError, match="do not rise"):
        fit(~positive, raw)


def test_perfectly_separated_scores_still_give_a_finite_map():
    positive = np.arange(40) < 20
    knots = fit(positive, np.where(positive, 0.9, 0.01))
    assert np.isfinite(np.array(knots)).all()


def test_ece_and_brier_are_worked_by_hand():
    positive = np.array([True, False, True, True])
    said = np.array([0.2, 0.25, 0.9, 0.95])
    # Bin 0.2–0.3: says 0.225, true 0.5; bin 0.9–1.0: says 0.925, true 1.
    assert expected_calibration_error(positive, said, once(4))[0] == pytest.approx(0.5 * 0.275 + 0.5 * 0.075)
    assert brier(positive, said, once(4))[0] == pytest.approx((0.64 + 0.0625 + 0.01 + 0.0025) / 4)
    bins = reliability(positive, said)
    assert len(bins) == BINS
    assert (bins[2].said, bins[2].true, bins[2].count) == (pytest.approx(0.225), 0.5, 2)
    assert (bins[0].said, bins[0].true, bins[0].count) == (None, None, 0)


def test_without_images_the_error_is_undefined():
    nothing = np.zeros(0)
    assert np.isnan(expected_calibration_error(nothing.astype(bool), nothing, once(0))).all()
    assert np.isnan(brier(nothing.astype(bool), nothing, once(0))).all()


def reached(positive, probability, thresholds):
    sensitivity = (probability[positive] >= thresholds.possible).mean()
    specificity = (probability[~positive] < thresholds.definite).mean()
    return sensitivity, specificity


@pytest.mark.parametrize("seed", range(4))
def test_the_thresholds_keep_both_promises_and_are_as_sharp_as_they_can_be(seed):
    positive, raw = scores(seed)
    chosen = choose(positive, raw, nothing=0.0)
    sensitivity, specificity = reached(positive, raw, chosen)
    assert chosen.possible < chosen.definite
    assert chosen.possible_reached and chosen.definite_reached and not chosen.swapped
    assert 0.90 <= sensitivity < 0.91
    assert 0.95 <= specificity < 0.96


def test_a_detector_good_enough_for_one_threshold_keeps_both_promises():
    positive, raw = scores(separation=6.0)
    chosen = choose(positive, raw, nothing=0.0)
    sensitivity, specificity = reached(positive, raw, chosen)
    assert chosen.swapped
    assert chosen.possible < chosen.definite
    assert sensitivity >= 0.90
    assert specificity >= 0.95


def test_a_sensitivity_out_of_reach_is_said_and_nothing_found_stays_negative():
    positive = np.arange(40) < 20
    probability = np.where(np.arange(40) < 10, 0.8, 0.05)
    chosen = choose(positive, probability, nothing=0.05)
    assert not chosen.possible_reached
    assert 0.05 < chosen.possible <= 0.8
    assert chosen.possible < chosen.definite


def test_scores_that_are_all_equal_still_give_two_thresholds():
    positive = np.arange(40) < 20
    for score in (0.05, 0.5):
        chosen = choose(positive, np.full(40, score), nothing=0.05)
        assert 0.05 < chosen.possible < chosen.definite <= 1.0
