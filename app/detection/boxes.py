"""From a network's raw output to detections: one implementation for every engine."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.detection.spec import NmsRule
from app.records import Detection, ModelInput

Floats = NDArray[np.float64]


# Two boxes that share this much of their union mark one place, whatever regions they name.
SAME_PLACE_IOU = 0.45
# Boxes that are compared with all others in one step of numpy.
_BLOCK = 64


def read_boxes(
    raw: NDArray[np.float32], regions: tuple[str, ...], rule: NmsRule, model_input: ModelInput
) -> tuple[Detection, ...]:
    """The detections in one radiograph, highest score first, boxes in pixels of the radiograph.

    raw: (4 + regions, A), as `Engine.infer` gives for one radiograph. An anchor speaks for its best region only where
    all boxes compete (`rule.class_agnostic`), else for every region that it gives at least the floor.
    Boxes are clipped to the radiograph; one that lies wholly in the padding is dropped.
    """
    anchors, classes, scores = _said(raw[4:], rule)
    # Stable, so that equal scores keep the order of the anchors.
    order = np.argsort(-scores, kind="stable")
    anchors, classes, scores = anchors[order], classes[order], scores[order]
    corners = _corners(raw[:4, anchors].T.astype(np.float64))
    boxes = _in_radiograph(corners, model_input)
    inside = np.flatnonzero((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))
    keep = inside[suppress(corners[inside], None if rule.class_agnostic else classes[inside], rule.iou, rule.most)]
    return tuple(Detection(regions[int(classes[n])], min(float(scores[n]), 1.0), _four(boxes[n])) for n in keep)


def places(boxes: Floats) -> NDArray[np.intp]:
    """Of boxes (N, 4) x1 y1 x2 y2, best first, those that stand for a place of their own; in order.

    One place may be called by several regions; a reader is shown the surest of them, once.
    """
    return suppress(boxes, None, SAME_PLACE_IOU, len(boxes))


def _said(scores: NDArray[np.float32], rule: NmsRule) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Scores (regions, A) → anchor, region and score of everything at or above the floor, by anchor."""
    floor = max(rule.floor, float(np.finfo(np.float32).tiny))
    if rule.class_agnostic:
        anchors = np.flatnonzero(scores.max(axis=0) >= floor)
        classes = scores[:, anchors].argmax(axis=0)
    else:
        anchors, classes = np.nonzero((scores >= floor).T)
    return anchors, classes, scores[classes, anchors]


def suppress(boxes: Floats, classes: NDArray[np.intp] | None, iou: float, most: int) -> NDArray[np.intp]:
    """Greedy non-maximum suppression.

    boxes: (N, 4) x1 y1 x2 y2, best first. classes: (N,), or None to let all boxes compete.

    Returns the indices that stay, at most `most`, in order: a box goes when it overlaps a better one that stays, of its
    own class, by more than `iou` (intersection over union).
    """
    waiting: NDArray[np.intp] = np.arange(len(boxes))
    kept: list[NDArray[np.intp]] = []
    count = 0
    while waiting.size and count < most:
        block, waiting = waiting[:_BLOCK], waiting[_BLOCK:]
        rivals = _overlaps(boxes, classes, block, np.concatenate([block, waiting]), iou)
        stays = _first_of_each(rivals[:, : len(block)])[: most - count]
        kept.append(block[stays])
        count += len(stays)
        waiting = waiting[~rivals[stays, len(block) :].any(axis=0)]
    return np.concatenate(kept) if kept else np.empty(0, np.intp)


def _overlaps(
    boxes: Floats, classes: NDArray[np.intp] | None, some: NDArray[np.intp], others: NDArray[np.intp], iou: float
) -> NDArray[np.bool_]:
    """Which boxes mean the same as which others: (some, others), of one class where there are classes."""
    alike: NDArray[np.bool_] = box_iou(boxes[some], boxes[others]) > iou
    return alike if classes is None else alike & (classes[some][:, None] == classes[others])


def _first_of_each(rivals: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Of a block, best first, the indices that no better one which stays is a rival of; `rivals` is square."""
    stays: list[int] = []
    gone = np.zeros(len(rivals), np.bool_)
    for index in range(len(rivals)):
        if not gone[index]:
            stays.append(index)
            gone |= rivals[index]
    return np.array(stays, np.intp)


def box_iou(first: ArrayLike, second: ArrayLike) -> Floats:
    """Intersection over union of every pair of boxes, 0 where both are empty.

    first: (M, 4), second: (N, 4), both x1 y1 x2 y2 in one frame. Returns (M, N).
    """
    one, other = (np.asarray(boxes, np.float64).reshape(-1, 4) for boxes in (first, second))
    width, height = (
        np.minimum.outer(one[:, end], other[:, end]) - np.maximum.outer(one[:, start], other[:, start])
        for start, end in ((0, 2), (1, 3))
    )
    common = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    union = _area(one)[:, None] + _area(other)[None, :] - common
    share: Floats = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    return share


def _area(boxes: Floats) -> Floats:
    area: Floats = np.clip(boxes[:, 2:] - boxes[:, :2], 0.0, None).prod(axis=1)
    return area


def _corners(boxes: Floats) -> Floats:
    """Centre, width and height → x1 y1 x2 y2."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def _in_radiograph(corners: Floats, model_input: ModelInput) -> Floats:
    """Model pixels → radiograph pixels, clipped to the radiograph."""
    height, width = model_input.radiograph_hw
    mapped = (corners - np.tile(model_input.offset_px, 2)) / model_input.scale
    clipped: Floats = np.clip(mapped, 0.0, np.array([width, height, width, height], dtype=np.float64))
    return clipped


def _four(box: Floats) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box.tolist()
    return x1, y1, x2, y2
