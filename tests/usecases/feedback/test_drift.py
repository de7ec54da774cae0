"""The scores of a tenant's latest images are compared with validation's, for admins."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from app import imaging
from app.detection.drift import FEWEST
from app.errors import Forbidden
from app.records import Actor, Person, Upload
from app.services import Services
from app.usecases.administration import people
from app.usecases.feedback.drift import LOOKS_BACK, score_drift
from app.usecases.studies.create import create_study
from app.usecases.studies.sample import create_sample
from tests.support.fakes import FakeClock, FakeDetector

PHANTOM = imaging.render_png(imaging.phantom(3, (128, 96)).grey)
RATES = {"sensitivity": {"value": 0.9}, "specificity": {"value": 0.6}}
VERDICT = {
    "images": 700,
    "images_with_fracture": 200,
    "operating_points": [{"name": name} | RATES for name in ("possible", "definite")],
    "score_quantiles": {"fractured": [0.1, 0.2, 0.3], "normal": [0.0, 0.05, 0.1]},
}


@pytest.fixture
def ada(account: Callable[..., object]) -> Person:
    return account("Ada").person  # type: ignore[attr-defined]


@pytest.fixture
def admin(services: Services) -> Person:
    return people.add_person(services, Actor("default", "test"), "Root", "admin", None)


def assess(services: Services, person: Person, count: int) -> None:
    for _ in range(count // 5):
        create_study(services, person, [Upload(f"{number}.png", PHANTOM) for number in range(5)])


def test_the_latest_images_are_compared(
    services: Services, detector: FakeDetector, ada: Person, admin: Person, clock: FakeClock
) -> None:
    detector.spec = replace(detector.spec, provenance={"verdict": VERDICT})
    create_sample(services, ada)
    assess(services, ada, FEWEST - 5)
    assert score_drift(services, admin) is None

    assess(services, ada, 5)
    found = score_drift(services, admin)
    assert found is not None
    assert found.images == FEWEST
    # The fake gives each image one and the same score, above most of those of validation.
    assert found.distance > 0.5
    assert found.p_value < 0.01

    clock.time += LOOKS_BACK + timedelta(days=1)
    assert score_drift(services, admin) is None


def test_weights_without_a_reference_have_no_drift(services: Services, ada: Person, admin: Person) -> None:
    assess(services, ada, FEWEST)
    assert score_drift(services, admin) is None


def test_only_an_admin_sees_it(services: Services, ada: Person) -> None:
    with pytest.raises(Forbidden):
        score_drift(services, ada)
