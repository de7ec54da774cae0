"""FROC: worked by hand, monotone, strict about second boxes."""

from pathlib import Path

import numpy as np
import pytest

from app.learning.evaluation.metrics.froc import RATES, froc_curve, sensitivity_at, threshold_at
from app.learning.evaluation.metrics.matching import Case, match

LEFT, RIGHT, ELSEWHERE = (0.0, 0.0, 10.0, 10.0), (50.0, 50.0, 60.0, 60.0), (80.0, 80.0, 90.0, 90.0)


def case(truth=(), found=()):
    return Case(
        Path("x.png"),
        (100, 100),
        np.array(truth, float).reshape(-1, 4),
        ("wrist",) * len(truth),
        np.array([box for box, _ in found], float).reshape(-1, 4),
        ("hip",) * len(found),
        np.array([score for _, score in found], float),
    )


def at(matches, *rates):
    return sensitivity_at(matches, rates, np.ones((1, matches.truth_count.size), np.int64))[0].tolist()


def test_the_curve_is_worked_by_hand_and_ignores_the_region():
    cases = [
        case([LEFT, RIGHT], [(LEFT, 0.9), (RIGHT, 0.4)]),
        case([], [(ELSEWHERE, 0.6)]),
        case([LEFT], [(ELSEWHERE, 0.5), (LEFT, 0.2)]),
        case([], []),
    ]
    matches = match(cases, None)
    alarms, sensitivity, thresholds = froc_curve(matches)
    assert thresholds.tolist() == [0.9, 0.6, 0.5, 0.4, 0.2]
    assert alarms.tolist() == [0.0, 0.25, 0.5, 0.5, 0.5]
    assert sensitivity.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 2 / 3, 1.0])
    assert at(matches, 0.1, 0.25, 0.5, 1.0) == pytest.approx([1 / 3, 1 / 3, 1.0, 1.0])
    assert threshold_at(matches, 0.25) == 0.6


def test_a_second_box_on_a_found_fracture_costs_a_false_alarm():
    matches = match([case([LEFT], [(LEFT, 0.9), (LEFT, 0.8)])], None)
    assert froc_curve(matches)[0].tolist() == [0.0, 1.0]


def test_detections_of_one_score_stand_or_fall_together():
    matches = match([case([LEFT], [(LEFT, 0.5), (ELSEWHERE, 0.5)])], None)
    assert at(matches, 0.5, 1.0) == [0.0, 1.0]
    assert threshold_at(matches, 0.5) is None


def test_more_false_alarms_never_find_fewer_fractures():
    rng = np.random.default_rng(1)
    cases = []
    for _ in range(60):
        truth = [LEFT, RIGHT][: rng.integers(0, 3)]
        found = [(box, float(rng.random())) for box in [LEFT, RIGHT, ELSEWHERE] if rng.random() < 0.7]
        cases.append(case(truth, found))
    matches = match(cases, None)
    alarms, sensitivity, _ = froc_curve(matches)
    assert (np.diff(alarms) >= 0).all()
    assert (np.diff(sensitivity) >= 0).all()
    values = at(matches, *RATES)
    assert values == sorted(values)


def test_a_resample_equals_the_set_with_images_repeated():
    cases = [case([LEFT], [(LEFT, 0.9)]), case([RIGHT], [(ELSEWHERE, 0.8), (RIGHT, 0.3)]), case([], [(LEFT, 0.5)])]
    counts = np.array([[1, 3, 2]])
    repeated = match([cases[0], *[cases[1]] * 3, *[cases[2]] * 2], None)
    weighted = sensitivity_at(match(cases, None), RATES, counts)[0].tolist()
    assert weighted == pytest.approx(at(repeated, *RATES))


def test_without_fractures_or_without_detections_nothing_is_made_up():
    assert np.isnan(at(match([case([], [(LEFT, 0.9)])], None), 0.25)).all()
    assert at(match([case([LEFT], [])], None), 0.25) == [0.0]
    assert threshold_at(match([case([LEFT], [])], None), 0.25) is None
    assert froc_curve(match([case([], [])], None))[0].size == 0
