"""The drawn sample: read like any other study, told apart from every other, and nobody learns from it."""

from pathlib import Path

import pytest

from app import imaging
from app.errors import Busy, DatasetError
from app.records import DRAWN_SAMPLE, Actor, Detection, ModelInput, Person, Upload
from app.services import Services
from app.usecases.administration import people
from app.usecases.feedback import review as review_study
from app.usecases.feedback.agreement import agreement
from app.usecases.feedback.export import export_feedback
from app.usecases.studies import create as read_study
from app.usecases.studies import sample
from app.usecases.studies import show as show_study
from tests.conftest import Account
from tests.support.fakes import FakeDetector


def sees_the_break_of(detector: FakeDetector, seeds: tuple[int, ...]) -> None:
    """Mark the true break, on the drawings of these seeds only."""
    spec = detector.spec
    images = {}
    for seed in seeds:
        drawn = imaging.drawn_sample(seed)
        grey = imaging.decode(drawn.png, imaging_limits()).grey
        images[imaging.model_input(grey, spec.input_size_px, spec.stride).pixels.tobytes()] = drawn.break_px

    def detect(model_input: ModelInput) -> tuple[Detection, ...]:
        box_px = images.get(model_input.pixels.tobytes())
        return (Detection("wrist", 0.8, box_px),) if box_px else ()

    detector.detect = detect  # type: ignore[method-assign]


def imaging_limits():
    from app.config import Limits

    return Limits()


def test_it_is_stored_sealed_and_audited_like_any_study(services: Services, ada: Account) -> None:
    assert sample.is_first_visit(services, ada.person)

    study = sample.create_sample(services, ada.person).study

    assert not sample.is_first_visit(services, ada.person)
    assert show_study.get_study(services, ada.person, study.id) == study
    events = [entry.event for entry in services.store.audit.entries(ada.person.tenant)]
    assert ("study-created", study.id) in {(event.action, event.subject) for event in events}
    raw = Path(services.settings.database_url.removeprefix("sqlite:///")).read_bytes()
    assert b"Sample" not in raw
    assert b"IHDR" not in raw


def test_it_says_in_name_warning_and_pixels_that_it_is_drawn(services: Services, ada: Account) -> None:
    image = sample.create_sample(services, ada.person).study.images[0]

    assert "drawn, nobody's" in image.name
    assert image.assessment.warnings == (DRAWN_SAMPLE,)


@pytest.mark.parametrize("seen", [sample.SEEDS[:1], sample.SEEDS[2:3], sample.SEEDS[-2:]])
def test_the_first_drawing_that_the_network_marks_is_taken(
    services: Services, ada: Account, detector: FakeDetector, seen: tuple[int, ...]
) -> None:
    sees_the_break_of(detector, seen)

    image = sample.create_sample(services, ada.person).study.images[0]

    truth = sample.truth_of(image)
    assert f"Sample {seen[0]} " in image.name
    assert truth is not None
    assert truth.is_marked
    assert truth.break_px == imaging.drawn_sample(seen[0]).break_px


def test_a_network_that_marks_none_gets_the_first_and_the_truth_says_so(
    services: Services, ada: Account, detector: FakeDetector
) -> None:
    detector.scores_of = {}

    image = sample.create_sample(services, ada.person).study.images[0]

    truth = sample.truth_of(image)
    assert f"Sample {sample.SEEDS[0]} " in image.name
    assert truth is not None
    assert not truth.is_marked


def test_an_upload_of_the_same_name_is_no_sample(services: Services, ada: Account) -> None:
    upload = Upload("Sample 1 (drawn, nobody's)", imaging.drawn_sample(1).png)

    image = read_study.create_study(services, ada.person, [upload]).study.images[0]

    assert image.name == upload.name
    assert image.assessment.warnings == ()
    assert sample.truth_of(image) is None


def test_a_busy_server_stores_nothing(services: Services, ada: Account, detector: FakeDetector) -> None:
    detector.busy = True

    with pytest.raises(Busy):
        sample.create_sample(services, ada.person)

    assert sample.is_first_visit(services, ada.person)


def test_another_tenants_studies_do_not_end_the_first_visit(services: Services, ada: Account) -> None:
    sample.create_sample(services, ada.person)

    assert sample.is_first_visit(services, Person("x", "elsewhere", "Eve", "clinician"))


def test_answers_to_it_are_neither_exported_nor_counted(services: Services, ada: Account, tmp_path: Path) -> None:
    admin = people.add_person(services, Actor(ada.person.tenant, "test"), "Root", "admin", None)
    study = sample.create_sample(services, ada.person).study
    review_study.add_feedback(services, ada.person, study.id, study.images[0].id, (), normal=True)

    assert agreement(services, admin) == ()
    with pytest.raises(DatasetError, match="nothing was written"):
        export_feedback(services, Actor(ada.person.tenant, "test"), tmp_path / "set", services.detector.spec.regions)


def test_the_break_lies_in_the_drawing() -> None:
    for seed in sample.SEEDS:
        drawn = imaging.drawn_sample(seed)
        height, width = imaging.decode(drawn.png, imaging_limits()).grey.shape
        x1, y1, x2, y2 = drawn.break_px
        assert (0 < x1 < x2 < width, 0 < y1 < y2 < height) == (True, True)
        assert 0.15 < (x2 - x1) / width < 0.5
