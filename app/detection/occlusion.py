"""Explain a score by occlusion: cover one part after another, and measure the loss of score.

It asks the network only through what every engine answers, so it holds for all of them, in any precision.

Sources: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014 (covers of grey on a
grid); Petsiuk et al., "Black-box explanation of object detectors via saliency maps", CVPR 2021 (of which detection).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.detection.boxes import Floats, box_iou
from app.records import BoxPx, Detection, ModelInput

Detect = Callable[[ModelInput], Sequence[Detection]]

_FIELDS = 7
# Wide enough that the rim of the map shows what does not matter.
_AREA_PER_BOX = 2.75
_LEAST_FIELD_PX = 6.0
_REACH_FIELDS = 0.75
_SAME_IOU = 0.5
_LEAST_LOSS = 0.15
# Covers reach over their fields, so neighbours say nearly the same; what one of them says alone is mostly noise.
_NEIGHBOURS = np.array([0.25, 1.0, 0.25])


@dataclass(frozen=True, eq=False)
class ScoreMap:
    """How much of one finding's score is lost when the image is covered.

    loss: (R, C) float64, 0–1, for even fields over `area_px`: the share of the raw score that a cover around the middle
    of the field takes away.
    area_px: what the fields lie over, in pixels of the radiograph.
    stands_out: whether the greatest loss is more than what covers do by chance.
    """

    loss: Floats
    area_px: BoxPx
    stands_out: bool

    @property
    def strongest(self) -> float:
        """The greatest loss, 0–1."""
        return float(self.loss.max())


def score_map(detect: Detect, model_input: ModelInput, region: str, box_px: BoxPx) -> ScoreMap | None:
    """Cover 7 × 7 places in and around a finding's box, and ask again each time; 50 calls of `detect`.

    region, box_px: of the finding, the box in pixels of the radiograph. What the finding scores is the highest raw
    score of its region among boxes that overlap its own by an IoU of 0.5 or more.

    Returns None when the network does not see the finding in the uncovered image, as other weights may not.
    """
    whole = _score(detect(model_input), region, box_px)
    if whole <= 0:
        return None
    rows, columns = _fields(model_input, box_px)
    losses = [
        [1 - _score(detect(_covered(model_input, row, column)), region, box_px) / whole for column in columns]
        for row in rows
    ]
    smooth = _smoothed(np.array(losses))
    # Covers also raise scores, by taking a rival box away or by their own edge: such a rise is the size of chance.
    stands_out = bool(smooth.max() >= max(_LEAST_LOSS, -smooth.min()))
    return ScoreMap(np.clip(smooth, 0, 1), _area_px(model_input, rows, columns), stands_out)


@dataclass(frozen=True)
class _Field:
    """A stretch of rows or columns, in model pixels."""

    start: float
    end: float

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2

    def profile(self, length: int, reach_fields: float = _REACH_FIELDS, steep: int = 4) -> Floats:
        """How much of each row or column is covered: 1 in the middle, softly down to 0 outside."""
        away = (np.arange(length) + 0.5 - self.middle) / (reach_fields * (self.end - self.start))
        return np.asarray(np.exp(-0.5 * away**steep), np.float64)


def _fields(model_input: ModelInput, box_px: BoxPx) -> tuple[list[_Field], list[_Field]]:
    """Rows and columns of the grid, within the radiograph."""
    left, top = model_input.offset_px
    height, width = (side * model_input.scale for side in model_input.radiograph_hw)
    x1, y1, x2, y2 = (edge * model_input.scale for edge in box_px)
    return _split(y1 + top, y2 + top, top, top + height), _split(x1 + left, x2 + left, left, left + width)


def _split(start: float, end: float, least: float, most: float) -> list[_Field]:
    half = max(_AREA_PER_BOX * (end - start), _FIELDS * _LEAST_FIELD_PX) / 2
    middle = (start + end) / 2
    edges = np.linspace(max(middle - half, least), min(middle + half, most), _FIELDS + 1).tolist()
    return [_Field(*pair) for pair in pairwise(edges)]


def _covered(model_input: ModelInput, row: _Field, column: _Field) -> ModelInput:
    """The image with one place hidden under the mean grey around it.

    A blurred copy of the image in place of one grey was tried: no clearer maps, and more of them lost in chance.
    """
    height, width = model_input.pixels.shape
    cover = np.outer(row.profile(height), column.profile(width))
    near = np.outer(row.profile(height, 2 * _REACH_FIELDS, 2), column.profile(width, 2 * _REACH_FIELDS, 2))
    grey = float((model_input.pixels * near).sum() / near.sum())
    pixels: NDArray[np.uint8] = np.rint(model_input.pixels * (1 - cover) + grey * cover).astype(np.uint8)
    return replace(model_input, pixels=pixels)


def _score(detections: Sequence[Detection], region: str, box_px: BoxPx) -> float:
    alike = [one for one in detections if one.region == region]
    if not alike:
        return 0.0
    shares = box_iou(box_px, [one.box_px for one in alike])[0]
    return max((one.score for one, share in zip(alike, shares, strict=True) if share >= _SAME_IOU), default=0.0)


def _smoothed(losses: Floats) -> Floats:
    """Each field with its neighbours, those at the rim with fewer."""
    return _filtered(_filtered(losses, _NEIGHBOURS).T, _NEIGHBOURS).T


def _filtered(values: Floats, weights: Floats) -> Floats:
    """Each value's weighted mean with those above and below it, where there are any."""
    length, reach = len(values), len(weights) // 2
    apart = np.subtract.outer(np.arange(length), np.arange(length))
    matrix = np.where(np.abs(apart) <= reach, weights[np.clip(apart + reach, 0, 2 * reach)], 0.0)
    return np.asarray(matrix @ values / matrix.sum(axis=1, keepdims=True), np.float64)


def _area_px(model_input: ModelInput, rows: Sequence[_Field], columns: Sequence[_Field]) -> BoxPx:
    left, top = model_input.offset_px
    x1, y1 = columns[0].start - left, rows[0].start - top
    x2, y2 = columns[-1].end - left, rows[-1].end - top
    scale = model_input.scale
    return x1 / scale, y1 / scale, x2 / scale, y2 / scale
