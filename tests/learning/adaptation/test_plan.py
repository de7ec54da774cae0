"""The recipe suits the machine and the number of images."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from app.learning.adaptation.plan import Beginning, Wishes, choose_beginning, hours_on_cpu, recipe_for

pytestmark = pytest.mark.torch
LARGE = Beginning(Path("l.pt"), "l", 416, ("wrist",))
SMALL = Beginning(Path("n.pt"), "n", 416, ("wrist",))


def test_a_card_takes_the_served_size_and_a_cpu_what_it_can_train_in_time() -> None:
    assert choose_beginning([LARGE, SMALL], 20_000, "cuda", Wishes()) is LARGE
    assert choose_beginning([LARGE, SMALL], 50, "cpu", Wishes()) is LARGE
    assert choose_beginning([LARGE, SMALL], 20_000, "cpu", Wishes()) is SMALL


def test_few_images_are_shown_often_and_many_seldom() -> None:
    few, many = (recipe_for(LARGE, images, (), "cpu", Wishes(hours=1000))[0] for images in (40, 4000))
    assert (few.epochs, many.epochs) == (60, 8)


def test_a_training_that_would_take_too_long_ends_on_time() -> None:
    recipe, about = recipe_for(SMALL, 100_000, (), "cpu", Wishes(hours=2))
    assert recipe.hours == 2
    assert "2 hours of 100000 images on cpu" in about
    assert hours_on_cpu(SMALL, 100_000, Wishes()) > 2


def test_wishes_are_followed() -> None:
    recipe, _ = recipe_for(SMALL, 50, ("hip",), "cpu", Wishes(epochs=2, image_size=64, batch=4, threads=1))
    assert (recipe.epochs, recipe.image_sizes, recipe.batch, recipe.threads) == (2, ((1.0, 64),), 4, 1)
    assert recipe.kept == ("hip",)
