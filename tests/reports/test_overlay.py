"""The overlay: one look for all, always inside the image."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.drawings import Label
from app.imaging import render_png
from app.records import Finding
from app.reports import ENGLISH, overlay
from app.reports.words import label_text

SHAPE = (400, 600)


def finding(*box_px: float, region: str = "wrist", confidence: float = 0.87, tier: str = "definite") -> Finding:
    return Finding(region, confidence, tier, box_px)


def patch(label: Label) -> tuple[float, float, float, float]:
    left, top = label.top_left_px
    return left, top, left + 0.52 * (len(label.text) + 1) * label.height_px, top + label.height_px


def overlap(one: Label, other: Label) -> bool:
    a, b = patch(one), patch(other)
    return min(a[2], b[2]) - max(a[0], b[0]) > 1e-6 and min(a[3], b[3]) - max(a[1], b[1]) > 1e-6


def test_nothing_found_draws_nothing():
    drawing = overlay([], SHAPE)
    assert (drawing.strokes, drawing.labels) == ((), ())


def test_a_box_has_four_sides_where_the_finding_is():
    drawing = overlay([finding(100, 150, 200, 300)], SHAPE)
    corners = {stroke.start_px for stroke in drawing.strokes}
    assert corners == {(100, 150), (200, 150), (200, 300), (100, 300)}


def test_definite_is_solid_and_possible_is_dashed_in_another_colour():
    definite = overlay([finding(100, 150, 200, 300)], SHAPE)
    possible = overlay([finding(100, 150, 200, 300, tier="possible")], SHAPE)
    assert {stroke.dashed for stroke in definite.strokes} == {False}
    assert {stroke.dashed for stroke in possible.strokes} == {True}
    assert definite.strokes[0].colour_rgb != possible.strokes[0].colour_rgb


@pytest.mark.parametrize(
    ("confidence", "text"), [(0.87, "wrist 87%"), (0.004, "wrist 0%"), (0.999, "wrist 99%"), (1.0, "wrist 99%")]
)
def test_a_label_says_region_and_whole_percent(confidence, text):
    assert label_text(finding(0, 0, 1, 1, confidence=confidence), ENGLISH) == text


def test_a_label_stands_above_its_box():
    label = overlay([finding(100, 150, 200, 300)], SHAPE).labels[0]
    assert label.top_left_px[1] + label.height_px <= 150
    assert abs(label.top_left_px[0] - 100) < 5


def test_a_label_without_room_above_goes_below():
    label = overlay([finding(100, 2, 200, 300)], SHAPE).labels[0]
    assert label.top_left_px[1] >= 300


def test_a_label_without_room_above_and_below_goes_inside():
    label = overlay([finding(100, 1, 200, 399)], SHAPE).labels[0]
    assert 0 < label.top_left_px[1] < 399 - label.height_px


def test_lines_and_text_grow_with_the_image():
    small, large = (overlay([finding(10, 50, 60, 90)], shape) for shape in ((512, 512), (3000, 3000)))
    assert large.strokes[0].width_px > 4 * small.strokes[0].width_px
    assert large.labels[0].height_px > 4 * small.labels[0].height_px


def test_labels_of_neighbours_are_moved_apart():
    findings = [finding(100 + 7 * i, 150 + 3 * i, 220, 300, confidence=0.9 - i / 10) for i in range(4)]
    labels = overlay(findings, SHAPE).labels
    assert not any(overlap(one, other) for one, other in itertools.combinations(labels, 2))


def test_the_more_confident_finding_is_drawn_last():
    drawing = overlay([finding(9, 99, 50, 150, confidence=0.9), finding(9, 99, 80, 170, confidence=0.2)], SHAPE)
    assert drawing.labels[-1].text == "wrist 90%"


boxes = st.tuples(*[st.floats(-50, 700)] * 4)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    boxes_px=st.lists(boxes, max_size=8),
    shape_hw=st.tuples(st.integers(16, 1200), st.integers(16, 1200)),
)
def test_nothing_is_ever_outside_the_image(boxes_px, shape_hw):
    findings = [finding(*box, confidence=i / 10) for i, box in enumerate(boxes_px)]
    drawing = overlay(findings, shape_hw)
    for stroke in drawing.strokes:
        for x, y in (stroke.start_px, stroke.end_px):
            assert 0 <= x <= shape_hw[1]
            assert 0 <= y <= shape_hw[0]
    for label in drawing.labels:
        left, top, right, bottom = patch(label)
        assert left >= 0
        assert top >= 0
        assert right <= shape_hw[1] + 1e-6
        assert bottom <= shape_hw[0] + 1e-6


def test_an_overlay_can_be_drawn():
    grey = np.zeros(SHAPE, np.uint8)
    assert len(render_png(grey, overlay([finding(100, 150, 200, 300)], SHAPE))) > len(render_png(grey))
