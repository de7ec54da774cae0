"""Cheap checks before the network: what must not be judged is named, and drawn radiographs pass."""

import numpy as np
import pytest

from app.imaging import assess_content, phantom
from app.imaging.content import histogram, is_out_of_scope, percentile, polynomial_share
from app.learning.evaluation.outside import DRAWN, of_grey
from app.records import Header, Radiograph


@pytest.mark.parametrize("shape_hw", [(96, 96), (128, 96), (512, 400), (1200, 300)])
def test_a_drawn_radiograph_passes_also_turned_inverted_and_dark(shape_hw):
    grey = phantom(2, shape_hw).grey
    for shown in (grey, np.rot90(grey), 255 - grey, (grey // 3)):
        assert assess_content(of_grey(shown)) is None


@pytest.mark.parametrize(
    ("grey", "reason"),
    [
        (np.full((400, 300), 7, np.uint8), "no-content"),
        (np.zeros((1, 1), np.uint8), "too-small"),
        (phantom(2, (95, 300)).grey, "too-small"),
        (np.random.default_rng(0).integers(0, 256, (300, 300), dtype=np.uint8), "no-structure"),
        (np.linspace(0, 255, 300, dtype=np.uint8)[None].repeat(200, 0), "no-structure"),
    ],
)
def test_what_shows_no_anatomy_is_named(grey, reason):
    assert assess_content(of_grey(grey)) == reason


def test_colours_that_no_radiograph_has_make_a_photograph():
    grey = phantom(2, (200, 200)).grey
    assert assess_content(Radiograph(grey, None, "jpeg", 8, ("not-a-radiograph",))) == "photograph"


def test_lines_of_dark_words_on_a_light_page_are_text():
    rows = np.full((400, 500), 250, np.uint8)
    rng = np.random.default_rng(1)
    for top in range(20, 380, 18):
        for left in range(20, 480, 7):
            if rng.random() < 0.8:
                rows[top : top + 10, left : left + 2] = 10
    assert assess_content(of_grey(rows)) == "text"


@pytest.mark.parametrize("kind", ["even", "noise", "gradient"])
def test_every_drawing_without_content_is_refused(kind):
    for seed in range(5):
        assert assess_content(of_grey(DRAWN[kind](np.random.default_rng(seed)))) in ("no-content", "no-structure")


@pytest.mark.parametrize(
    ("header", "is_outside"),
    [
        (Header(modality="CT"), True),
        (Header(modality="MR", body_parts=("WRIST",)), True),
        (Header(modality="DX"), False),
        (Header(modality="CR", body_parts=("CHEST",)), True),
        (Header(modality="DX", body_parts=("", "Skull lateral")), True),
        (Header(modality="CR", body_parts=("Thorax p.a.",)), True),
        (Header(modality="CR", body_parts=("WRIST", "whole body screening")), False),
        (Header(modality="DX", body_parts=("Forearm ap",)), False),
        (Header(modality="DX", body_parts=("something else",)), False),
    ],
)
def test_the_header_tells_what_is_out_of_scope(header, is_outside):
    assert is_out_of_scope(header) is is_outside


def test_percentiles_by_grey_are_those_of_the_pixels():
    grey = np.random.default_rng(3).integers(0, 200, (71, 43), dtype=np.uint8)
    for percent in (0.0, 0.5, 33.3, 50.0, 99.5, 100.0):
        assert percentile(histogram(grey), percent) == pytest.approx(np.percentile(grey, percent))


def test_the_share_of_the_polynomial_is_that_of_least_squares():
    sample = phantom(3, (90, 70)).grey.astype(np.float32)
    ys, xs = (axis.ravel() for axis in np.mgrid[-1:1:90j, -1:1:70j])
    terms = np.stack([xs**0, xs, ys, xs * ys, xs**2, ys**2, np.hypot(xs, ys)], axis=1)
    rest = sample.ravel() - terms @ np.linalg.lstsq(terms, sample.ravel())[0]
    assert polynomial_share(sample) == pytest.approx(1 - rest.var() / sample.var(), abs=1e-6)
