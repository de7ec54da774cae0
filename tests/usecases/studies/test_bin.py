"""A deleted study is in the bin and nowhere else; it comes back as it was, or is destroyed with its key."""

from pathlib import Path

import pytest

from app import imaging
from app.config import Settings
from app.errors import BadRequest, StudyNotFound
from app.records import Actor, Person, Upload
from app.services import Services
from app.usecases.administration import people
from app.usecases.feedback.review import add_feedback
from app.usecases.studies.bin import BinPage, delete_study, destroy_some, list_bin, restore_study, undo
from app.usecases.studies.create import create_study
from app.usecases.studies.show import get_study
from app.usecases.triage import Filters
from app.usecases.worklist.mark_read import mark_read
from app.usecases.worklist.worklist import get_entry, index_all, list_work
from tests.support.fakes import FakeClock

PHANTOM = Upload("a.png", imaging.render_png(imaging.phantom(3, (128, 96)).grey))
ADMIN = Actor("default", "os:test")


@pytest.fixture
def ada(services: Services) -> Person:
    return people.add_person(services, ADMIN, "Ada", "clinician", None)


@pytest.fixture
def study(services: Services, ada: Person) -> str:
    """A study that was answered and read."""
    made = create_study(services, ada, [PHANTOM]).study
    add_feedback(services, ada, made.id, made.images[0].id, [], normal=True, comment="Old callus.")
    mark_read(services, ada, made.id)
    return made.id


def listed(services: Services, person: Person) -> list[str]:
    return [entry.study.id for entry in list_work(services, person, Filters()).entries]


def test_a_study_comes_back_as_it_was_and_where_it_was(services: Services, ada: Person, study: str) -> None:
    before = get_entry(services, ada, study)
    delete_study(services, ada, study)
    assert listed(services, ada) == []
    with pytest.raises(StudyNotFound):
        get_study(services, ada, study)
    with pytest.raises(StudyNotFound):
        delete_study(services, ada, study)

    restore_study(services, ada, study)

    assert get_entry(services, ada, study) == before
    assert listed(services, ada) == [study]
    assert list_bin(services, ada) == BinPage((), None)
    with pytest.raises(StudyNotFound):
        restore_study(services, ada, study)


def test_the_bin_is_listed_last_deleted_first_page_by_page(services: Services, ada: Person, clock: FakeClock) -> None:
    made = [create_study(services, ada, [PHANTOM]).study.id for _ in range(3)]
    for one in (made[1], made[0], made[2]):
        clock.pass_(minutes=1)
        delete_study(services, ada, one)
    first = list_bin(services, ada, limit=2)
    rest = list_bin(services, ada, limit=2, after=first.next)
    assert [entry.id for entry in (*first.entries, *rest.entries)] == [made[2], made[0], made[1]]
    assert {entry.person_name for entry in first.entries} == {"Ada"}
    assert rest.next is None
    with pytest.raises(BadRequest):
        list_bin(services, ada, limit=0)
    with pytest.raises(BadRequest):
        list_bin(services, ada, after="rubbish")


def test_undo_brings_back_what_the_person_deleted_then_and_nothing_else(
    services: Services, ada: Person, clock: FakeClock
) -> None:
    bea = people.add_person(services, ADMIN, "Bea", "clinician", None)
    mine, theirs, earlier = (create_study(services, ada, [PHANTOM]).study.id for _ in range(3))
    delete_study(services, ada, earlier)
    clock.pass_(minutes=1)
    delete_study(services, ada, mine)
    delete_study(services, bea, theirs)
    assert undo(services, ada, clock()) == 1
    assert listed(services, ada) == [mine]
    assert undo(services, ada, clock()) == 0


def test_after_30_days_the_key_is_destroyed_with_the_study(
    services: Services, ada: Person, study: str, clock: FakeClock, settings: Settings
) -> None:
    wrapped = services.store.studies.get("default", study).wrapped_key
    delete_study(services, ada, study)
    clock.pass_(days=30)
    assert destroy_some(services) == 0
    assert list_bin(services, ada).entries[0].ends_at == clock()

    clock.pass_(seconds=1)

    assert list_work(services, ada, Filters()).entries == ()
    assert list_bin(services, ada).entries == ()
    database = Path(settings.database_url.removeprefix("sqlite:///"))
    assert not any(wrapped in path.read_bytes() for path in database.parent.glob("fractures.db*"))
    last = [entry.event for entry in services.store.audit.entries("default") if entry.event.subject == study][-1]
    assert (last.actor, last.action) == ("rule", "study-destroyed")


def test_another_tenants_bin_is_empty(services: Services, ada: Person, study: str) -> None:
    people.add_tenant(services, "os:test", "north")
    eve = people.add_person(services, Actor("north", "os:test"), "Eve", "clinician", None)
    delete_study(services, ada, study)
    assert list_bin(services, eve).entries == ()
    with pytest.raises(StudyNotFound):
        restore_study(services, eve, study)


def test_indexing_anew_leaves_the_bin_out_and_does_not_come_back_to_it(
    services: Services, ada: Person, study: str
) -> None:
    delete_study(services, ada, study)
    with services.store.begin() as unit:
        assert unit.worklist.index_some("default", b"another", 9, label=lambda _: pytest.fail("it is in the bin")) == 1
    assert services.store.worklist.index_some("default", b"another", 9, label=lambda _: pytest.fail("again")) == 0
    restore_study(services, ada, study)
    assert index_all(services, "os:test") == 0
    assert listed(services, ada) == [study]
