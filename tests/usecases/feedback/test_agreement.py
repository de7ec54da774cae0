"""Agreement is counted by month and region, of each reader's newest verdict, for admins."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app import imaging
from app.errors import Forbidden
from app.records import Actor, Mark, Person, Study, Upload
from app.services import Services
from app.usecases.administration import people
from app.usecases.feedback.agreement import agreement
from app.usecases.feedback.review import add_feedback
from app.usecases.studies.create import create_study
from tests.support.fakes import FakeClock

PHANTOM = imaging.render_png(imaging.phantom(3, (128, 96)).grey)
BOX, BELOW = (24.0, 32.0, 72.0, 64.0), (24.0, 76.8, 72.0, 108.8)
WRIST, ELBOW = Mark("wrist", BOX, "confirmed"), Mark("elbow", BELOW, "rejected")
MISSED = Mark("elbow", (0.0, 0.0, 20.0, 28.0), "missed")


@pytest.fixture
def ada(account: Callable[..., object]) -> Person:
    return account("Ada").person  # type: ignore[attr-defined]


@pytest.fixture
def admin(services: Services) -> Person:
    return people.add_person(services, Actor("default", "test"), "Root", "admin", None)


@pytest.fixture
def study(services: Services, ada: Person) -> Study:
    return create_study(services, ada, [Upload("a.png", PHANTOM), Upload("b.png", PHANTOM)]).study


def counted(services: Services, admin: Person) -> list[tuple[object, ...]]:
    return [tuple(vars(one).values()) for one in agreement(services, admin)]


def test_answers_are_counted_by_month_and_region(
    services: Services, ada: Person, admin: Person, study: Study, clock: FakeClock
) -> None:
    first, second = (image.id for image in study.images)
    add_feedback(services, ada, study.id, first, [WRIST, ELBOW, MISSED])
    add_feedback(services, admin, study.id, first, [replace(WRIST, answer="rejected")])
    clock.time = datetime(2026, 12, 1, tzinfo=UTC)
    add_feedback(services, ada, study.id, second, [], normal=True)

    assert counted(services, admin) == [
        ("2026-12", "elbow", 0, 1, 0),
        ("2026-12", "wrist", 0, 1, 0),
        ("2026-11", "elbow", 0, 1, 1),
        ("2026-11", "wrist", 1, 1, 0),
    ]
    assert [one.share for one in agreement(services, admin)] == [0, 0, 0, 0.5]


def test_a_corrected_box_counts_as_confirmed_unless_its_region_changes(
    services: Services, ada: Person, admin: Person, study: Study
) -> None:
    rejected = replace(WRIST, answer="rejected")
    moved = Mark("wrist", (28.0, 32.0, 76.0, 64.0), "missed")
    for image, drawn in zip(study.images, (moved, replace(moved, region="elbow")), strict=True):
        add_feedback(services, ada, study.id, image.id, [rejected, drawn])

    assert counted(services, admin) == [("2026-11", "elbow", 0, 0, 1), ("2026-11", "wrist", 1, 1, 0)]


def test_a_changed_answer_counts_once_and_a_comment_not_at_all(
    services: Services, ada: Person, admin: Person, study: Study, clock: FakeClock
) -> None:
    image = study.images[0].id
    for marks, comment in (([replace(WRIST, answer="rejected")], ""), ([WRIST], ""), ([], "Sure")):
        add_feedback(services, ada, study.id, image, marks, comment=comment)
        clock.pass_(seconds=1)

    assert counted(services, admin) == [("2026-11", "wrist", 1, 0, 0)]


def test_what_is_older_than_a_year_or_another_tenants_is_not_counted(
    services: Services, ada: Person, study: Study, admin: Person, clock: FakeClock
) -> None:
    add_feedback(services, ada, study.id, study.images[0].id, [WRIST])
    people.add_tenant(services, "os:test", "north")
    assert agreement(services, people.add_person(services, Actor("north", "test"), "Root", "admin", None)) == ()
    clock.pass_(days=397)
    assert agreement(services, admin) == ()


def test_only_an_admin_is_told(services: Services, ada: Person) -> None:
    with pytest.raises(Forbidden):
        agreement(services, ada)
