"""Old against new on the same images: is the difference more than chance?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.learning.evaluation.metrics import classification
from app.learning.evaluation.metrics.average_precision import mean_average_precision
from app.learning.evaluation.metrics.intervals import Counts, Floats, Interval, bootstrap, draw, number
from app.learning.evaluation.metrics.matching import Case, match

BETTER, WORSE, UNDECIDED = "better", "worse", "no difference shown"
FIGURES = ("map50", "auroc")
_RESAMPLES = 1000


@dataclass(frozen=True)
class Change:
    """One figure of both models, and the 95 % interval of the difference, new less old."""

    name: str
    old: float | None
    new: float | None
    interval: Interval | None

    @property
    def verdict(self) -> str:
        """Better or worse only where the whole interval says so."""
        if self.interval is None or self.interval[0] <= 0 <= self.interval[1]:
            return UNDECIDED
        return BETTER if self.interval[0] > 0 else WORSE


@dataclass(frozen=True)
class Comparison:
    """Two models on the same validation images; fractures count whatever region a box names.

    verdict: better when a figure is better and none is worse, worse when one is worse and none is better.
    """

    images: int
    fractured: int
    changes: tuple[Change, ...]

    @property
    def verdict(self) -> str:
        """The verdict on both figures together."""
        found = {change.verdict for change in self.changes} - {UNDECIDED}
        return found.pop() if len(found) == 1 else UNDECIDED


def compare(old: Sequence[Case], new: Sequence[Case], seed: int = 0) -> Comparison:
    """Compare the detections of two models on the same images, resampling both alike.

    old, new: cases of the same images in the same order.
    """
    positive = np.array([case.has_fracture for case in new], np.bool_)
    counts, once = draw(len(new), _RESAMPLES, seed), np.ones((1, len(new)), np.int64)
    before, after = _figures_of(old, positive), _figures_of(new, positive)
    intervals = bootstrap(lambda drawn: after(drawn) - before(drawn), counts)
    values = zip(FIGURES, before(once)[0].tolist(), after(once)[0].tolist(), intervals, strict=True)
    changes = tuple(Change(name, number(one), number(other), interval) for name, one, other, interval in values)
    return Comparison(len(new), int(positive.sum()), changes)


def in_words(comparison: Comparison) -> list[str]:
    """The comparison as lines of text, with how sure it is."""
    lines = []
    for change in comparison.changes:
        between = f"{change.interval[0]:+.3f} to {change.interval[1]:+.3f}" if change.interval else "unknown"
        lines.append(
            f"{change.name}: old {_figure(change.old)}, new {_figure(change.new)}; difference {between} (95 %)"
        )
    sure = f"measured on {comparison.images} images, {comparison.fractured} of them with a fracture"
    conclusion = {
        BETTER: "The new model is better on these images",
        WORSE: "The new model is worse on these images: go on serving the old one",
        UNDECIDED: "No difference between old and new can be shown",
    }
    return [*lines, f"{conclusion[comparison.verdict]}, {sure}."]


def _figures_of(cases: Sequence[Case], positive: NDArray[np.bool_]) -> Callable[[Counts], Floats]:
    """The figures of each resample, (B, 2) in the order of `FIGURES`."""
    matches = match(cases, None)
    scores = np.array([case.image_score for case in cases], np.float64)

    def figures(counts: Counts) -> Floats:
        precision = mean_average_precision([matches], counts)[:, 0]
        return np.stack([precision, _auroc(positive, scores, counts)], axis=1)

    return figures


def _auroc(positive: NDArray[np.bool_], scores: Floats, counts: Counts) -> Floats:
    """(B,) AUROC of each resample, NaN where a kind of image is missing."""
    out = np.full(counts.shape[0], np.nan)
    for row, drawn in enumerate(counts):
        chosen = np.repeat(np.arange(scores.size), drawn)
        found = classification.auroc(positive[chosen], scores[chosen])
        out[row] = found.value if found else np.nan
    return out


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
