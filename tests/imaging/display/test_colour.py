"""Colour photographs are flagged; what radiographs come with is not."""

import numpy as np
import pytest

from app.imaging import decode, phantom
from app.imaging.display.colour import over_black
from tests.support.image_files import LIMITS, dataset, dicom, saved

GREY = phantom(1, (128, 128)).grey
RGB = np.repeat(GREY[..., None], 3, axis=2)


def photograph() -> np.ndarray:
    """Sky, grass, a red roof: smooth areas of different hue with some noise."""
    random = np.random.default_rng(1)
    image = np.empty((128, 128, 3))
    image[:60] = 110, 160, 220
    image[60:] = 90, 140, 60
    image[40:90, 30:80] = 180, 70, 60
    return np.clip(image + random.normal(0, 8, image.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_colour_photograph_is_accepted_and_flagged(kind):
    assert decode(saved(photograph(), kind), LIMITS).warnings == ("not-a-radiograph",)


def test_a_colour_photograph_in_dicom_is_flagged():
    assert decode(dicom(dataset(photograph())), LIMITS).warnings == ("not-a-radiograph",)


def test_a_image_of_one_vivid_colour_is_flagged():
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 230
    assert decode(saved(red, "PNG"), LIMITS).warnings == ("not-a-radiograph",)


@pytest.mark.parametrize(
    "tint", [(1.0, 1.0, 1.0), (1.0, 0.86, 0.68), (0.75, 0.9, 1.0)], ids=["grey", "sepia", "blue film"]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_tinted_radiograph_is_not_flagged(tint, kind):
    assert decode(saved((RGB * tint).astype(np.uint8), kind), LIMITS).warnings == ()


def test_a_small_coloured_annotation_is_not_flagged():
    marked = RGB.copy()
    marked[5:15, 5:45] = 255, 220, 0
    marked[60:62, 20:100] = 255, 0, 0
    assert decode(saved(marked, "PNG"), LIMITS).warnings == ()


def test_opaque_pixels_stay_as_they_are_and_others_darken():
    opaque = np.full(RGB.shape[:2], 255, np.uint8)
    assert np.array_equal(over_black(RGB, opaque), RGB)
    opaque[0] = 0
    composed = over_black(RGB, opaque)
    assert not composed[0].any()
    assert np.array_equal(composed[1:], RGB[1:])
