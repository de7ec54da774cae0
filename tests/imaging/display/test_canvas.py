"""What is drawn is in the PNG, in its colour, and nothing else changes."""

import time

import cv2
import numpy as np
import pytest

from app.config import Limits
from app.drawings import Drawing, Label, Stroke
from app.imaging import decode, phantom, render_png

GREY = phantom(3, (200, 300)).grey
ORANGE = (230, 159, 0)


def pixels(png: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    return image if image.ndim == 2 else image[..., ::-1]


def coloured(png: bytes) -> np.ndarray:
    return np.ptp(pixels(png).astype(int), axis=2) > 40


def test_without_a_drawing_the_png_is_the_radiograph_itself():
    np.testing.assert_array_equal(pixels(render_png(GREY)), GREY)
    np.testing.assert_array_equal(decode(render_png(GREY), Limits()).grey, GREY)


def test_a_solid_stroke_is_drawn_where_it_lies_in_its_colour():
    png = render_png(GREY, Drawing(strokes=(Stroke((50, 100), (250, 100), ORANGE, 4),)))
    rows, columns = np.nonzero(coloured(png))
    assert 96 <= rows.min() <= rows.max() <= 103
    assert columns.min() <= 51
    assert columns.max() >= 248
    assert (pixels(png)[99, 60:240] == ORANGE).all()
    untouched = np.delete(pixels(png)[..., 0], slice(95, 105), axis=0)
    np.testing.assert_array_equal(untouched, np.delete(GREY, slice(95, 105), axis=0))


@pytest.mark.parametrize("length", [20, 30, 60])
def test_a_short_dashed_stroke_is_no_solid_one(length: int) -> None:
    stroke = Stroke((50, 100), (50 + length, 100), ORANGE, 4, dashed=True)
    row = pixels(render_png(GREY, Drawing(strokes=(stroke,))))[100, 50 : 50 + length].astype(int)
    is_drawn = abs(row - row[0]).sum(axis=1) < 60
    assert is_drawn[-2]
    assert not is_drawn.all()


def test_a_dashed_stroke_has_gaps_and_closed_ends():
    png = render_png(GREY, Drawing(strokes=(Stroke((50, 100), (250, 100), ORANGE, 4, dashed=True),)))
    along = coloured(png)[99, 50:250]
    assert 0.4 < along.mean() < 0.8
    assert along[:8].all()
    assert along[-8:].all()
    assert np.count_nonzero(np.diff(along.astype(int)) == -1) >= 4


@pytest.mark.parametrize("corner", [(-50, -50), (280, 190), (0, 0), (1e9, -1e9)])
@pytest.mark.parametrize("text", ["wrist 87 %", "a very long label that is wider than the image " * 3])
def test_a_label_is_moved_into_the_image(corner, text):
    png = render_png(GREY, Drawing(labels=(Label(text, corner, 20, ORANGE),)))
    assert pixels(png).shape == (200, 300, 3)
    assert coloured(png).sum() > 50


def test_text_can_be_read_on_bone_and_on_air():
    white = np.full((60, 200), 255, np.uint8)
    drawn = pixels(render_png(white, Drawing(labels=(Label("wrist 87 %", (10, 10), 24, ORANGE),))))
    # The patch behind the text is dark, whatever lies below.
    assert drawn[11:33, 10:13].max() < 120


def test_a_smaller_image_carries_the_same_drawing():
    drawing = Drawing(strokes=(Stroke((50, 100), (250, 100), ORANGE, 8),))
    png = render_png(GREY, drawing, long_side_px=150)
    assert pixels(png).shape == (100, 150, 3)
    rows, columns = np.nonzero(coloured(png))
    assert abs(rows.mean() - 49.5) < 1
    assert (columns.min() <= 26, columns.max() >= 123) == (True, True)


def test_a_image_is_never_scaled_up():
    assert pixels(render_png(GREY, long_side_px=4000)).shape == GREY.shape


def test_a_stroke_beyond_all_bounds_draws_nothing_and_does_no_harm():
    png = render_png(GREY, Drawing(strokes=(Stroke((1e12, 1e12), (1e12, 2e12), ORANGE, 4, dashed=False),)))
    np.testing.assert_array_equal(pixels(png)[..., 0], GREY)


def test_drawing_takes_milliseconds():
    grey = phantom(1).grey
    drawing = Drawing(
        strokes=tuple(Stroke((50, at), (450, at), ORANGE, 3, dashed=True) for at in range(60, 460, 50)),
        labels=(Label("wrist 87 %", (50, 30), 20, ORANGE),),
    )
    best = min(_timed(grey, drawing) for _ in range(10))
    assert best < 0.05


def _timed(grey: np.ndarray, drawing: Drawing) -> float:
    started = time.perf_counter()
    render_png(grey, drawing)
    return time.perf_counter() - started
