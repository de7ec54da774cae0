"""The images to look at first: fractures that were missed, and alarms where nothing is."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from app.drawings import Drawing, Label, Stroke
from app.imaging import render_png
from app.learning.datasets.images import load_grey
from app.learning.evaluation.metrics.intervals import Floats
from app.learning.evaluation.metrics.matching import Case, Matches
from app.records import BoxPx

_MARKED_RGB, _FOUND_RGB, _SUBJECT_RGB = (0, 200, 120), (240, 170, 40), (255, 80, 80)
_LONG_SIDE_PX = 400


@dataclass(frozen=True)
class Worst:
    """One image: which, what is wrong with it, and the raw score behind that (None: nothing was found at all)."""

    case: int
    subject_px: BoxPx
    score: float | None
    says: str


def worst_misses(cases: Sequence[Case], matches: Matches, most: int) -> list[Worst]:
    """Fractures with the lowest score of a box on them, the largest first among those with none; one per image."""
    areas = [_area(cases[image].truth_px[n]) for image, n in _places(matches)]
    order = np.lexsort((-np.array(areas), matches.truth_scores))
    worst: dict[int, Worst] = {}
    for place in order.tolist():
        image, number = int(matches.truth_image[place]), int(matches.truth_index[place])
        score = float(matches.truth_scores[place])
        if image not in worst and len(worst) < most:
            says = f"{cases[image].truth_regions[number]}: " + (f"score {score:.3f}" if score >= 0 else "no box on it")
            worst[image] = Worst(image, _four(cases[image].truth_px[number]), score if score >= 0 else None, says)
    return list(worst.values())


def worst_alarms(cases: Sequence[Case], matches: Matches, most: int) -> list[Worst]:
    """Detections on nothing with the highest scores; one per image."""
    worst: dict[int, Worst] = {}
    for place in np.flatnonzero(~matches.hits[0]).tolist():
        image, score = int(matches.image[place]), float(matches.scores[place])
        if image not in worst and len(worst) < most:
            number = _number_of(cases[image], matches, place)
            kind = "image with a fracture" if cases[image].has_fracture else "normal image"
            says = f"{cases[image].found_regions[number]} {score:.3f}, {kind}"
            worst[image] = Worst(image, _four(cases[image].found_px[number]), score, says)
    return list(worst.values())


def image_url(case: Case, worst: Worst, shown_from: float) -> str:
    """A `data:` URL with the image: fractures green, detections of `shown_from` or more amber, the subject red.

    Raises:
        DatasetError: the image has gone since it was read.
    """
    width_px = max(case.shape_hw) / 200
    strokes = [s for box in case.truth_px for s in _outline(_four(box), _MARKED_RGB, width_px, dashed=False)]
    for number in case.detections_of(None):
        if case.scores[number] >= shown_from:
            strokes += _outline(_four(case.found_px[number]), _FOUND_RGB, width_px, dashed=True)
    strokes += _outline(worst.subject_px, _SUBJECT_RGB, width_px * 1.5, dashed=worst.score is not None)
    label = Label(worst.says, (width_px, width_px), max(case.shape_hw) / 26, (255, 255, 255))
    png = render_png(load_grey(case.path), Drawing(tuple(strokes), (label,)), _LONG_SIDE_PX)
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _number_of(case: Case, matches: Matches, place: int) -> int:
    """Which detection of its image stands at `place`: the nth of that image in order of score."""
    before = int((matches.image[:place] == matches.image[place]).sum())
    return int(case.detections_of(None)[before])


def _places(matches: Matches) -> list[tuple[int, int]]:
    return list(zip(matches.truth_image.tolist(), matches.truth_index.tolist(), strict=True))


def _outline(box_px: BoxPx, colour_rgb: tuple[int, int, int], width_px: float, *, dashed: bool) -> list[Stroke]:
    x1, y1, x2, y2 = box_px
    corners = ((x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1))
    return [Stroke(start, end, colour_rgb, width_px, dashed) for start, end in pairwise(corners)]


def _area(box: Floats) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))


def _four(box: Floats) -> BoxPx:
    x1, y1, x2, y2 = box.tolist()
    return x1, y1, x2, y2
