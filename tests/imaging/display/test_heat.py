"""A heat map as a PNG: see-through where nothing is, in place, of the radiograph's shape."""

import io

import numpy as np
import pytest
from PIL import Image

from app.imaging import heat_png

AREA_PX = (100.0, 40.0, 300.0, 180.0)


def one_field(row: int, column: int) -> np.ndarray:
    values = np.zeros((7, 7))
    values[row, column] = 1.0
    return values


def opened(png: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(png))
    assert image.mode == "RGBA"
    return np.asarray(image)


@pytest.mark.parametrize(("row", "column"), [(3, 3), (1, 5), (5, 2)])
def test_the_brightest_pixel_lies_in_its_field(row: int, column: int) -> None:
    image = opened(heat_png(one_field(row, column), AREA_PX, (300, 400), 1024))

    y, x = np.unravel_index(image[..., 3].argmax(), image.shape[:2])
    assert abs(x - (100 + (column + 0.5) * 200 / 7)) < 5
    assert abs(y - (40 + (row + 0.5) * 140 / 7)) < 5
    assert tuple(image[y, x, :3]) == pytest.approx((253, 231, 37), abs=12)


def test_outside_the_area_and_where_nothing_is_lost_it_is_see_through() -> None:
    image = opened(heat_png(one_field(3, 3), AREA_PX, (300, 400), 1024))

    outside = np.ones(image.shape[:2], bool)
    outside[40:180, 100:300] = False
    assert image[outside].max() == 0
    assert image[45, 110, 3] == 0
    assert opened(heat_png(None, AREA_PX, (300, 400), 1024)).max() == 0


@pytest.mark.parametrize(
    ("shape_hw", "expected"), [((300, 400), (300, 400)), ((3000, 1500), (1024, 512)), ((1, 5000), (1, 1024))]
)
def test_it_has_the_radiographs_shape_at_most_of_the_size_asked_for(
    shape_hw: tuple[int, int], expected: tuple[int, int]
) -> None:
    area_px = (0.0, 0.0, float(shape_hw[1]), float(shape_hw[0]))

    assert opened(heat_png(one_field(3, 3), area_px, shape_hw, 1024)).shape[:2] == expected


def test_brighter_never_means_less() -> None:
    from app.imaging.display.heat import VIRIDIS_RGB

    luminance = np.array(VIRIDIS_RGB) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(luminance) > 0).all()
