"""A score map shows what the score depends on, and nothing where it depends on no place."""

import random

import numpy as np
import pytest

from app.detection.occlusion import ScoreMap, score_map
from app.imaging import model_input
from app.records import Detection, ModelInput
from tests.support.spot_detectors import DETECTION, SIZE_PX, image_with_spot, looks_at

# The box and a little of what is around it; 2.75 times the box, within the image, is what the map covers.
PLACES = [(48, 55), (64, 65), (80, 75), (45, 78), (85, 52), (30, 65), (64, 95), (100, 40)]


def peak(found: ScoreMap) -> tuple[float, float]:
    """(x, y) of the brightest field's middle, in pixels of the radiograph."""
    row, column = np.unravel_index(found.loss.argmax(), found.loss.shape)
    x1, y1, x2, y2 = found.area_px
    rows, columns = found.loss.shape
    return x1 + (column + 0.5) * (x2 - x1) / columns, y1 + (row + 0.5) * (y2 - y1) / rows


@pytest.mark.parametrize("place", PLACES)
def test_the_map_peaks_where_the_detector_looks(place: tuple[int, int]) -> None:
    found = score_map(looks_at(place), image_with_spot(place), "wrist", DETECTION.box_px)

    assert found is not None
    assert found.stands_out
    assert found.strongest > 0.5
    x1, y1, x2, y2 = found.area_px
    field_wh = (x2 - x1) / 7, (y2 - y1) / 7
    away = np.abs(np.subtract(peak(found), place)) / field_wh
    assert (away <= 1).all(), f"the peak is {away} fields away"


def test_far_from_that_place_nothing_is_lost() -> None:
    found = score_map(looks_at((48, 55)), image_with_spot((48, 55)), "wrist", DETECTION.box_px)

    assert found is not None
    assert found.loss[-2:, -2:].max() < 0.01


def test_a_detector_that_looks_nowhere_leaves_nothing_that_stands_out() -> None:
    found = score_map(lambda _: (DETECTION,), image_with_spot((64, 64)), "wrist", DETECTION.box_px)

    assert found is not None
    assert not found.stands_out
    assert found.strongest == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_score_that_only_flickers_does_not_stand_out(seed: int) -> None:
    chance = random.Random(seed)

    def flickers(_: object) -> tuple[Detection, ...]:
        return (Detection("wrist", 0.02 * chance.uniform(0.9, 1.1), DETECTION.box_px),)

    found = score_map(flickers, image_with_spot((64, 64)), "wrist", DETECTION.box_px)

    assert found is not None
    assert not found.stands_out


@pytest.mark.parametrize(("fall", "rise", "stands_out"), [(0.8, 0.0, True), (0.8, 0.4, True), (0.6, 0.9, False)])
def test_a_fall_stands_out_unless_a_rise_is_as_great(fall: float, rise: float, stands_out: bool) -> None:
    places = (48, 56), (80, 74)
    image = image_with_spot(places[0])
    np.maximum(image.pixels, image_with_spot(places[1]).pixels, out=image.pixels)
    first, second = map(looks_at, places)

    def falls_and_rises(covered: ModelInput) -> tuple[Detection, ...]:
        lost = [1 - look(covered)[0].score / 0.8 for look in (first, second)]
        return (Detection("wrist", 0.4 * (1 - fall * lost[0] + rise * lost[1]), DETECTION.box_px),)

    found = score_map(falls_and_rises, image, "wrist", DETECTION.box_px)

    assert found is not None
    assert found.stands_out is stands_out


@pytest.mark.parametrize(
    "seen",
    [(), (Detection("elbow", 0.9, DETECTION.box_px),), (Detection("wrist", 0.9, (0.0, 0.0, 45.0, 55.0)),)],
    ids=["nothing", "another region", "another place"],
)
def test_a_finding_that_the_network_does_not_see_has_no_map(seen: tuple[Detection, ...]) -> None:
    assert score_map(lambda _: seen, image_with_spot((64, 64)), "wrist", DETECTION.box_px) is None


@pytest.mark.parametrize("box_px", [(0.0, 0.0, 300.0, 200.0), (290.0, 0.0, 300.0, 12.0), (150.0, 100.0, 152.0, 101.0)])
def test_the_map_stays_within_a_image_that_was_scaled_and_padded(box_px: tuple[float, float, float, float]) -> None:
    shown = model_input(np.full((200, 300), 90, np.uint8), SIZE_PX, 32)
    asked = []

    def sees(covered) -> tuple[Detection, ...]:
        asked.append(covered.pixels)
        return (Detection("wrist", 0.5, box_px),)

    found = score_map(sees, shown, "wrist", box_px)

    assert found is not None
    x1, y1, x2, y2 = found.area_px
    assert -0.01 <= x1 < x2 <= 300.01
    assert -0.01 <= y1 < y2 <= 200.01
    assert (x2 - x1) * shown.scale >= 20
    assert len(asked) == 50
    assert all(pixels.shape == shown.pixels.shape for pixels in asked)
    assert np.array_equal(asked[0], shown.pixels)
