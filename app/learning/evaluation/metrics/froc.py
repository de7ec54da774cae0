"""FROC: how many fractures are found when an image may carry so many false alarms on average.

A fracture is found when a detection overlaps it with IoU 0.5 or more, whatever region the detection names. Every other
detection is a false alarm, a second box on a fracture that is found already included (stricter than the LUNA16 rule,
which ignores it). False alarms are counted over all images, with and without fractures. Between two thresholds the
curve is a step, not a line: the sensitivity given is one that a threshold reaches.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.learning.evaluation.metrics.intervals import Counts, Floats, share
from app.learning.evaluation.metrics.matching import Matches

RATES = (0.1, 0.25, 0.5, 1.0)


def froc_curve(matches: Matches) -> tuple[Floats, Floats, Floats]:
    """(false alarms per image, sensitivity, threshold), one point per distinct score, most certain first.

    Empty arrays when nothing was found or nothing is marked.
    """
    boxes, images = matches.truth_count.sum(), matches.truth_count.size
    if boxes == 0 or matches.scores.size == 0:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    last = _ends_of_ties(matches.scores)
    found = np.cumsum(matches.hits[0])[last]
    return (last + 1 - found) / images, found / boxes, matches.scores[last]


def sensitivity_at(matches: Matches, rates: Sequence[float], counts: Counts) -> Floats:
    """(B, R) the highest sensitivity with at most so many false alarms per image, for each resample and rate.

    counts: (B, I) how often each image counts. NaN where no fracture is drawn.
    """
    boxes = (counts @ matches.truth_count).astype(np.float64)
    last = _ends_of_ties(matches.scores)
    if not last.size:
        return np.repeat(share(np.zeros_like(boxes), boxes)[:, None], len(rates), axis=1)
    drawn = counts[:, matches.image]
    found = np.cumsum(drawn * matches.hits[0], axis=1)[:, last]
    alarms = np.cumsum(drawn, axis=1)[:, last] - found
    images = counts.sum(axis=1, keepdims=True)
    # The tolerance keeps 26 alarms in 260 images at a rate of 0.1.
    best = [np.where(alarms <= rate * images + 1e-9, found, 0).max(axis=1) for rate in rates]
    return share(np.stack(best, axis=1).astype(np.float64), boxes[:, None])


def threshold_at(matches: Matches, rate: float) -> float | None:
    """The lowest score threshold that keeps false alarms per image at or under `rate`; None if none does."""
    alarms, _, thresholds = froc_curve(matches)
    fitting = np.flatnonzero(alarms <= rate + 1e-12)
    return float(thresholds[fitting[-1]]) if fitting.size else None


def _ends_of_ties(scores: Floats) -> NDArray[np.intp]:
    """Positions after which the score changes: a threshold takes all detections of one score or none."""
    if not scores.size:
        return np.zeros(0, np.intp)
    return np.flatnonzero(np.append(np.diff(scores) != 0, True))
