"""The curves of a report, as SVG text."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from app.learning.evaluation.calibration import Bin
from app.learning.evaluation.metrics.classification import roc_curve
from app.learning.evaluation.metrics.froc import froc_curve
from app.learning.evaluation.metrics.matching import Case, Matches

# Okabe and Ito's palette, which colour-blind readers tell apart ("Color Universal Design", 2008).
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
# Fixed, so that one evaluation always gives the same bytes; text stays text.
_SETTINGS: dict[Any, Any] = {"svg.hashsalt": "fracture", "svg.fonttype": "none", "font.size": 9.0}


def froc_svg(matches: Matches) -> str:
    """Share of fractures found against false alarms per image, up to 2."""

    def draw(axes: Axes) -> None:
        alarms, sensitivity, _ = froc_curve(matches)
        axes.step([0.0, *alarms], [0.0, *sensitivity], where="post", color=_COLOURS[0])
        axes.set(xlim=(0, 2), ylim=(0, 1), xlabel="False alarms per image", ylabel="Fractures found")

    return _svg("FROC (IoU 0.5, region ignored)", draw)


def roc_svg(cases: Sequence[Case], thresholds: Sequence[tuple[str, float, float]]) -> str:
    """The ROC curve of whole images; thresholds: (name, 1 − specificity, sensitivity) marked on it."""

    def draw(axes: Axes) -> None:
        positive = np.array([case.has_fracture for case in cases], np.bool_)
        axes.plot([0, 1], [0, 1], color=_COLOURS[-1], linewidth=0.8, linestyle=":")
        axes.plot(*roc_curve(positive, np.array([case.image_score for case in cases])), color=_COLOURS[0])
        for (name, x, y), colour in zip(thresholds, _COLOURS[1:], strict=False):
            axes.plot([x], [y], "o", color=colour, label=name)
        if thresholds:
            axes.legend(loc="lower right")
        axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="1 − specificity", ylabel="Sensitivity")

    return _svg("ROC (whole images)", draw)


def precision_recall_svg(by_region: Sequence[tuple[str, Matches]]) -> str:
    """Precision against recall at IoU 0.5, one line for each region."""

    def draw(axes: Axes) -> None:
        for (region, matches), colour in zip(by_region, _COLOURS, strict=False):
            found = np.cumsum(matches.hits[0])
            recall = found / max(int(matches.truth_count.sum()), 1)
            axes.plot(recall, found / np.arange(1, found.size + 1), color=colour, label=region, linewidth=1.2)
        if by_region:
            axes.legend(loc="upper right", fontsize=8)
        axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="Recall", ylabel="Precision")

    return _svg("Precision and recall (IoU 0.5)", draw)


def reliability_svg(bins: Sequence[Bin]) -> str:
    """Reliability diagram: observed against predicted share; the area of a dot grows with the number of images."""

    def draw(axes: Axes) -> None:
        points = [(one.said, one.true, one.count) for one in bins if one.said is not None and one.true is not None]
        total = sum(count for _, _, count in points)
        axes.plot([0, 1], [0, 1], color=_COLOURS[-1], linewidth=0.8, linestyle=":")
        if points:
            said, true, count = (np.array(column) for column in zip(*points, strict=True))
            axes.plot(said, true, color=_COLOURS[0], linewidth=0.8)
            axes.scatter(said, true, s=20 + 300 * count / total, color=_COLOURS[0], alpha=0.7)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="Probability said", ylabel="Share with a fracture")

    return _svg("Reliability (whole images)", draw)


def _svg(title: str, draw: Callable[[Axes], None]) -> str:
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(4.2, 3.6), layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        axes.set_title(title, fontsize=10)
        axes.grid(linewidth=0.3)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]
