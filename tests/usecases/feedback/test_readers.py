"""Agreement between readers, and of the software with their decisions."""

import pytest

from app import imaging
from app.errors import Forbidden
from app.records import Actor, Mark, Person, Upload
from app.services import Services
from app.usecases.administration import people
from app.usecases.feedback.readers import MonthPerformance, PairAgreement, cohens_kappa, reader_agreement
from app.usecases.feedback.review import add_feedback
from app.usecases.studies.create import create_study
from tests.support.fakes import FakeDetector

ADMIN = Actor("default", "os:test")
FILE = Upload("a.png", imaging.render_png(imaging.phantom(3, (128, 96)).grey))


@pytest.mark.parametrize(
    ("counts", "kappa"),
    [
        ({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}, 0.4),
        ({("yes", "yes"): 45, ("yes", "no"): 15, ("no", "yes"): 25, ("no", "no"): 15}, 0.1304),
        ({("yes", "yes"): 3, ("no", "no"): 4}, 1.0),
        ({("yes", "no"): 2, ("no", "yes"): 2}, -1.0),
        ({("yes", "yes"): 5}, None),
        ({}, None),
    ],
)
def test_kappa_is_that_of_the_literature(counts: dict[tuple[str, str], int], kappa: float | None) -> None:
    found = cohens_kappa([pair for pair, count in counts.items() for _ in range(count)])

    assert found == (None if kappa is None else pytest.approx(kappa, abs=1e-4))


@pytest.fixture
def everybody(services: Services) -> dict[str, Person]:
    roles = {"Ada": "clinician", "Bob": "clinician", "Root": "admin"}
    return {
        name: people.add_person(services, ADMIN, name, role, "correct horse battery") for name, role in roles.items()
    }  # type: ignore[arg-type]


def test_pairs_and_months_are_counted_in_images(
    services: Services, everybody: dict[str, Person], detector: FakeDetector
) -> None:
    for number, (software, ada, bob) in enumerate(
        [(0.9, True, True), (0.9, False, True), (0.05, True, False), (0.05, False, False)]
    ):
        detector.scores_of = {"wrist": software}
        study = create_study(services, everybody["Ada"], [FILE]).study
        for name, is_fracture in (("Ada", ada), ("Bob", bob)):
            if name == "Bob" and number == 3:
                continue
            marks = [Mark("elbow", (1.0, 1.0, 9.0, 9.0), "missed")] if is_fracture else []
            add_feedback(services, everybody[name], study.id, study.images[0].id, marks, normal=not is_fracture)

    found = reader_agreement(services, everybody["Root"])

    assert found.pairs == (PairAgreement("Ada", "Bob", 3, 1, pytest.approx(-0.5)),)
    assert found.months == (MonthPerformance("2026-11", 4, 3, 3, 1),)
    assert (found.months[0].sensitivity, found.months[0].false_alarms) == (0.75, pytest.approx(1 / 3))


def test_only_an_admin_sees_it(services: Services, everybody: dict[str, Person]) -> None:
    with pytest.raises(Forbidden):
        reader_agreement(services, everybody["Ada"])
