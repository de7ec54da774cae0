"""A finding is explained to whom it belongs; nothing is amplified, nothing is stored."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.errors import ImageNotFound, NotFound, StudyNotFound
from app.records import Detection, ModelInput, ModelVersion, Person, Study, Upload
from app.services import Services
from app.usecases.studies import create as read_study
from app.usecases.studies import explain
from app.usecases.studies.bin import delete_study
from tests.conftest import Account
from tests.support.fakes import FakeDetector
from tests.web.conftest import image


@pytest.fixture
def eve(account: Callable[..., Account]) -> Person:
    """A clinician of another tenant."""
    return account("Eve", tenant="elsewhere").person


@pytest.fixture
def study(services: Services, ada: Account) -> Study:
    """One view, 160 × 120, with a wrist at 0.87 and an elbow at 0.4, both at (40, 30, 120, 60)."""
    return read_study.create_study(services, ada.person, [Upload("a.png", image())]).study


def look_at_the_left(detector: FakeDetector, factor: float = 1.0) -> None:
    """Make the score of both findings fall when the left half of their box is covered."""
    plain = detector.detect

    def detect(model_input: ModelInput) -> tuple[Detection, ...]:
        # The ramp is dark on the left; a cover there takes its grey from brighter places too.
        seen = model_input.pixels[32:48, 32:64]
        share = float(np.clip(seen.std() / 12, 0, 1)) * factor
        return tuple(Detection(one.region, one.score * share, one.box_px) for one in plain(model_input))

    detector.detect = detect  # type: ignore[method-assign]


def test_what_matters_is_shown_with_how_much_it_matters(
    services: Services, ada: Account, study: Study, detector: FakeDetector
) -> None:
    look_at_the_left(detector)

    found = explain.explain(services, ada.person, study.id, study.images[0].id, 0)
    png, outcome = explain.why_png(services, ada.person, study.id, study.images[0].id, 0)

    assert (found.outcome, outcome) == ("shown", "shown")
    assert found.finding == study.images[0].assessment.findings[0]
    assert 0.15 <= found.strongest <= 1
    assert found.same_weights
    x1, y1, x2, y2 = found.look_px
    assert (0 <= x1 < 40, 120 < x2 <= 160) == (True, True)
    assert (0 <= y1 < 30, 60 < y2 <= 120) == (True, True)
    assert png.startswith(b"\x89PNG")


def test_what_is_no_more_than_chance_gives_no_colours(
    services: Services, ada: Account, study: Study, detector: FakeDetector
) -> None:
    plain, chance, whole = detector.detect, random.Random(3), iter([0.95])

    def flickers(model_input: ModelInput) -> tuple[Detection, ...]:
        factor = next(whole, chance.uniform(0.85, 1))
        return tuple(Detection(one.region, one.score * factor, one.box_px) for one in plain(model_input))

    detector.detect = flickers  # type: ignore[method-assign]
    found = explain.explain(services, ada.person, study.id, study.images[0].id, 1)
    png, outcome = explain.why_png(services, ada.person, study.id, study.images[0].id, 1)

    assert (found.outcome, outcome) == ("even", "even")
    assert found.strongest > 0
    assert opaque_pixels(png) == 0


def test_other_weights_that_do_not_see_the_finding_have_nothing_to_explain(
    services: Services, ada: Account, study: Study, detector: FakeDetector
) -> None:
    detector.scores_of = {"wrist": 0.5}
    detector.version = ModelVersion("fake", "8", "cd" * 32)

    unseen = explain.explain(services, ada.person, study.id, study.images[0].id, 1)
    png, outcome = explain.why_png(services, ada.person, study.id, study.images[0].id, 1)

    assert (unseen.outcome, unseen.same_weights, outcome) == ("unmarked", False, "unmarked")
    assert opaque_pixels(png) == 0


def opaque_pixels(png: bytes) -> int:
    return int(np.count_nonzero(np.asarray(Image.open(io.BytesIO(png)))[..., 3]))


def test_someone_elses_finding_is_not_found_even_after_it_was_explained(
    services: Services, ada: Account, eve: Person, study: Study
) -> None:
    explain.explain(services, ada.person, study.id, study.images[0].id, 0)

    with pytest.raises(StudyNotFound):
        explain.explain(services, eve, study.id, study.images[0].id, 0)
    with pytest.raises(StudyNotFound):
        explain.why_png(services, eve, study.id, study.images[0].id, 0)


def test_a_finding_of_a_deleted_study_is_not_found_even_after_it_was_explained(
    services: Services, ada: Account, study: Study
) -> None:
    explain.explain(services, ada.person, study.id, study.images[0].id, 0)
    delete_study(services, ada.person, study.id)

    with pytest.raises(StudyNotFound):
        explain.explain(services, ada.person, study.id, study.images[0].id, 0)


@pytest.mark.parametrize("number", [2, 99, -1])
def test_an_unknown_finding_is_not_found(services: Services, ada: Account, study: Study, number: int) -> None:
    with pytest.raises(NotFound, match="no finding"):
        explain.explain(services, ada.person, study.id, study.images[0].id, number)


def test_an_unknown_image_is_not_found(services: Services, ada: Account, study: Study) -> None:
    with pytest.raises(ImageNotFound):
        explain.explain(services, ada.person, study.id, "0" * 32, 0)


@pytest.mark.slow
def test_the_shipped_weights_depend_on_the_place_of_their_finding() -> None:
    from app import imaging
    from app.config import Limits
    from app.detection import judge, load_detector
    from app.detection.occlusion import score_map
    from app.usecases.studies.sample import SEEDS

    models = Path(__file__).parents[3] / "models"
    if not (models / "model.json").exists():
        pytest.skip("models/model.json is missing")
    pytest.importorskip("openvino")
    with load_detector(models, "openvino") as detector:
        for seed in SEEDS:
            grey = imaging.decode(imaging.drawn_sample(seed).png, Limits()).grey
            shown = imaging.model_input(grey, detector.spec.input_size_px, detector.spec.stride)
            findings = judge(detector.detect(shown), detector.spec.calibration).findings
            if findings:
                break
        else:
            pytest.skip("the weights mark none of the drawn samples")
        found = score_map(detector.detect, shown, findings[0].region, findings[0].box_px)

    assert found is not None
    # The middle fields lie over the box, the rim a good way outside it.
    inside, rim = found.loss[2:5, 2:5].mean(), np.r_[found.loss[[0, -1]].ravel(), found.loss[1:-1, [0, -1]].ravel()]
    assert inside > rim.mean()
