"""Scores become confidences, tiers and one verdict; thresholds are inclusive."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.detection import Calibration, calibrated, judge
from app.records import Detection

CALIBRATION = Calibration("by hand", ((0.0, 0.05), (0.5, 0.6), (1.0, 0.9)), possible=0.325, definite=0.6)


def found(*scores: float) -> list[Detection]:
    """Detections side by side."""
    return [Detection("wrist", score, (9.0 * n, 0.0, 9.0 * n + 4.0, 4.0)) for n, score in enumerate(scores)]


@pytest.mark.parametrize(("raw", "probability"), [(0, 0.05), (0.25, 0.325), (0.5, 0.6), (0.75, 0.75), (1, 0.9)])
def test_between_knots_lie_straight_lines(raw: float, probability: float) -> None:
    assert calibrated(raw, CALIBRATION) == pytest.approx(probability)


def test_a_definite_finding_makes_a_fracture() -> None:
    verdict, score, findings, _ = judge(found(0.3, 0.75), CALIBRATION)
    assert verdict == "fracture"
    assert score == pytest.approx(0.75)
    assert [finding.tier for finding in findings] == ["definite", "possible"]


def test_thresholds_are_inclusive() -> None:
    at_the_knots = replace(CALIBRATION, possible=0.6, definite=0.9)
    findings = judge(found(1.0, 0.5), at_the_knots).findings
    assert [finding.tier for finding in findings] == ["definite", "possible"]


def test_only_possible_findings_make_possible() -> None:
    assert judge(found(0.3), CALIBRATION).verdict == "possible"


def test_below_possible_is_no_finding_but_counts_for_the_score() -> None:
    verdict, score, findings, _ = judge(found(0.2), CALIBRATION)
    assert (verdict, findings) == ("none", ())
    assert score == pytest.approx(0.27)


def test_a_place_that_two_regions_claim_is_one_finding_of_the_surer_one() -> None:
    here, nearly_here, elsewhere = (0.0, 0.0, 8.0, 8.0), (1.0, 0.0, 9.0, 8.0), (20.0, 0.0, 28.0, 8.0)
    detections = [
        Detection("elbow", 0.6, nearly_here),
        Detection("wrist", 0.8, here),
        Detection("elbow", 0.5, elsewhere),
    ]
    findings = judge(detections, CALIBRATION).findings
    assert [(finding.region, finding.box_px) for finding in findings] == [("wrist", here), ("elbow", elsewhere)]


def test_without_a_detection_the_score_is_that_of_raw_zero() -> None:
    assert judge([], CALIBRATION) == ("none", 0.05, (), None)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_the_verdict_follows_from_the_score_alone(scores: list[float]) -> None:
    verdict, score, findings, _ = judge(found(*scores), CALIBRATION)
    wanted = "fracture" if score >= 0.6 else "possible" if score >= 0.325 else "none"
    assert verdict == wanted
    assert [f.confidence for f in findings] == sorted((f.confidence for f in findings), reverse=True)
    assert all(f.confidence <= score for f in findings)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_is_never_less_likely(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert calibrated(low, CALIBRATION) <= calibrated(high, CALIBRATION)
