"""A recipe says everything about a run, and what it cannot mean is refused with its key."""

from pathlib import Path

import pytest

from app.errors import TrainingError
from app.learning.training.recipe import Recipe, read_recipe, recipe_from, recipe_values
from app.learning.training.schedule import Clock, learning_rate

RECIPES = sorted((Path(__file__).parents[3] / "recipes").glob("*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_that_comes_along_is_valid(path: Path) -> None:
    assert isinstance(read_recipe(path, {}), Recipe)


def test_a_recipe_comes_back_from_its_record() -> None:
    recipe = recipe_from({"image_sizes": [[0.4, 320], [0.6, 416]], "augmentation": {"mosaic": 0.1}}, "test")
    assert recipe_from(recipe_values(recipe), "record") == recipe


def test_what_the_command_line_says_overrides_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("batch: 4\nmodel: s\n", encoding="utf-8")
    recipe = read_recipe(path, {"batch": 8})
    assert (recipe.batch, recipe.model) == (8, "s")


def test_the_image_grows_with_the_run() -> None:
    recipe = recipe_from({"image_sizes": [[0.4, 320], [0.6, 416]]}, "test")
    assert [recipe.image_size(at) for at in (0.0, 0.39, 0.4, 1.0)] == [320, 320, 416, 416]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model", "q"),
        ("batch", 0),
        ("epochs", 0),
        ("hours", -1),
        ("learning_rate", 0),
        ("final_rate", 1),
        ("image_sizes", 500),
        ("image_sizes", [[0.5, 320]]),
        ("image_sizes", "large"),
        ("batch_size", 16),
        ("augmentation", {"hue": 0.1}),
        ("normals", "many"),
    ],
)
def test_a_value_that_cannot_be_is_refused(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "recipe.yaml"
    with pytest.raises(TrainingError) as raised:
        recipe_from({key: value}, str(path))
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("text", ["- 1\n- 2\n", "batch: [", "\x00"])
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"recipe\.yaml"):
        read_recipe(path, {})


def test_the_rate_rises_falls_as_a_cosine_and_ends_at_the_final_rate() -> None:
    recipe = recipe_from({"learning_rate": 0.01, "final_rate": 0.001, "warmup": 0.1}, "test")
    rates = [learning_rate(step / 100, recipe) for step in range(101)]
    assert rates[10] == pytest.approx(0.01)
    assert rates[55] == pytest.approx(0.0055)
    assert rates[100] == pytest.approx(0.001)
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_a_budget_of_hours_ends_on_time_whatever_the_speed() -> None:
    clock = Clock(hours=0.5, epochs=3)
    assert clock.progress(900, 0.1) == 0.5
    assert clock.progress(1800, 0.2) == 1.0
    assert clock.left_s(900, 0.1) == 900


def test_without_a_budget_the_epochs_count() -> None:
    clock = Clock(hours=0, epochs=4)
    assert clock.progress(123, 1.0) == 0.25
    assert clock.left_s(100, 1.0) == 300
