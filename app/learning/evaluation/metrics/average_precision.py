"""Average precision by COCO's rule, and precision and recall at one threshold.

AP is the mean precision at recalls 0.00, 0.01 … 1.00, each the best precision at that recall or beyond; mAP50-95 its
mean over IoU 0.50, 0.55 … 0.95; the overall figure the mean over the regions that have boxes. Equal to pycocotools on
the same boxes (a test compares).

How ultralytics' own validator differs: it integrates the same 101 points by trapezoid over an interpolated curve
(usually a little higher), keeps up to 300 boxes per image, gives a fracture to the detection that overlaps it most
instead of the most certain one, and reads precision and recall at the top of a smoothed F1 curve. Expect differences of
about a point.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.learning.evaluation.metrics.intervals import Counts, Floats, share
from app.learning.evaluation.metrics.matching import IOU_LEVELS, Matches

_RECALLS = np.linspace(0.0, 1.0, 101)
# Thresholds at which F1 is tried; finer than any difference that matters.
THRESHOLDS: Floats = np.linspace(0.0, 1.0, 1001)


@dataclass(frozen=True)
class Rates:
    """Precision, recall and F1 at a score threshold; None where undefined."""

    threshold: float
    precision: float | None
    recall: float | None
    f1: float | None


def average_precision(matches: Matches, counts: Counts) -> Floats:
    """AP of one region for every resample.

    counts: (B, I) how often each image counts; one row of ones for the plain figure.
    Returns (B, 10), one column for each IoU level, NaN where the region has no box.
    """
    boxes = counts @ matches.truth_count
    drawn = counts[:, matches.image]
    seen = np.cumsum(drawn, axis=1)
    columns = [_one_level(np.flatnonzero(hits), drawn, seen, boxes) for hits in matches.hits]
    return np.where(boxes[:, None] > 0, np.stack(columns, axis=1), np.nan)


def mean_average_precision(by_region: Sequence[Matches], counts: Counts) -> Floats:
    """(B, 10): the mean AP over the regions that have boxes in that resample, NaN without any."""
    if not by_region:
        return np.full((counts.shape[0], IOU_LEVELS.size), np.nan)
    stacked = np.stack([average_precision(matches, counts) for matches in by_region])
    return mean_of_defined(stacked)


def mean_of_defined(values: Floats) -> Floats:
    """The mean over the first axis without NaN; NaN where all are."""
    defined = np.isfinite(values)
    return share(np.where(defined, values, 0.0).sum(axis=0), defined.sum(axis=0).astype(np.float64))


def rates(by_region: Sequence[Matches], threshold: float, counts: Counts) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1 at IoU 0.5 of detections that score `threshold` or more, as means over regions.

    Each (B,). Regions without boxes are left out; a region with boxes and no detection has F1 0 and no precision.
    """
    rows = [_rates_of(matches, threshold, counts) for matches in by_region]
    if not rows:
        nothing = np.full(counts.shape[0], np.nan)
        return nothing, nothing, nothing
    precision, recall, f1 = (mean_of_defined(np.stack(column)) for column in zip(*rows, strict=True))
    return precision, recall, f1


def best_f1_threshold(by_region: Sequence[Matches]) -> float:
    """The threshold (steps of 0.001) with the highest mean F1 over regions that have boxes; the lowest of equals."""
    curves = [_f1_curve(matches) for matches in by_region if matches.truth_count.sum() > 0]
    if not curves:
        return float(THRESHOLDS[-1])
    return float(THRESHOLDS[int(np.argmax(np.mean(curves, axis=0)))])


def _one_level(hits: NDArray[np.intp], drawn: Counts, seen: Counts, boxes: Counts) -> Floats:
    """(B,) AP at one IoU level; only places of hits matter, since precision falls everywhere else."""
    if not hits.size:
        return np.zeros(seen.shape[0])
    found = np.cumsum(drawn[:, hits], axis=1).astype(np.float64)
    total = seen[:, hits].astype(np.float64)
    precision = np.divide(found, total, out=np.zeros_like(found), where=total > 0)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = np.divide(found, boxes[:, None], out=np.zeros_like(found), where=boxes[:, None] > 0)
    reached = np.searchsorted(_RECALLS, recall, side="right")
    points = np.diff(reached, axis=1, prepend=0)
    area: Floats = (envelope * points).sum(axis=1) / _RECALLS.size
    return area


def _rates_of(matches: Matches, threshold: float, counts: Counts) -> tuple[Floats, Floats, Floats]:
    kept = matches.scores >= threshold
    found = counts[:, matches.image[kept & matches.hits[0]]].sum(axis=1).astype(np.float64)
    said = counts[:, matches.image[kept]].sum(axis=1).astype(np.float64)
    boxes = (counts @ matches.truth_count).astype(np.float64)
    with_boxes = np.where(boxes > 0, 1.0, np.nan)
    return (
        share(found, said) * with_boxes,
        share(found, boxes),
        share(2 * found, said + boxes) * with_boxes,
    )


def _f1_curve(matches: Matches) -> Floats:
    said = np.searchsorted(-matches.scores, -THRESHOLDS, side="right")
    found = np.concatenate([[0], np.cumsum(matches.hits[0])])[said]
    curve: Floats = 2.0 * found / (said + matches.truth_count.sum())
    return curve
