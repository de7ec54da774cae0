"""One explanation at a time, in bounded time, remembered, and no reader waits for more than one pass."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace
from typing import cast

import pytest

from app.detection import Detector, Explainer
from app.errors import Busy, Unavailable
from app.records import Detection, ModelInput
from tests.support.spot_detectors import DETECTION, image_with_spot, looks_at

PLACE = (64, 65)


def detector_of(detect) -> Detector:
    return cast(Detector, SimpleNamespace(detect=detect))


def explain(explainer: Explainer, name: str = "finding"):
    return explainer.explain(name, lambda: image_with_spot(PLACE), "wrist", DETECTION.box_px)


def test_a_second_explanation_is_refused_while_one_is_made() -> None:
    began, go_on = Event(), Event()

    def detect(model_input: ModelInput):
        began.set()
        assert go_on.wait(10)
        return looks_at(PLACE)(model_input)

    explainer = Explainer(detector_of(detect))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(explain, explainer)
        assert began.wait(10)
        with pytest.raises(Busy, match="Another explanation"):
            explain(explainer, "another finding")
        go_on.set()
        assert first.result(10) is not None
    assert explain(explainer, "another finding") is not None


def test_what_was_explained_is_remembered() -> None:
    asked = []

    def detect(model_input: ModelInput):
        asked.append(model_input)
        return looks_at(PLACE)(model_input)

    explainer = Explainer(detector_of(detect))

    assert explain(explainer) is explain(explainer)
    assert len(asked) == 50


def test_it_forgets_the_oldest() -> None:
    explainer = Explainer(detector_of(lambda _: ()))
    asked = []

    def model_input() -> ModelInput:
        asked.append(True)
        return image_with_spot(PLACE)

    for name in [*range(65), 0, 64]:
        explainer.explain(name, model_input, "wrist", DETECTION.box_px)

    assert len(asked) == 66


def test_it_gives_up_when_the_time_is_over() -> None:
    time_s = iter(range(1000))
    explainer = Explainer(detector_of(looks_at(PLACE)), limit_s=20, now_s=lambda: float(next(time_s)))

    with pytest.raises(Busy, match="too much to do"):
        explain(explainer)


@pytest.mark.parametrize("failure", [Busy, Unavailable])
def test_a_failure_on_the_way_is_told_and_does_not_block_the_next(failure: type[Exception]) -> None:
    passes = 0

    def detect(model_input: ModelInput) -> tuple[Detection, ...]:
        nonlocal passes
        passes += 1
        if passes == 7:
            raise failure
        return tuple(looks_at(PLACE)(model_input))

    explainer = Explainer(detector_of(detect))

    with pytest.raises(failure):
        explain(explainer)
    assert explain(explainer) is not None
