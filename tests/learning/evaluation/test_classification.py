"""AUROC with DeLong's interval, operating points, Wilson's interval and the bootstrap."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from app.learning.evaluation.metrics.classification import auroc, operating_point, predictive, roc_curve
from app.learning.evaluation.metrics.intervals import bootstrap, draw, share, wilson


def scored(seed, ill=40, well=70, shift=1.0, decimals=1):
    """Scores with many ties."""
    rng = np.random.default_rng(seed)
    scores = np.concatenate([rng.normal(shift, 1, ill), rng.normal(0, 1, well)]).round(decimals)
    return np.arange(ill + well) < ill, scores


def covariance_by_definition(positive, scores):
    """DeLong's variance from its double loop, as the paper writes it."""
    ill, well = scores[positive], scores[~positive]
    wins = (ill[:, None] > well[None, :]) + 0.5 * (ill[:, None] == well[None, :])
    return wins.mean(axis=1).var(ddof=1) / ill.size + wins.mean(axis=0).var(ddof=1) / well.size


@pytest.mark.parametrize("seed", range(5))
def test_auroc_equals_sklearn_with_ties(seed):
    positive, scores = scored(seed)
    assert auroc(positive, scores).value == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_delong_by_ranks_equals_delong_by_definition(seed):
    positive, scores = scored(seed)
    area = auroc(positive, scores)
    half = 1.959963984540054 * math.sqrt(covariance_by_definition(positive, scores))
    assert area.interval == pytest.approx((area.value - half, min(1.0, area.value + half)), abs=1e-12)


def test_delong_agrees_with_a_bootstrap():
    positive, scores = scored(7, ill=120, well=200)
    area = auroc(positive, scores)
    rng = np.random.default_rng(0)
    values = []
    for _ in range(800):
        pick = rng.integers(0, scores.size, scores.size)
        values.append(auroc(positive[pick], scores[pick]).value)
    assert area.interval == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])), abs=0.015)


def test_delong_covers_the_truth_about_ninety_five_times_in_a_hundred():
    truth = 0.5 * math.erfc(-1.0 / math.sqrt(2) / math.sqrt(2))
    intervals = [auroc(*scored(seed, ill=60, well=60, decimals=8)).interval for seed in range(400)]
    covered = np.mean([low <= truth <= high for low, high in intervals])
    assert 0.91 <= covered <= 0.98


def test_the_roc_curve_encloses_the_auroc():
    positive, scores = scored(3)
    assert np.trapezoid(*reversed(roc_curve(positive, scores))) == pytest.approx(auroc(positive, scores).value)


def test_auroc_without_both_kinds_of_image_is_undefined():
    assert auroc(np.array([True, True]), np.array([0.1, 0.2])) is None
    assert auroc(np.zeros(0, bool), np.zeros(0)) is None
    assert roc_curve(np.array([True]), np.array([0.1]))[0].size == 0


def test_one_image_of_each_kind_gives_an_auroc_without_nan():
    area = auroc(np.array([True, False]), np.array([0.9, 0.1]))
    assert (area.value, area.interval) == (1.0, (1.0, 1.0))


def test_an_operating_point_is_worked_by_hand():
    positive = np.array([True] * 4 + [False] * 6)
    scores = np.array([0.9, 0.8, 0.5, 0.1, 0.6, 0.4, 0.3, 0.2, 0.1, 0.0])
    point = operating_point("possible", 0.5, positive, scores)
    assert (point.sensitivity.value, point.specificity.value) == (0.75, pytest.approx(5 / 6))
    assert (point.ppv.value, point.npv.value) == (0.75, pytest.approx(5 / 6))
    ten = next(p for p in point.at_prevalence if p.prevalence == 0.10)
    assert ten.ppv == pytest.approx(0.075 / (0.075 + 0.15))
    assert ten.npv == pytest.approx(0.75 / (0.75 + 0.025))
    assert ten.ppv_interval[0] < ten.ppv < ten.ppv_interval[1]


def test_at_the_data_sets_own_prevalence_bayes_gives_the_counted_ppv():
    positive, scores = scored(2)
    point = operating_point("possible", 0.5, positive, scores)
    own = predictive(point.sensitivity, point.specificity, float(positive.mean()))
    assert (own.ppv, own.npv) == (pytest.approx(point.ppv.value), pytest.approx(point.npv.value))


def test_an_operating_point_without_positives_has_no_sensitivity():
    point = operating_point("possible", 0.5, np.array([False, False]), np.array([0.1, 0.2]))
    assert (point.sensitivity.value, point.sensitivity.interval) == (None, None)
    assert point.ppv.value is None
    assert point.specificity.value == 1.0
    assert all(p.ppv is None and p.npv is None for p in point.at_prevalence)


def test_wilson_gives_the_published_interval():
    # Newcombe, Statistics in Medicine 17 (1998) 857–872, table I: 81/263, 15/148, 0/20, 1/29.
    for (count, of), (low, high) in {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }.items():
        assert wilson(count, of) == pytest.approx((low, high), abs=5e-5)
    assert wilson(0, 0) is None
    assert wilson(20, 20)[1] == 1.0


def test_the_bootstrap_covers_the_truth_about_ninety_five_times_in_a_hundred():
    rng = np.random.default_rng(0)
    counts = draw(80, 400, seed=1)
    covered = 0
    for _ in range(200):
        sample = (rng.random(80) < 0.3).astype(float)
        ((low, high),) = bootstrap(lambda drawn, s=sample: (drawn @ s / 80)[:, None], counts)
        covered += low <= 0.3 <= high
    assert 0.90 <= covered / 200 <= 0.99


def test_resamples_draw_as_many_images_as_there_are_and_repeat_with_the_seed():
    counts = draw(30, 50, seed=3)
    assert (counts.sum(axis=1) == 30).all()
    assert (counts == draw(30, 50, seed=3)).all()
    assert (counts != draw(30, 50, seed=4)).any()


def test_a_mostly_undefined_statistic_has_no_interval():
    counts = draw(10, 100, seed=0)
    assert bootstrap(lambda drawn: np.full((drawn.shape[0], 1), np.nan), counts) == (None,)
    assert bootstrap(lambda drawn: np.zeros((drawn.shape[0], 2)), draw(0, 100, seed=0)) == (None, None)
    assert bootstrap(lambda drawn: np.zeros((drawn.shape[0], 2)), draw(9, 0, seed=0)) == (None, None)


def test_a_share_of_nothing_is_undefined_and_warns_nobody():
    assert np.isnan(share(np.array([0.0]), np.array([0.0]))).all()
