"""Copies are found however they were turned, mirrored or brightened; other images are not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.imaging.geometry import warp_affine
from app.learning.likeness.near_duplicates import Pair, compare, find_near_duplicates, group
from app.learning.progress import silent
from tests.support.drawn_sets import drawn

Grey = NDArray[np.uint8]
SHAPE = (150, 120)


def turned(grey: Grey, degrees: float, shear: float = 0.0) -> Grey:
    """Turned about its middle within its own frame, corners lost, as publishers do it."""
    angle = np.deg2rad(degrees)
    linear = np.array([[np.cos(angle), -np.sin(angle) + shear], [np.sin(angle), np.cos(angle)]])
    middle = np.array(grey.shape[::-1]) / 2
    return warp_affine(grey, np.concatenate([linear, (middle - linear @ middle)[:, None]], axis=1), grey.shape[::-1], 0)


def brighter(grey: Grey, factor: float) -> Grey:
    return np.asarray(np.clip(grey * factor, 0, 255), dtype=np.uint8)


def found(images: list[Grey]) -> set[tuple[int, int]]:
    return {(pair.one, pair.other) for pair in find_near_duplicates(images, silent)}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("the same", lambda grey: grey),
        ("turned by 12°", lambda grey: turned(grey, 12)),
        ("turned by -9° and sheared", lambda grey: turned(grey, -9, 0.08)),
        ("on its side", lambda grey: np.rot90(grey).copy()),
        ("upside down", lambda grey: np.rot90(grey, 2).copy()),
        ("mirrored", lambda grey: grey[:, ::-1].copy()),
        ("mirrored, turned, darker", lambda grey: brighter(turned(grey[::-1].copy(), 7), 0.6)),
        ("half as bright", lambda grey: brighter(grey, 0.5)),
        ("brighter until it clips", lambda grey: brighter(grey, 1.4)),
        ("smaller", lambda grey: warp_affine(grey, np.array([[0.8, 0, 0], [0, 0.8, 0]]), (96, 120), 0)),
    ],
)
def test_a_changed_copy_is_found_among_others(name: str, change: object) -> None:
    images = [drawn(seed, SHAPE) for seed in range(8)]
    copies = [change(image) for image in images[:4]]  # type: ignore[operator]
    assert found(images + copies) == {(number, number + 8) for number in range(4)}, name


def test_different_images_are_not_called_copies() -> None:
    assert found([drawn(seed, SHAPE) for seed in range(30)]) == set()


def test_images_without_any_structure_do_no_harm() -> None:
    flat = [np.full(SHAPE, level, np.uint8) for level in (0, 90, 255)]
    assert found([*flat, drawn(1, SHAPE)]) <= {(0, 1), (0, 2), (1, 2)}


def test_nothing_and_a_single_image_have_no_copies() -> None:
    assert find_near_duplicates([], silent) == []
    assert find_near_duplicates([drawn(1, SHAPE)], silent) == []


def test_an_alignment_that_squeezes_is_no_copy() -> None:
    narrow = warp_affine(drawn(1, SHAPE), np.array([[0.5, 0, 0], [0, 1.0, 0]]), (60, 150), 0)
    assert compare(drawn(1, SHAPE), narrow, 0.0, mirrored=False) < 0.55


def test_groups_join_what_is_linked_through_others() -> None:
    assert group(6, [Pair(1, 2, 0.9), Pair(4, 5, 0.8), Pair(2, 5, 0.7)]) == [0, 1, 1, 3, 1, 1]


def test_the_same_images_give_the_same_pairs() -> None:
    images = [drawn(seed, SHAPE) for seed in range(6)]
    images += [turned(image, 10) for image in images]
    assert find_near_duplicates(images, silent) == find_near_duplicates(images, silent)
