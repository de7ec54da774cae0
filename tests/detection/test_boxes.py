"""Raw output to detections: worked by hand, and properties that hold for all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.detection.boxes import box_iou, places, read_boxes, suppress
from app.detection.spec import NmsRule
from app.records import ModelInput

REGIONS = ("elbow", "wrist")
RULE = NmsRule(iou=0.5, class_agnostic=True, most=10, floor=0.1)


def raw(*anchors: tuple[float, ...]) -> np.ndarray:
    """Anchors as (cx, cy, w, h, elbow, wrist)."""
    return np.array(anchors, np.float32).reshape(-1, 6).T


def input_of(width: int, height: int, scale: float = 1.0, offset_px: tuple[int, int] = (0, 0)) -> ModelInput:
    return ModelInput(np.zeros((64, 64), np.uint8), scale, offset_px, (height, width))


def test_a_box_is_mapped_back_to_the_radiograph() -> None:
    # A radiograph of 200 × 100, halved to 100 × 50, with 7 pixels of padding above: (20, 17) is (40, 20) there.
    found = read_boxes(raw((30, 27, 20, 20, 0.2, 0.9)), REGIONS, RULE, input_of(200, 100, 0.5, (0, 7)))
    assert found[0].region == "wrist"
    assert found[0].score == pytest.approx(0.9)
    assert found[0].box_px == pytest.approx((40, 20, 80, 60))


def test_a_box_is_clipped_to_the_radiograph() -> None:
    found = read_boxes(raw((0, 0, 20, 20, 0.9, 0)), REGIONS, RULE, input_of(8, 6))
    assert found[0].box_px == (0, 0, 8, 6)


def test_a_box_in_the_padding_is_dropped_and_hides_nothing() -> None:
    anchors = raw((5, 2, 4, 2, 0.9, 0), (5, 20, 4, 4, 0.5, 0))
    found = read_boxes(anchors, REGIONS, RULE, input_of(30, 30, offset_px=(0, 8)))
    assert [round(one.score, 3) for one in found] == [0.5]


def test_scores_below_the_floor_are_not_looked_at() -> None:
    found = read_boxes(raw((20, 20, 8, 8, 0.0999, 0), (40, 40, 8, 8, 0.1001, 0)), REGIONS, RULE, input_of(64, 64))
    assert len(found) == 1


def test_a_score_of_zero_is_no_detection_even_without_a_floor() -> None:
    rule = NmsRule(iou=0.5, class_agnostic=True, most=10, floor=0.0)
    assert read_boxes(raw((20, 20, 8, 8, 0, 0)), REGIONS, rule, input_of(64, 64)) == ()


def test_the_better_of_two_boxes_on_one_place_stays() -> None:
    # Intersection 8 × 10 = 80, union 120: IoU 2/3.
    found = read_boxes(raw((20, 20, 10, 10, 0.4, 0), (22, 20, 10, 10, 0, 0.8)), REGIONS, RULE, input_of(64, 64))
    assert [(one.region, round(one.score, 3)) for one in found] == [("wrist", 0.8)]


def test_boxes_of_two_regions_stay_when_regions_do_not_compete() -> None:
    rule = NmsRule(iou=0.5, class_agnostic=False, most=10, floor=0.1)
    found = read_boxes(raw((20, 20, 10, 10, 0.4, 0), (22, 20, 10, 10, 0, 0.8)), REGIONS, rule, input_of(64, 64))
    assert [one.region for one in found] == ["wrist", "elbow"]


def test_one_anchor_speaks_for_every_region_when_regions_do_not_compete() -> None:
    rule = NmsRule(iou=0.5, class_agnostic=False, most=10, floor=0.1)
    found = read_boxes(raw((20, 20, 10, 10, 0.4, 0.8), (40, 40, 6, 6, 0.3, 0.05)), REGIONS, rule, input_of(64, 64))
    assert [(one.region, round(one.score, 3)) for one in found] == [("wrist", 0.8), ("elbow", 0.4), ("elbow", 0.3)]
    assert found[0].box_px == found[1].box_px != found[2].box_px


def test_one_anchor_speaks_for_its_best_region_when_all_boxes_compete() -> None:
    found = read_boxes(raw((20, 20, 10, 10, 0.4, 0.8)), REGIONS, RULE, input_of(64, 64))
    assert [one.region for one in found] == ["wrist"]


def test_a_place_is_its_surest_box() -> None:
    # 7/9 of the first in common with the second, nothing with the third, which holds half of the fourth.
    boxes = np.array([[0, 0, 8, 8], [1, 0, 9, 8], [20, 0, 28, 8], [20, 0, 28, 4]], np.float64)
    assert places(boxes).tolist() == [0, 2]
    assert places(np.zeros((0, 4))).tolist() == []


def test_a_box_that_only_overlaps_a_suppressed_one_stays() -> None:
    # Neighbours overlap by 3/5 > 0.5, the outer two by 1/3: the middle goes, both outer ones stay.
    boxes = np.array([[0, 0, 8, 8], [2, 0, 10, 8], [4, 0, 12, 8]], np.float64)
    assert suppress(boxes, None, 0.5, 10).tolist() == [0, 2]


def test_an_overlap_at_the_limit_is_allowed() -> None:
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 2]], np.float64)
    assert suppress(boxes, None, 0.5, 10).tolist() == [0, 1]
    assert suppress(boxes, None, 0.49, 10).tolist() == [0]


def test_no_more_than_the_most_stay() -> None:
    boxes = np.array([[n * 10, 0, n * 10 + 5, 5] for n in range(6)], np.float64)
    assert suppress(boxes, None, 0.5, 4).tolist() == [0, 1, 2, 3]


def test_nothing_gives_nothing() -> None:
    assert read_boxes(raw(), REGIONS, RULE, input_of(64, 64)) == ()
    assert suppress(np.zeros((0, 4)), None, 0.5, 4).tolist() == []


def test_overlap_by_hand() -> None:
    boxes = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 6, 6], [0, 0, 0, 0]], np.float64)
    assert box_iou(boxes[0], boxes)[0].tolist() == pytest.approx([1, 1 / 7, 0, 0])
    assert box_iou(boxes[3], boxes[3:])[0].tolist() == [0]


ANCHORS = st.lists(
    st.tuples(
        *[st.floats(-50, 150, width=32)] * 2, *[st.floats(0, 80, width=32)] * 2, *[st.floats(0, 1, width=32)] * 2
    ),
    max_size=40,
)


@settings(deadline=None)
@given(
    ANCHORS, st.floats(0.1, 0.9), st.booleans(), st.floats(0.25, 4), st.tuples(st.integers(0, 31), st.integers(0, 31))
)
def test_whatever_the_network_says_the_answer_is_well_formed(
    anchors: list[tuple[float, ...]], iou: float, agnostic: bool, scale: float, offset_px: tuple[int, int]
) -> None:
    rule = NmsRule(iou, agnostic, most=7, floor=0.05)
    found = read_boxes(raw(*anchors), REGIONS, rule, input_of(90, 70, scale, offset_px))
    assert len(found) <= 7
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        x1, y1, x2, y2 = one.box_px
        assert 0 <= x1 < x2 <= 90 and 0 <= y1 < y2 <= 70
        assert 0.05 <= one.score + 1e-7 <= 1 + 1e-6


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 40)] * 2, *[st.integers(1, 20)] * 2), max_size=30), st.floats(0.05, 0.95))
def test_boxes_that_stay_do_not_overlap_and_every_other_overlaps_a_better_one(
    corners: list[tuple[int, int, int, int]], iou: float
) -> None:
    boxes = np.array([[x, y, x + w, y + h] for x, y, w, h in corners], np.float64).reshape(-1, 4)
    kept = suppress(boxes, None, iou, 100).tolist()
    for place in range(len(boxes)):
        rivals = [k for k in kept if k < place and box_iou(boxes[k], boxes[place])[0, 0] > iou]
        assert (place in kept) == (not rivals)
