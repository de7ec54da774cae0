"""Which detection found which fracture: greedy by score, one to one, as COCO does it.

Two questions are asked of the same detections. With a region, only boxes of that region count on either side: that is
what average precision needs. Without one, a fracture is found whatever the box calls it: that is what a reader of the
image cares about, and what FROC and single-class figures use.

Source: pycocotools `COCOeval.evaluateImg`, whose order (stable by score, later fracture wins a tie) is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.detection import box_iou

IOU_LEVELS: NDArray[np.float64] = np.linspace(0.5, 0.95, 10)
MOST_PER_IMAGE = 100

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Case:
    """One image: what is marked on it and what the detector said.

    shape_hw: height and width in pixels; every box is in these pixels.
    truth_px, found_px: (N, 4) and (M, 4) float64, x1 y1 x2 y2.
    truth_regions, found_regions: the region's name for each box.
    scores: (M,) float64, raw, 0–1.
    group: which data set the image came from.
    places: numbers of the detections that count where regions do not, since one place may be called by several;
        None means all.
    is_assessed: whether the app would have judged the image; figures count it either way.
    """

    path: Path
    shape_hw: tuple[int, int]
    truth_px: Floats
    truth_regions: tuple[str, ...]
    found_px: Floats
    found_regions: tuple[str, ...]
    scores: Floats
    group: str = ""
    places: Ints | None = None
    is_assessed: bool = True

    @property
    def has_fracture(self) -> bool:
        """Whether anything is marked."""
        return bool(self.truth_regions)

    def detections_of(self, region: str | None) -> Ints:
        """Numbers of the detections that name the region, surest first; with None, of those that stand for a place."""
        as_places = region is None and self.places is not None
        chosen = self.places if as_places else _of_region(self.found_regions, region)
        chosen = np.asarray(chosen, np.intp)
        return np.asarray(chosen[np.argsort(-self.scores[chosen], kind="stable")])

    @property
    def image_score(self) -> float:
        """The highest raw score in the image; 0 when nothing was found."""
        return float(self.scores.max()) if self.scores.size else 0.0


@dataclass(frozen=True, eq=False)
class Matches:
    """All detections of all images, highest score first, and whether each is a hit.

    scores: (D,) float64, descending.
    image: (D,) number of the image.
    hits: (10, D) bool, one row for each of `IOU_LEVELS`.
    truth_count: (I,) fractures per image.
    truth_image, truth_index: (T,) image and box number of each fracture.
    truth_scores: (T,) score of the detection that found it at IoU 0.5, or -1 when nothing did.
    """

    scores: Floats
    image: Ints
    hits: NDArray[np.bool_]
    truth_count: Ints
    truth_image: Ints
    truth_index: Ints
    truth_scores: Floats


def match(cases: Sequence[Case], region: str | None) -> Matches:
    """Match the detections of every image; `region` None means: whatever the boxes are called.

    At most the 100 best detections of an image count (pycocotools' `maxDets`).
    """
    picked = [_pick(case, region) for case in cases]
    scores = np.concatenate([p.scores for p in picked] or [np.zeros(0)])
    image = np.concatenate([np.full(p.scores.size, n, np.intp) for n, p in enumerate(picked)] or [np.zeros(0, np.intp)])
    hits = np.concatenate([p.matched >= 0 for p in picked] or [np.zeros((10, 0), np.bool_)], axis=1)
    order = np.argsort(-scores, kind="stable")
    return Matches(
        scores=scores[order],
        image=image[order],
        hits=hits[:, order],
        truth_count=np.array([p.truth.size for p in picked], np.intp),
        truth_image=np.concatenate(
            [np.full(p.truth.size, n, np.intp) for n, p in enumerate(picked)] or [np.zeros(0, np.intp)]
        ),
        truth_index=np.concatenate([p.truth for p in picked] or [np.zeros(0, np.intp)]),
        truth_scores=np.concatenate([p.truth_scores() for p in picked] or [np.zeros(0)]),
    )


@dataclass(frozen=True, eq=False)
class _Picked:
    scores: Floats
    matched: Ints
    truth: Ints

    def truth_scores(self) -> Floats:
        found = np.full(self.truth.size, -1.0)
        hit = np.flatnonzero(self.matched[0] >= 0)
        found[self.matched[0, hit]] = self.scores[hit]
        return found


def _pick(case: Case, region: str | None) -> _Picked:
    truth = _of_region(case.truth_regions, region)
    order = case.detections_of(region)[:MOST_PER_IMAGE]
    matched = greedy(box_iou(case.found_px[order], case.truth_px[truth]))
    return _Picked(case.scores[order], matched, truth)


def greedy(iou: Floats) -> Ints:
    """(M, N) overlaps, best detection first → (10, M) number of the fracture that each detection takes, or -1."""
    matched = np.full((IOU_LEVELS.size, iou.shape[0]), -1, np.intp)
    if not iou.size:
        return matched
    best = iou.max(axis=1)
    for row, level in enumerate(IOU_LEVELS):
        free = np.ones(iou.shape[1], np.bool_)
        for detection in np.flatnonzero(best >= level):
            left = np.where(free, iou[detection], -1.0)
            last_best = left.size - 1 - int(np.argmax(left[::-1]))
            if left[last_best] >= level:
                matched[row, detection] = last_best
                free[last_best] = False
    return matched


def _of_region(names: tuple[str, ...], region: str | None) -> Ints:
    return np.array([n for n, name in enumerate(names) if region is None or name == region], np.intp)
