"""Windows against values worked out by hand from DICOM PS3.3 C.11.2."""

import numpy as np
import pytest

from app.imaging.display.window import Lut, Window, ramp, stretch, stretch_limits


@pytest.mark.parametrize(
    ("window", "values", "shown"),
    [
        # C.11.2.1.2.1: y = ((x − (c − 0.5)) / (w − 1) + 0.5) · 255
        (Window(2048, 4096), [0, 4095, 2047.5, -1, 5000], [0, 255, 127.5, 0, 255]),
        (Window(0, 100), [-50, 49, -0.5, -51, 50], [0, 255, 127.5, 0, 255]),
        (Window(0, 1), [-1, -0.5, -0.4, 0], [0, 0, 255, 255]),
        # C.11.2.1.3.2: y = ((x − c) / w + 0.5) · 255
        (Window(2048, 4096, "LINEAR_EXACT"), [0, 2048, 4096, 1024], [0, 127.5, 255, 63.75]),
        (Window(0, 0.5, "LINEAR_EXACT"), [-0.25, 0, 0.25], [0, 127.5, 255]),
        # C.11.2.1.3.1: y = 255 / (1 + exp(−4 · (x − c) / w))
        (Window(100, 40, "SIGMOID"), [100, 110, 90], [127.5, 255 / (1 + np.exp(-1)), 255 / (1 + np.e)]),
        (Window(0, 1e-300, "SIGMOID"), [-1e9, 1e9], [0, 255]),
    ],
)
def test_a_window_shows_what_the_standard_says(window, values, shown):
    assert window.is_valid()
    np.testing.assert_allclose(window.apply(np.array(values, np.float64)), shown, atol=1e-9)


@pytest.mark.parametrize(
    "window",
    [
        Window(0, 0),
        Window(0, 0.5),
        Window(0, -5, "SIGMOID"),
        Window(0, 0, "LINEAR_EXACT"),
        Window(float("nan"), 5),
        Window(0, float("inf")),
    ],
)
def test_a_window_without_meaning_is_not_valid(window):
    assert not window.is_valid()


def test_a_lut_holds_its_ends_beyond_its_range():
    lut = Lut(first=10, bits=8, entries=np.array([5.0, 100.0, 200.0]))
    assert lut.apply(np.array([-100.0, 10, 11, 12, 13, 9999])).tolist() == [5, 5, 100, 200, 200, 200]


def test_a_stretch_is_not_moved_by_a_dead_pixel():
    pixels = np.full((100, 100), 1000, np.uint16)
    pixels[:, 50:] = 2000
    pixels[0, 0] = 65535
    assert stretch_limits(pixels) == (1000, 2000)
    assert stretch(pixels)[5, [10, 90]].tolist() == [0, 255]


def test_a_small_object_on_an_even_ground_stays_visible():
    pixels = np.zeros((100, 100), np.uint16)
    pixels[3, 3] = 40_000
    assert stretch(pixels)[3, 3] == 255


def test_values_that_are_not_numbers_become_black():
    pixels = np.array([[np.nan, 1.0], [2.0, np.inf]], np.float32)
    assert stretch(pixels)[0, 0] == 0
    assert stretch_limits(np.full((2, 2), np.nan)) == (0.0, 0.0)


def test_a_ramp_is_straight_between_its_ends():
    assert ramp(np.array([0.0, 5, 10, 15]), 5, 15).tolist() == [0, 0, 127.5, 255]
