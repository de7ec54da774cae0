"""Printed text along the borders is found and painted over; a radiograph without any is left alone."""

import cv2
import numpy as np
import pytest

from app import imaging
from app.imaging import painted_over, suspected_text

TEXTS = ("DOE JANE 4711", "Mueller, Anna 12.03.1980", "ID 0012345", "ST. MARY HOSPITAL")


def written(text: str, corner: tuple[int, int], height_px: int, grey: int = 255) -> tuple[np.ndarray, np.ndarray]:
    """A phantom with text in a corner, and the mask of the text's pixels."""
    plain = imaging.phantom(3, (600, 480)).grey
    scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, height_px, 1)
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    x = 6 if corner[0] == 0 else plain.shape[1] - width - 6
    y = height + 8 if corner[1] == 0 else plain.shape[0] - 8
    image = plain.copy()
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, grey, 1, cv2.LINE_AA)
    return image, image != plain


@pytest.mark.parametrize("corner", [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("height_px", [9, 14, 22])
@pytest.mark.parametrize("text", TEXTS)
def test_text_in_a_corner_is_covered_whole(text: str, corner: tuple[int, int], height_px: int) -> None:
    image, inked = written(text, corner, height_px)
    covered = painted_over(np.ones(image.shape, np.uint8), suspected_text(image)) == 0
    assert covered[inked].mean() > 0.95


@pytest.mark.parametrize("seed", range(12))
def test_a_radiograph_without_text_is_left_alone(seed: int) -> None:
    assert suspected_text(imaging.phantom(seed, (600, 480)).grey) == ()


def test_a_side_marker_a_bar_and_a_ring_are_no_text() -> None:
    image = imaging.phantom(3, (600, 480)).grey.copy()
    cv2.putText(image, "R", (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 2, 255, 4)
    cv2.rectangle(image, (100, 570), (300, 580), 255, -1)
    cv2.ellipse(image, (400, 40), (60, 12), 0, 0, 360, 255, 2)
    assert suspected_text(image) == ()


def test_painting_leaves_the_rest_and_the_source_as_they_were() -> None:
    image = np.full((40, 60), 200, np.uint8)
    painted = painted_over(image, [(-5.0, 2.5, 10.2, 99.0)])
    assert (painted[2:, :11] == 0).all()
    assert (painted[:2] == 200).all()
    assert (painted[:, 11:] == 200).all()
    assert (image == 200).all()
