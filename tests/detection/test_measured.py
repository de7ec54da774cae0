"""What `model.json` says was measured: read where it is there, passed over where it is not."""

from pathlib import Path

import pytest

from app.detection import load_model_spec, measured

MODELS = Path(__file__).parents[2] / "models"


@pytest.mark.parametrize(
    "provenance",
    [
        {},
        {"verdict": None},
        {"verdict": {"images": 3}},
        {"verdict": {"images": 3, "images_with_fracture": 1, "operating_points": [{"name": "possible"}]}},
        {"verdict": {"images": 3, "images_with_fracture": 1, "operating_points": []}},
    ],
)
def test_weights_that_were_not_measured_say_nothing(provenance: dict[str, object]) -> None:
    assert measured(provenance) is None


def test_the_shipped_weights_say_how_often_they_were_right() -> None:
    if not (MODELS / "model.json").exists():
        pytest.skip("models/model.json is missing")

    found = measured(load_model_spec(MODELS).provenance)

    assert found is not None
    assert 0 < found.images_with_fracture < found.images
    assert found.definite.sensitivity <= found.possible.sensitivity
    assert found.possible.specificity <= found.definite.specificity
