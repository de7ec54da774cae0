"""Augmentation moves boxes with what they mark, and the same seed gives the same image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.imaging.geometry import apply_curve, blur, resize, warp_affine
from app.learning.training.augment import Augmentation, Sample, augment, clip_boxes, move_boxes, plain, random_matrix

STILL = Augmentation(
    turn=0, any_angle=0, tilt_deg=0, flip=0, scale=1, shift=0, shear=0, gamma=1, contrast=1, brightness=0, invert=0,
    blur=0, noise=0, shutter=0, mosaic=0,
)  # fmt: skip
WILD = Augmentation(any_angle=0.5, shutter=1, noise=1, blur=1, invert=0.5)


def marked(height: int = 90, width: int = 120) -> Sample:
    grey = np.full((height, width), 40, np.uint8)
    grey[30:50, 20:60] = 220
    return Sample(grey, np.array([[20.0, 30.0, 60.0, 50.0]]), np.array([2]))


def bright_box(grey: np.ndarray, level: int = 170) -> list[float]:
    rows, columns = np.nonzero(grey > level)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


seeds = st.integers(0, 2**32 - 1)


@given(seeds)
@settings(deadline=None, max_examples=60)
def test_a_moved_box_holds_the_whole_ellipse_that_it_marks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = random_matrix((120, 90), (128, 128), 128, focus=None, how=WILD, rng=rng)
    box = np.array([[20.0, 30.0, 60.0, 50.0]])
    angle = np.linspace(0, 2 * np.pi, 100)
    points = np.stack([40 + 20 * np.cos(angle), 40 + 10 * np.sin(angle)], axis=1) @ matrix[:, :2].T + matrix[:, 2]
    moved = move_boxes(box, matrix)[0]
    assert (points >= moved[:2] - 1e-6).all()
    assert (points <= moved[2:] + 1e-6).all()
    np.testing.assert_allclose(points.min(axis=0), moved[:2], atol=0.3)


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_turned_by_right_angles_and_mirrored_a_box_fits_the_pixels_exactly(quarter: int, mirror: float) -> None:
    sample = marked()
    angle = quarter * np.pi / 2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([mirror, 1.0])
    matrix = np.concatenate([turn, (np.array([80.0, 80.0]) - turn @ (60.0, 45.0))[:, None]], axis=1)
    grey = warp_affine(sample.grey, matrix, (160, 160), 0)
    np.testing.assert_allclose(move_boxes(sample.boxes_px, matrix)[0], bright_box(grey), atol=1e-6)


@given(seeds)
@settings(deadline=None, max_examples=40)
def test_boxes_always_lie_inside_the_image(seed: int) -> None:
    rng = np.random.default_rng(seed)
    result = augment([marked()] * (4 if seed % 2 else 1), 96, WILD, rng)
    assert result.grey.shape == (96, 96)
    assert result.grey.dtype == np.uint8
    assert len(result.boxes_px) == len(result.classes)
    assert (result.boxes_px >= 0).all()
    assert (result.boxes_px <= 96).all()
    assert (result.boxes_px[:, 2:] > result.boxes_px[:, :2]).all()


def test_a_box_of_which_little_is_left_is_dropped_and_a_cut_one_clipped() -> None:
    boxes = np.array([[-90.0, 10.0, 10.0, 20.0], [-10.0, 10.0, 30.0, 20.0], [200.0, 200.0, 210.0, 210.0]])
    clipped, kept = clip_boxes(boxes, (100, 100), 0.4)
    assert kept.tolist() == [False, True, False]
    np.testing.assert_allclose(clipped[1], [0, 10, 30, 20])


def test_the_same_seed_gives_the_same_image() -> None:
    first, second = (augment([marked()], 96, WILD, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.grey, second.grey)
    np.testing.assert_array_equal(first.boxes_px, second.boxes_px)


def test_without_any_change_the_image_is_the_plain_one() -> None:
    still = augment([marked()], 96, STILL, np.random.default_rng(0))
    bare = plain(marked(), 96)
    np.testing.assert_allclose(still.boxes_px, bare.boxes_px)
    inside = slice(13, 83)
    np.testing.assert_array_equal(still.grey[inside], bare.grey[inside])


def test_a_mosaic_shows_boxes_of_several_images() -> None:
    samples = [Sample(marked().grey, marked().boxes_px, np.array([number])) for number in range(4)]
    seen = {int(c) for seed in range(10) for c in augment(samples, 96, STILL, np.random.default_rng(seed)).classes}
    assert seen == {0, 1, 2, 3}


def test_a_negative_keeps_its_boxes() -> None:
    how = Augmentation(**{**vars(STILL), "invert": 1.0})
    result = augment([marked()], 120, how, np.random.default_rng(0))
    x1, y1, x2, y2 = result.boxes_px[0].astype(int)
    assert result.grey[y1 + 3 : y2 - 3, x1 + 3 : x2 - 3].max() < 60


def test_the_shutter_never_hides_a_box() -> None:
    how = Augmentation(**{**vars(STILL), "shutter": 1.0})
    for seed in range(30):
        result = augment([marked()], 120, how, np.random.default_rng(seed))
        np.testing.assert_allclose(bright_box(result.grey), result.boxes_px[0], atol=1.0)


def test_warping_by_whole_pixels_moves_pixels_and_nothing_else() -> None:
    grey = np.arange(30, dtype=np.uint8).reshape(5, 6)
    moved = warp_affine(grey, np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]]), (8, 6), 99)
    np.testing.assert_array_equal(moved[1:, 2:], grey)
    assert (moved[0] == 99).all()


def test_turning_by_a_right_angle_is_exact() -> None:
    grey = np.arange(30, dtype=np.uint8).reshape(5, 6)
    turned = warp_affine(grey, np.array([[0.0, -1.0, 5.0], [1.0, 0.0, 0.0]]), (5, 6), 0)
    np.testing.assert_array_equal(turned, np.rot90(grey, -1))


def test_resize_curve_and_blur_keep_what_they_promise() -> None:
    grey = np.full((40, 60), 100, np.uint8)
    assert resize(grey, (30, 20)).shape == (20, 30)
    assert (blur(grey, 1.5) == 100).all()
    negative = np.arange(255, -1, -1, dtype=np.uint8)
    assert (apply_curve(grey, negative) == 155).all()
