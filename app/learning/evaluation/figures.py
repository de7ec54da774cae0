"""All figures of one evaluation, from what was marked and what was found; no image and no network is needed here.

An undefined figure is None: no fracture, no normal image, no calibration. It is never 0 and never NaN.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.detection import Calibration
from app.learning.evaluation.calibration import Bin, brier, calibrated, expected_calibration_error, reliability
from app.learning.evaluation.metrics import average_precision as ap
from app.learning.evaluation.metrics import classification, froc
from app.learning.evaluation.metrics.classification import OperatingPoint, operating_point
from app.learning.evaluation.metrics.intervals import Counts, Floats, Interval, bootstrap, draw, number
from app.learning.evaluation.metrics.matching import Case, Matches, match
from app.learning.evaluation.strata import (
    AtThreshold,
    GroupRow,
    SizeRow,
    at_threshold,
    by_box_size,
    by_group,
    by_image_size,
)


@dataclass(frozen=True)
class Figure:
    """A value and its 95 % interval, both None where undefined."""

    value: float | None
    interval: Interval | None


@dataclass(frozen=True)
class RegionRow:
    """One region: average precision, and precision and recall at the threshold with the best mean F1."""

    region: str
    boxes: int
    ap50: Figure
    ap50_95: Figure
    precision: Figure
    recall: Figure


@dataclass(frozen=True)
class Evaluation:
    """Evaluation of a detector on one set of images.

    precision, recall, f1: means over regions at IoU 0.5 and at `f1_threshold`, the raw score with the best mean F1.
    map50_fractured: as if the images without a fracture were not there, which is how FracAtlas is published; false
    alarms on normal images do not count, so it is never the figure of a clinic.
    froc: fractures found, region ignored, by false alarms per image ("0.25").
    operating_points: whole images at *possible* and *definite*; empty without a calibration.
    boxes_at: single fractures and false alarms at the same thresholds, region ignored.
    ece, brier, reliability: the calibrated score of whole images.
    """

    images: int
    images_with_fracture: int
    boxes: int
    single_class: bool
    map50: Figure
    map50_95: Figure
    precision: Figure
    recall: Figure
    f1: Figure
    f1_threshold: float
    map50_fractured: Figure
    froc: dict[str, Figure]
    froc_thresholds: dict[str, float | None]
    auroc: Figure
    operating_points: tuple[OperatingPoint, ...]
    boxes_at: tuple[AtThreshold, ...]
    ece: Figure
    brier: Figure
    reliability: tuple[Bin, ...]
    regions: tuple[RegionRow, ...]
    box_sizes: tuple[SizeRow, ...]
    image_sizes: tuple[GroupRow, ...]
    groups: tuple[GroupRow, ...]


def figures(
    cases: Sequence[Case],
    regions: Sequence[str],
    calibration: Calibration | None,
    *,
    single_class: bool = False,
    resamples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Compute every figure.

    regions: the regions of the data set; those without a box are left out of the means.
    calibration: None for weights that were never calibrated; the figures that need one are then undefined.
    single_class: average precision as if every box had the same region.
    resamples: of the bootstrap; 0 leaves its intervals out.
    """
    counts, once = draw(len(cases), resamples, seed), np.ones((1, len(cases)), np.int64)
    everything = match(cases, None)
    per_region = {} if single_class else {name: match(cases, name) for name in regions}
    rows = {name: matches for name, matches in per_region.items() if matches.truth_count.any()}
    judged = [everything] if single_class else list(rows.values())
    threshold = ap.best_f1_threshold(judged)
    means = _with_intervals(lambda drawn: _mean_columns(judged, threshold, drawn), once, counts)
    positive = np.array([case.has_fracture for case in cases], np.bool_)
    [fractured] = _with_intervals(lambda drawn: _map50(judged, drawn * positive), once, counts)
    sensitivities = _with_intervals(lambda drawn: froc.sensitivity_at(everything, froc.RATES, drawn), once, counts)
    raw = np.array([case.image_score for case in cases], np.float64)
    roc = classification.auroc(positive, raw)
    probability = calibrated(calibration.knots, raw) if calibration else None
    ece, squared = _calibration(positive, probability, once, counts)
    named = (("possible", calibration.possible), ("definite", calibration.definite)) if calibration else ()
    return Evaluation(
        images=len(cases),
        images_with_fracture=int(positive.sum()),
        boxes=int(everything.truth_count.sum()),
        single_class=single_class,
        map50=means[0],
        map50_95=means[1],
        precision=means[2],
        recall=means[3],
        f1=means[4],
        f1_threshold=threshold,
        map50_fractured=fractured,
        froc={f"{rate:g}": figure for rate, figure in zip(froc.RATES, sensitivities, strict=True)},
        froc_thresholds={f"{rate:g}": froc.threshold_at(everything, rate) for rate in froc.RATES},
        auroc=Figure(roc.value, roc.interval) if roc else Figure(None, None),
        operating_points=tuple(
            operating_point(name, level, positive, probability) for name, level in named if probability is not None
        ),
        boxes_at=tuple(at_threshold(name, level, everything, calibration) for name, level in named if calibration),
        ece=ece,
        brier=squared,
        reliability=reliability(positive, probability) if probability is not None else (),
        regions=tuple(_region_row(name, matches, threshold, once, counts) for name, matches in rows.items()),
        box_sizes=by_box_size(cases, everything, calibration),
        image_sizes=by_image_size(cases, raw, calibration),
        groups=by_group(cases, raw, calibration) if len({case.group for case in cases}) > 1 else (),
    )


def _mean_columns(judged: Sequence[Matches], threshold: float, counts: Counts) -> Floats:
    """(B, 5): mAP50, mAP50-95, precision, recall, F1."""
    levels = ap.mean_average_precision(judged, counts)
    precision, recall, f1 = ap.rates(judged, threshold, counts)
    return np.stack([levels[:, 0], levels.mean(axis=1), precision, recall, f1], axis=1)


def _map50(judged: Sequence[Matches], counts: Counts) -> Floats:
    """(B, 1): mAP50."""
    return ap.mean_average_precision(judged, counts)[:, :1]


def _region_row(name: str, matches: Matches, threshold: float, once: Counts, counts: Counts) -> RegionRow:
    row = _with_intervals(lambda drawn: _mean_columns([matches], threshold, drawn), once, counts)
    return RegionRow(name, int(matches.truth_count.sum()), row[0], row[1], row[2], row[3])


def _calibration(
    positive: NDArray[np.bool_], probability: Floats | None, once: Counts, counts: Counts
) -> tuple[Figure, Figure]:
    if probability is None:
        return Figure(None, None), Figure(None, None)

    def columns(drawn: Counts) -> Floats:
        error = expected_calibration_error(positive, probability, drawn)
        return np.stack([error, brier(positive, probability, drawn)], axis=1)

    ece, squared = _with_intervals(columns, once, counts)
    return ece, squared


def _with_intervals(statistic: Callable[[Counts], Floats], once: Counts, counts: Counts) -> list[Figure]:
    """Value and interval of every column of `statistic`."""
    values = [number(value) for value in statistic(once)[0].tolist()]
    intervals = bootstrap(statistic, counts)
    return [Figure(value, interval) for value, interval in zip(values, intervals, strict=True)]
