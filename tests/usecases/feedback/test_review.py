"""A reader's answer is kept as it was given, once, and refused in one sentence when it does not fit."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text

from app import imaging
from app.errors import BadFeedback, ImageNotFound, StoredDataDamaged, StudyNotFound
from app.records import Mark, Person, Study, Upload
from app.services import Services
from app.storage.database import connect
from app.usecases import stored_feedback
from app.usecases.feedback.review import add_feedback, list_feedback
from app.usecases.studies import show as show_study
from app.usecases.studies.bin import delete_study
from app.usecases.studies.create import create_study
from tests.support.fakes import FakeClock

PHANTOM = imaging.render_png(imaging.phantom(3, (128, 96)).grey)
WRIST = Mark("wrist", (24.0, 32.0, 72.0, 64.0), "confirmed")
ELBOW = Mark("elbow", (24.0, 76.8, 72.0, 108.8), "rejected")
MISSED = Mark("elbow", (0.0, 100.5, 96.0, 128.0), "missed")


@pytest.fixture
def ada(account: Callable[..., object]) -> Person:
    return account("Ada").person  # type: ignore[attr-defined]


@pytest.fixture
def study(services: Services, ada: Person) -> Study:
    return create_study(services, ada, [Upload("a.png", PHANTOM), Upload("b.png", PHANTOM)]).study


def test_an_answer_comes_back_with_who_and_when(
    services: Services, ada: Person, study: Study, clock: FakeClock
) -> None:
    image = study.images[0].id
    kept = add_feedback(services, ada, study.id, image, [WRIST, ELBOW, MISSED], comment="  Look\r\nagain \n")

    assert list_feedback(services, ada, study.id) == (kept,)
    assert (kept.image_id, kept.person_id, kept.person_name, kept.created_at) == (image, ada.id, "Ada", clock.time)
    assert (kept.marks, kept.normal, kept.comment) == ((WRIST, ELBOW, MISSED), False, "Look\nagain")
    assert list_feedback(services, ada, study.id, study.images[1].id) == ()
    entries = [entry.event for entry in services.store.audit.entries(ada.tenant)]
    assert (entries[-1].action, entries[-1].actor, entries[-1].subject) == ("feedback-added", ada.id, study.id)


def test_readers_may_differ_and_both_are_kept(services: Services, ada: Person, study: Study, account) -> None:
    image, bob = study.images[0].id, account("Bob").person
    add_feedback(services, ada, study.id, image, [WRIST])
    add_feedback(services, bob, study.id, image, [], normal=True)

    said = list_feedback(services, ada, study.id, image)

    assert {(one.person_name, one.normal, len(one.marks)) for one in said} == {("Ada", False, 1), ("Bob", True, 0)}


def test_the_same_answer_sent_twice_is_kept_once_and_a_new_one_beside_it(
    services: Services, ada: Person, study: Study, clock: FakeClock
) -> None:
    image = study.images[0].id
    first = add_feedback(services, ada, study.id, image, [WRIST])
    clock.pass_(seconds=50)
    assert add_feedback(services, ada, study.id, image, [WRIST]) == first
    other = add_feedback(services, ada, study.id, image, [replace(WRIST, answer="rejected")])
    clock.pass_(seconds=50)
    add_feedback(services, ada, study.id, image, [WRIST])

    said = list_feedback(services, ada, study.id)

    assert len(said) == 3
    assert said[1:] == (other, first)
    added = [entry for entry in services.store.audit.entries(ada.tenant) if entry.event.action == "feedback-added"]
    assert len(added) == 3


def test_a_mark_of_a_finding_takes_its_box(services: Services, ada: Person, study: Study) -> None:
    nearly = replace(WRIST, box_px=(24.9, 31.1, 72.0, 64.4))

    kept = add_feedback(services, ada, study.id, study.images[0].id, [nearly])

    assert kept.marks == (WRIST,)


@pytest.mark.parametrize(
    "said",
    [
        ([], False, " \n", "empty"),
        ([], False, "x" * 4001, "4000"),
        ([], False, "a\x00b", "not text"),
        ([], False, "a\ud800b", "not text"),
        ([WRIST], True, "", "not normal"),
        ([MISSED], True, "", "not normal"),
        ([WRIST, replace(WRIST, answer="rejected")], False, "", "twice"),
        ([MISSED, MISSED], False, "", "twice"),
        ([replace(WRIST, answer="perhaps")], False, "", "Mark 1: the answer"),
        ([WRIST, replace(ELBOW, region="hip")], False, "", "Mark 2: this image has no such finding"),
        ([replace(WRIST, box_px=(24.0, 32.0, 72.0, 65.1))], False, "", "no such finding"),
        ([replace(MISSED, region="tail")], False, "", "elbow, wrist"),
        ([replace(MISSED, region="")], False, "", "region"),
        ([replace(MISSED, box_px=(-0.1, 0.0, 9.0, 9.0))], False, "", "96 × 128"),
        ([replace(MISSED, box_px=(0.0, 0.0, 96.1, 9.0))], False, "", "outside"),
        ([replace(MISSED, box_px=(5.0, 5.0, 5.9, 9.0))], False, "", "one pixel"),
        ([replace(MISSED, box_px=(9.0, 9.0, 5.0, 5.0))], False, "", "one pixel"),
        ([replace(MISSED, box_px=(float("nan"), 0.0, 9.0, 9.0))], False, "", "four numbers"),
        ([replace(MISSED, box_px=(0.0, 0.0, float("inf"), 9.0))], False, "", "four numbers"),
        ([replace(MISSED, box_px=(0.0, 0.0, 9.0, 9.0 + n)) for n in range(101)], False, "", "100"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_in_words(
    services: Services, ada: Person, study: Study, said: tuple[list[Mark], bool, str, str]
) -> None:
    marks, normal, comment, words = said
    with pytest.raises(BadFeedback, match=words) as refusal:
        add_feedback(services, ada, study.id, study.images[0].id, marks, normal=normal, comment=comment)
    assert str(refusal.value).endswith(".")
    assert list_feedback(services, ada, study.id) == ()


def test_someone_elses_study_is_not_found(services: Services, ada: Person, study: Study, account) -> None:
    stranger = account("Eve", tenant="north").person
    with pytest.raises(StudyNotFound):
        add_feedback(services, stranger, study.id, study.images[0].id, [WRIST])
    with pytest.raises(StudyNotFound):
        list_feedback(services, stranger, study.id)
    with pytest.raises(ImageNotFound):
        add_feedback(services, ada, study.id, "none", [WRIST])
    with pytest.raises(ImageNotFound):
        list_feedback(services, ada, study.id, "none")


def test_a_study_deleted_meanwhile_is_not_found(services: Services, ada: Person, study: Study) -> None:
    delete_study(services, ada, study.id)
    with pytest.raises(StudyNotFound):
        add_feedback(services, ada, study.id, study.images[0].id, [WRIST])


@pytest.mark.parametrize("column", ["person", "image"])
def test_an_answer_laid_to_another_reader_or_image_does_not_open(
    services: Services, ada: Person, study: Study, column: str
) -> None:
    add_feedback(services, ada, study.id, study.images[0].id, [WRIST])
    engine = connect(services.settings.database_url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE feedback SET {column} = :other"), {"other": study.images[1].id})
    engine.dispose()

    with pytest.raises(StoredDataDamaged):
        list_feedback(services, ada, study.id)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"null",
        b"{}",
        b"\xff",
        b'{"marks":[{"region":"x","box_px":[1,2],"answer":"missed"}],"normal":0,"comment":""}',
        b'{"marks":[{"region":"x","box_px":[1,2,3,4],"answer":"?"}],"normal":false,"comment":""}',
    ],
)
def test_other_bytes_are_refused_as_damaged(plain: bytes) -> None:
    with pytest.raises(StoredDataDamaged):
        stored_feedback.from_bytes(plain)


def test_times_of_images_and_answers_cannot_be_moved_in_the_database(
    services: Services, ada: Person, study: Study
) -> None:
    add_feedback(services, ada, study.id, study.images[0].id, [], comment="x")
    engine = connect(services.settings.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE feedback SET created_at = '2020-01-01 00:00:00.000000'"))
    with pytest.raises(StoredDataDamaged):
        list_feedback(services, ada, study.id)
    with engine.begin() as connection:
        connection.execute(text("UPDATE images SET created_at = '2020-01-01 00:00:00.000000'"))
    engine.dispose()
    with pytest.raises(StoredDataDamaged):
        show_study.get_study(services, ada, study.id)
