"""The drawn radiograph is the same each time, and its break is where it says."""

import numpy as np
import pytest

from app.imaging import phantom


def test_the_same_seed_gives_the_same_image():
    one, other = phantom(7, (256, 256)), phantom(7, (256, 256))
    np.testing.assert_array_equal(one.grey, other.grey)
    assert one.fractures_px == other.fractures_px


def test_another_seed_gives_another_image():
    assert not np.array_equal(phantom(1, (256, 256)).grey, phantom(2, (256, 256)).grey)


@pytest.mark.parametrize("shape_hw", [(512, 512), (640, 400), (400, 640), (64, 64)])
def test_the_box_of_the_break_lies_inside_the_image(shape_hw):
    drawn = phantom(1, shape_hw)
    assert drawn.grey.shape == shape_hw
    assert drawn.grey.dtype == np.uint8
    for x1, y1, x2, y2 in drawn.fractures_px:
        assert 0 <= x1 < x2 <= shape_hw[1]
        assert 0 <= y1 < y2 <= shape_hw[0]
        assert (x2 - x1) * (y2 - y1) < 0.1 * drawn.grey.size


def test_it_has_air_and_tissue_and_bone():
    grey = phantom(1).grey
    assert np.percentile(grey, 10) < 25
    assert 40 < np.percentile(grey, 70) < 180
    assert np.percentile(grey, 99.5) > 225


@pytest.mark.parametrize("seed", range(5))
def test_the_break_is_a_dark_line_across_bright_bone(seed):
    drawn = phantom(seed)
    x1, y1, x2, y2 = (round(value) for value in drawn.fractures_px[0])
    middle = drawn.grey[y1:y2, (x1 + x2) // 2 - 8 : (x1 + x2) // 2 + 8].astype(float)
    assert (np.median(middle, axis=0) - middle.min(axis=0)).min() > 20
