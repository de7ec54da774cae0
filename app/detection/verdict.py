"""From raw scores to what a reader is told: calibrated confidences, tiers, one verdict."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.detection.boxes import places
from app.detection.spec import Calibration
from app.records import Detection, Finding, Reason, Tier, Verdict


class Judgement(NamedTuple):
    """The verdict on one radiograph, the probability behind it (0–1), and the findings, most confident first.

    reason: why the radiograph is not assessed; None otherwise.
    """

    verdict: Verdict
    score: float
    findings: tuple[Finding, ...]
    reason: Reason | None = None


def calibrated(raw: float, calibration: Calibration) -> float:
    """The probability, 0–1, of a raw score, 0–1: straight lines between the knots."""
    xs, ys = zip(*calibration.knots, strict=True)
    return float(np.interp(raw, xs, ys))


def findings_in(detections: Sequence[Detection], calibration: Calibration) -> tuple[Finding, ...]:
    """The findings among detections, most confident first; see `judge` for what is no finding."""
    ranked = sorted(detections, key=lambda detection: -detection.score)
    boxes = np.array([detection.box_px for detection in ranked], np.float64).reshape(-1, 4)
    return tuple(found for n in places(boxes) if (found := _finding(ranked[n], calibration)))


def judge(detections: Sequence[Detection], calibration: Calibration, reason: Reason | None = None) -> Judgement:
    """Calibrate, sort into tiers and judge; the detections are of fractures.

    A detection below the threshold *possible* is no finding, and neither is one that gives a place of a surer one
    another region (`app.detection.boxes.places`). The score is the calibrated highest raw score (of raw 0
    when there is no detection), also when it is below both thresholds. Thresholds are inclusive.

    reason: why the radiograph must not be judged; the verdict is then "not-assessed" and there are no findings.
    """
    score = calibrated(max((detection.score for detection in detections), default=0.0), calibration)
    if reason is not None:
        return Judgement("not-assessed", score, (), reason)
    findings = findings_in(detections, calibration)
    verdict: Verdict = "none"
    if findings:
        verdict = "fracture" if findings[0].tier == "definite" else "possible"
    return Judgement(verdict, score, findings)


def _finding(detection: Detection, calibration: Calibration) -> Finding | None:
    confidence = calibrated(detection.score, calibration)
    if confidence < calibration.possible:
        return None
    tier: Tier = "definite" if confidence >= calibration.definite else "possible"
    return Finding(detection.region, confidence, tier, detection.box_px)
