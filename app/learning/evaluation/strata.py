"""Where it fails: the same figures by size of the fracture, by size of the image, and by data set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.detection import Calibration
from app.learning.evaluation.calibration import calibrated
from app.learning.evaluation.metrics.classification import Share, auroc, operating_point
from app.learning.evaluation.metrics.froc import threshold_at
from app.learning.evaluation.metrics.intervals import Floats, Interval, wilson
from app.learning.evaluation.metrics.matching import Case, Matches

# A fracture's size is the root of its box's area as it would be at this long side: what the network sees.
REFERENCE_PX = 512
_BOX_EDGES_PX = (0.0, 16.0, 32.0, 64.0, 96.0, float("inf"))
_IMAGE_EDGES_PX = (0, 400, 512, 1024, 1 << 30)
_QUARTER = 0.25


@dataclass(frozen=True)
class AtThreshold:
    """Single fractures at a threshold, region ignored.

    found: share of fractures that a box overlaps with IoU ≥ 0.5.
    alarms_per_image: boxes that find nothing, over all images; alarms_per_normal: over images without a fracture.
    normals_called: share of normal images with at least one box.
    """

    name: str
    threshold: float
    found: Share
    alarms_per_image: float | None
    alarms_per_normal: float | None
    normals_called: Share


@dataclass(frozen=True)
class SizeRow:
    """Fractures of one size: share found at *possible*, and at 0.25 false alarms per image."""

    name: str
    boxes: int
    at_possible: Share | None
    at_quarter: Share | None


@dataclass(frozen=True)
class GroupRow:
    """Images of one kind: AUROC, and sensitivity and specificity at *possible*."""

    name: str
    images: int
    with_fracture: int
    auroc: float | None
    auroc_interval: Interval | None
    sensitivity: Share | None
    specificity: Share | None


def at_threshold(name: str, threshold: float, matches: Matches, calibration: Calibration) -> AtThreshold:
    """Count hits and false alarms among detections whose calibrated score is at least `threshold`."""
    kept = calibrated(calibration.knots, matches.scores) >= threshold
    alarm_images = matches.image[kept & ~matches.hits[0]]
    normal = matches.truth_count == 0
    on_normal = alarm_images[normal[alarm_images]]
    found = matches.truth_scores >= 0
    found[found] = calibrated(calibration.knots, matches.truth_scores[found]) >= threshold
    return AtThreshold(
        name=name,
        threshold=threshold,
        found=_share(found),
        alarms_per_image=_mean(alarm_images.size, normal.size),
        alarms_per_normal=_mean(on_normal.size, int(normal.sum())),
        normals_called=_share(np.isin(np.flatnonzero(normal), on_normal)),
    )


def by_box_size(cases: Sequence[Case], matches: Matches, calibration: Calibration | None) -> tuple[SizeRow, ...]:
    """Share of fractures found by size, in pixels at a long side of 512."""
    size_px = np.array(
        [
            _size_px(cases[image], box)
            for image, box in zip(matches.truth_image.tolist(), matches.truth_index.tolist(), strict=True)
        ],
        np.float64,
    )
    quarter = threshold_at(matches, _QUARTER)
    rows = []
    for low, high in pairwise(_BOX_EDGES_PX):
        scores = matches.truth_scores[(size_px >= low) & (size_px < high)]
        rows.append(
            SizeRow(
                name=_range_name(low, high),
                boxes=int(scores.size),
                at_possible=_share(_called(scores, calibration)) if calibration else None,
                at_quarter=_share(scores >= quarter) if quarter is not None else None,
            )
        )
    return tuple(rows)


def by_image_size(cases: Sequence[Case], raw: Floats, calibration: Calibration | None) -> tuple[GroupRow, ...]:
    """Whole images by their long side."""
    edges = list(pairwise(_IMAGE_EDGES_PX))

    def name_of(case: Case) -> str:
        low, high = next((low, high) for low, high in edges if low < max(case.shape_hw) <= high)
        return f"long side over {low} px" if high == _IMAGE_EDGES_PX[-1] else f"long side {low + 1}–{high} px"

    return _grouped(cases, name_of, raw, calibration)


def by_group(cases: Sequence[Case], raw: Floats, calibration: Calibration | None) -> tuple[GroupRow, ...]:
    """Whole images by the data set that they came from."""
    return _grouped(cases, lambda case: case.group, raw, calibration)


def _grouped(
    cases: Sequence[Case], name_of: Callable[[Case], str], raw: Floats, calibration: Calibration | None
) -> tuple[GroupRow, ...]:
    names = np.array([name_of(case) for case in cases], np.object_)
    positive = np.array([case.has_fracture for case in cases], np.bool_)
    return tuple(
        _group_row(name, positive[names == name], raw[names == name], calibration)
        for name in sorted(set(names.tolist()))
    )


def _group_row(name: str, positive: NDArray[np.bool_], raw: Floats, calibration: Calibration | None) -> GroupRow:
    area = auroc(positive, raw)
    point = (
        operating_point("possible", calibration.possible, positive, calibrated(calibration.knots, raw))
        if calibration
        else None
    )
    return GroupRow(
        name=name,
        images=int(positive.size),
        with_fracture=int(positive.sum()),
        auroc=area.value if area else None,
        auroc_interval=area.interval if area else None,
        sensitivity=point.sensitivity if point else None,
        specificity=point.specificity if point else None,
    )


def _called(truth_scores: Floats, calibration: Calibration) -> NDArray[np.bool_]:
    out: NDArray[np.bool_] = (truth_scores >= 0) & (calibrated(calibration.knots, truth_scores) >= calibration.possible)
    return out


def _size_px(case: Case, box: int) -> float:
    x1, y1, x2, y2 = case.truth_px[box].tolist()
    return float(np.sqrt((x2 - x1) * (y2 - y1))) * REFERENCE_PX / max(case.shape_hw)


def _range_name(low: float, high: float) -> str:
    return f"{low:g} px and more" if high == float("inf") else f"{low:g}–{high:g} px"


def _share(hits: NDArray[np.bool_]) -> Share:
    count, of = int(hits.sum()), int(hits.size)
    return Share(count / of if of else None, wilson(count, of), count, of)


def _mean(total: int, of: int) -> float | None:
    return total / of if of else None
