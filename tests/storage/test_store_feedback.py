"""What readers said is kept once, by tenant, in order, and goes with its study."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.errors import ImageNotFound, StudyNotFound
from app.records import Person
from app.storage import FeedbackRow, NewFeedback, NewStudy, Store, new_id
from app.storage.database import connect
from tests.storage.conftest import NOW, new_image, new_study, run_sql

MINUTE = timedelta(minutes=1)


@pytest.fixture
def study(store: Store) -> NewStudy:
    study = new_study(new_image(b"a"), new_image(b"b"))
    store.studies.add("default", study)
    return study


def said(study: NewStudy, sealed: bytes = b"sealed", person: str = "somebody", view: int = 0) -> NewFeedback:
    return NewFeedback(new_id(), study.id, study.images[view].id, person, NOW, sealed)


def add(store: Store, new: NewFeedback, tenant: str = "default") -> FeedbackRow:
    return store.feedback.add(tenant, new, new.created_at - MINUTE, is_same=lambda row: row.sealed == new.sealed)


def test_feedback_comes_back_newest_first_with_the_name_of_its_reader(
    store: Store, study: NewStudy, anna: Person
) -> None:
    first, second = said(study, b"1", anna.id), replace(said(study, b"2", view=1), created_at=NOW + MINUTE)
    add(store, first)
    add(store, second)

    rows = store.feedback.of_study("default", study.id)

    assert [row.id for row in rows] == [second.id, first.id]
    assert rows[1] == FeedbackRow(**vars(first), person_name="anna")
    assert rows[0].person_name is None
    assert "sealed" not in repr(rows[1])


def test_the_same_said_twice_within_the_time_is_kept_once(store: Store, study: NewStudy) -> None:
    first = add(store, said(study))
    again = add(store, said(study))
    later = add(store, replace(said(study), created_at=NOW + 2 * MINUTE))
    other_reader, other_view = add(store, said(study, person="other")), add(store, said(study, view=1))

    assert again == first
    assert len({row.id for row in (first, later, other_reader, other_view)}) == 4
    assert len(store.feedback.of_study("default", study.id)) == 4


def test_the_same_said_twice_at_once_is_kept_once(store: Store, study: NewStudy) -> None:
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda _: add(store, said(study)), range(4)))

    assert len({row.id for row in kept}) == 1
    assert len(store.feedback.of_study("default", study.id)) == 1


def test_someone_elses_study_or_image_is_not_found(store: Store, study: NewStudy) -> None:
    other = new_study()
    store.studies.add("default", other)
    with pytest.raises(StudyNotFound):
        add(store, said(study), tenant="other")
    for image in (other.images[0].id, "none", "\x00"):
        with pytest.raises(ImageNotFound):
            add(store, replace(said(study), image=image))
    add(store, said(study))
    assert store.feedback.of_study("other", study.id) == ()
    assert store.feedback.studies("other") == ()
    assert store.feedback.of_study("default", "\x00") == ()
    assert store.feedback.studies("default") == (study.id,)


def test_what_was_said_since_a_moment_comes_newest_first_with_image_and_key(store: Store, study: NewStudy) -> None:
    count = 1003
    for n in range(count):
        add(store, replace(said(study, b"%d" % n, view=n % 2), created_at=NOW + timedelta(seconds=n // 3)))

    rows = list(store.feedback.answered("default", NOW + timedelta(seconds=1)))

    assert len({row.feedback.id for row in rows}) == len(rows) == count - 3
    times = [row.feedback.created_at for row in rows]
    assert times == sorted(times, reverse=True)
    assert {(row.wrapped_key, row.image.sealed_assessment) for row in rows} == {
        (b"wrapped", b"reading a"),
        (b"wrapped", b"reading b"),
    }
    assert all(row.image.id == row.feedback.image for row in rows)
    assert list(store.feedback.answered("other", NOW)) == []


def test_feedback_goes_with_its_study_and_stays_without_its_reader(
    store: Store, study: NewStudy, anna: Person, database_url: str
) -> None:
    add(store, said(study, person=anna.id))
    run_sql(database_url, f"DELETE FROM people WHERE id = '{anna.id}'")
    assert [row.person_name for row in store.feedback.of_study("default", study.id)] == [None]

    store.studies.delete("default", study.id)

    engine = connect(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM feedback")).scalar_one() == 0
    engine.dispose()
    with pytest.raises(StudyNotFound):
        add(store, said(study))
