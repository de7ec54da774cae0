"""The worklist: unread and suspicious first, exactly what the filters ask for, never out of step with the studies."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from app import imaging
from app.errors import BadRequest, StoredDataDamaged, StudyNotFound
from app.records import WORST_FIRST, Mark, Person, Study, Upload
from app.security import BlindIndex, MasterKeys, Vault, new_master_key
from app.services import Services
from app.usecases.administration import maintenance
from app.usecases.feedback.review import add_feedback
from app.usecases.studies import show as show_study
from app.usecases.studies.bin import delete_study
from app.usecases.studies.create import add_images, create_study
from app.usecases.triage import STATES, Filters, score_step, study_score, study_verdict
from app.usecases.worklist.mark_read import mark_read, mark_unread
from app.usecases.worklist.worklist import (
    CAUGHT_UP_A_VISIT,
    Entry,
    get_entry,
    index_all,
    label_of_name,
    list_work,
    next_study,
    studies_numbered,
    version_of,
)
from tests.support.fakes import FakeClock, FakeDetector

PHANTOM = imaging.render_png(imaging.phantom(3, (128, 96)).grey)
WRIST = Mark("wrist", (24.0, 32.0, 72.0, 64.0), "confirmed")

Reader = Callable[..., Study]


@pytest.fixture
def ada(account: Callable[..., object]) -> Person:
    return account("Ada").person  # type: ignore[attr-defined]


@pytest.fixture
def bob(account: Callable[..., object]) -> Person:
    return account("Bob").person  # type: ignore[attr-defined]


@pytest.fixture
def read(services: Services, detector: FakeDetector, clock: FakeClock, ada: Person) -> Reader:
    """Reads a study on which the detector says what it is told: `read(wrist=0.9)`."""

    def create(name: str = "a.png", person: Person = ada, **scores_of: float) -> Study:
        clock.pass_(minutes=1)
        detector.scores_of = scores_of
        return create_study(services, person, [Upload(name, PHANTOM)]).study

    return create


def ids(entries: Sequence[Entry]) -> list[str]:
    return [entry.study.id for entry in entries]


def all_pages(services: Services, person: Person, filters: Filters, limit: int) -> list[str]:
    pages = [list_work(services, person, filters, limit)]
    while after := pages[-1].next:
        assert len(pages[-1].entries) == limit
        pages.append(list_work(services, person, filters, limit, after))
    back = [pages[-1]]
    while before := back[-1].previous:
        back.append(list_work(services, person, filters, limit, before=before))
    assert [ids(page.entries) for page in back[::-1]] == [ids(page.entries) for page in pages]
    return [study for page in pages for study in ids(page.entries)]


def test_unread_comes_before_read_then_the_gravest_then_the_likeliest_then_the_newest(
    services: Services, ada: Person, read: Reader
) -> None:
    none, faint = read(), read(wrist=0.1)
    possible, likelier = read(wrist=0.3), read(elbow=0.5)
    fracture, same_step_newer, sure = read(wrist=0.81), read(wrist=0.8), read(wrist=0.97)
    done = read(wrist=0.99)
    mark_read(services, ada, done.id)

    found = list_work(services, ada, Filters()).entries

    expected = [sure, fracture, same_step_newer, likelier, possible, faint, none, done]
    assert ids(found) == [study.id for study in expected]
    assert [entry.state for entry in found] == ["unread"] * 7 + ["read"]


@pytest.mark.parametrize("newest_first", [False, True])
def test_every_page_of_every_filter_gives_what_a_plain_filter_gives_in_the_promised_order(  # noqa: PLR0917 - fixtures
    services: Services, detector: FakeDetector, clock: FakeClock, ada: Person, bob: Person, newest_first: bool
) -> None:
    chance = random.Random(7)
    for number in range(40):
        clock.pass_(hours=chance.choice([0, 5, 14]))
        detector.scores_of = {
            region: chance.choice([0.1, 0.26, 0.5, 0.61, 0.62, 0.9])
            for region in chance.sample(["wrist", "elbow"], chance.randint(0, 2))
        }
        uploads = [Upload(f"{number % 3}.png", PHANTOM)] * chance.randint(1, 2)
        study = create_study(services, ada, uploads).study
        for person in chance.sample([ada, bob], chance.choice([0, 0, 1, 2])):
            mark_read(services, person, study.id)
        if chance.random() < 0.2:
            add_images(services, ada, study.id, [Upload("late.png", PHANTOM)])
    everything = [get_entry(services, ada, study.id) for study in show_study.list_studies(services, ada, 100).studies]
    assert len(everything) == 40
    days = [None, clock.time.date() - timedelta(days=5)]
    names = [None, "1.png"]

    wanted = 0
    for verdict, region, reader, state, since, until, name in product(
        [None, *WORST_FIRST], [None, "wrist"], [None, bob.id], [None, *STATES], days, days, names
    ):
        named = label_of_name(services, ada, name) if name else None
        filters = Filters(since, until, verdict, region, reader, state, named, newest_first)
        expected = naive(everything, filters, name)
        assert all_pages(services, ada, filters, 7) == ids(by_score(expected, filters)), filters
        wanted += len(expected)
    assert wanted > 500


def naive(everything: Sequence[Entry], filters: Filters, name: str | None) -> list[Entry]:
    """The promise, written a second time without an index."""

    def is_wanted(entry: Entry) -> bool:
        study, day = entry.study, entry.study.created_at.date()
        regions = {finding.region for image in study.images for finding in image.assessment.findings}
        return (
            filters.verdict in (None, study_verdict(study))
            and (filters.region is None or filters.region in regions)
            and (filters.reader is None or filters.reader in {mark.person_id for mark in entry.marks})
            and filters.state in (None, entry.state)
            and (filters.since is None or day >= filters.since)
            and (filters.until is None or day <= filters.until)
            and (name is None or name in {image.name for image in study.images})
        )

    def place(entry: Entry) -> tuple[int, int, int]:
        if filters.newest_first:
            return (0, 0, 0)
        verdict = WORST_FIRST.index(study_verdict(entry.study))
        return (STATES.index(entry.state), verdict, -score_step(study_score(entry.study)))

    found = [entry for entry in everything if is_wanted(entry)]
    found.sort(key=lambda entry: (entry.study.created_at, entry.study.id), reverse=True)
    return sorted(found, key=place)


def by_score(entries: Sequence[Entry], filters: Filters) -> list[Entry]:
    """Pages of seven with each step of 5 % by its true scores."""
    if filters.newest_first:
        return list(entries)

    def place(entry: Entry) -> tuple[int, int, float]:
        verdict = WORST_FIRST.index(study_verdict(entry.study))
        return (STATES.index(entry.state), verdict, -study_score(entry.study))

    pages = [entries[start : start + 7] for start in range(0, len(entries), 7)]
    return [entry for page in pages for entry in sorted(page, key=place)]


def test_someone_elses_studies_are_neither_listed_nor_marked_nor_found(
    services: Services, ada: Person, read: Reader, account
) -> None:
    study = read(wrist=0.9)
    eve = account("Eve", tenant="north").person

    assert list_work(services, eve, Filters()).entries == ()
    assert list_work(services, eve, Filters(reader=ada.id, newest_first=True)).entries == ()
    assert studies_numbered(services, eve, study.id) == ()
    assert next_study(services, eve, Filters(), study.id) is None
    for attempt in (mark_read, mark_unread, get_entry):
        with pytest.raises(StudyNotFound):
            attempt(services, eve, study.id)
    assert get_entry(services, ada, study.id).marks == ()


def test_two_tenants_share_no_label(services: Services, ada: Person, account) -> None:
    eve = account("Eve", tenant="north").person
    assert label_of_name(services, ada, "a.png") != label_of_name(services, eve, "a.png")


def test_a_token_of_another_filter_or_tenant_is_refused(services: Services, ada: Person, read: Reader, account) -> None:
    for _ in range(3):
        read(wrist=0.9)
    token = list_work(services, ada, Filters(), 1).next
    assert token
    for filters in (Filters(state="unread"), Filters(newest_first=True), Filters(until=date(2027, 1, 1))):
        with pytest.raises(BadRequest):
            list_work(services, ada, filters, 1, token)
    with pytest.raises(BadRequest):
        list_work(services, account("Eve", tenant="north").person, Filters(), 1, token)
    with pytest.raises(BadRequest):
        show_study.list_studies(services, ada, 1, token)


def test_an_answer_marks_its_study_as_read_and_a_new_view_makes_it_unread(
    services: Services, ada: Person, bob: Person, read: Reader, clock: FakeClock
) -> None:
    study = read(wrist=0.9)
    add_feedback(services, bob, study.id, study.images[0].id, [WRIST])
    answered_at = clock.time
    entry = get_entry(services, ada, study.id)
    assert (entry.state, [(mark.person_name, mark.at) for mark in entry.marks]) == ("read", [("Bob", answered_at)])

    add_images(services, ada, study.id, [Upload("b.png", PHANTOM)])

    entry = list_work(services, ada, Filters(reader=bob.id)).entries[0]
    assert (entry.state, len(entry.marks), len(entry.study.images)) == ("unread", 1, 2)


def test_unread_takes_back_ones_own_mark_and_leaves_the_others(
    services: Services, ada: Person, bob: Person, read: Reader
) -> None:
    study = read()
    mark_read(services, ada, study.id)
    mark_read(services, bob, study.id)
    mark_read(services, bob, study.id)
    mark_unread(services, ada, study.id)

    entry = get_entry(services, ada, study.id)

    assert (entry.state, [mark.person_name for mark in entry.marks]) == ("unread", ["Bob"])
    assert list_work(services, ada, Filters(reader=ada.id)).entries == ()
    actions = [one.event.action for one in services.store.audit.entries("default")]
    actions = [action for action in actions if not action.endswith("-viewed")]
    assert actions[-4:] == ["study-read", "study-read", "study-read", "study-unread"]


def test_a_file_is_found_by_its_whole_name_whatever_its_capitals(services: Services, ada: Person, read: Reader) -> None:
    study = read(name="Bücker_LINKS.dcm")
    read(name="other.dcm")

    def found(name: str) -> list[str]:
        return ids(list_work(services, ada, Filters(named=label_of_name(services, ada, name))).entries)

    assert found(" bu\u0308cker_links.DCM ") == [study.id]
    assert found("Bücker") == []


def test_a_study_is_found_by_the_first_digits_of_its_number(services: Services, ada: Person, read: Reader) -> None:
    study = read()
    assert studies_numbered(services, ada, f" {study.id[:8].upper()} ") == (study.id,)
    assert studies_numbered(services, ada, study.id) == (study.id,)
    assert studies_numbered(services, ada, study.id[:7]) == ()
    assert studies_numbered(services, ada, "image-1.png") == ()


def test_the_next_study_is_the_one_below_and_begins_again_at_the_end(
    services: Services, ada: Person, read: Reader
) -> None:
    third, second, first = read(), read(wrist=0.3), read(wrist=0.9)
    unread = Filters(state="unread")
    assert next_study(services, ada, unread, first.id) == second.id
    assert next_study(services, ada, unread, third.id) == first.id
    mark_read(services, ada, second.id)
    assert next_study(services, ada, unread, second.id) == first.id
    assert next_study(services, ada, replace(unread, newest_first=True), first.id) == third.id
    assert next_study(services, ada, Filters(state="read"), second.id) is None


def test_whatever_happens_raises_the_version(services: Services, ada: Person, read: Reader) -> None:
    versions = [version_of(services, ada)]
    study = read(wrist=0.9)
    for change in (
        lambda: mark_read(services, ada, study.id),
        lambda: add_feedback(services, ada, study.id, study.images[0].id, [WRIST]),
        lambda: delete_study(services, ada, study.id),
    ):
        versions.append(version_of(services, ada))
        change()
    versions.append(version_of(services, ada))
    assert versions == sorted(set(versions))


def test_studies_of_another_index_key_are_caught_up_some_at_each_visit(
    services: Services, ada: Person, read: Reader
) -> None:
    studies = [read(wrist=0.9) for _ in range(CAUGHT_UP_A_VISIT + 3)]
    mark_read(services, ada, studies[0].id)
    other = replace(services, blind_index=BlindIndex("another secret key", "worklist/v1"))

    first = list_work(other, ada, Filters(), 100)
    second = list_work(other, ada, Filters(), 100)

    assert first.is_behind
    assert not second.is_behind
    # The newest are caught up first.
    assert ids(first.entries) == [study.id for study in reversed(studies[3:])]
    assert len(second.entries) == len(studies)
    assert second.entries[-1].state == "read"
    assert index_all(services, "os:test") == len(studies)
    assert index_all(services, "os:test") == 0
    assert len(list_work(services, ada, Filters(), 100).entries) == len(studies)


def test_a_rotation_of_master_keys_leaves_the_index_alone(services: Services, ada: Person, read: Reader) -> None:
    read(wrist=0.9)
    newer = f"{new_master_key()},{services.settings.master_keys}"
    rotated = replace(services, vault=Vault(MasterKeys.parse(newer)))
    assert maintenance.rotate_keys(rotated, "os:test", make_new=False) == 1
    assert index_all(rotated, "os:test") == 0
    assert len(list_work(rotated, ada, Filters()).entries) == 1


def test_a_study_that_does_not_open_is_named_and_comes_back_with_its_key(
    services: Services, ada: Person, read: Reader
) -> None:
    study = read(wrist=0.9)
    lost = replace(services, vault=Vault(MasterKeys.parse(new_master_key())))

    listed = list_work(lost, ada, Filters())
    assert (listed.entries, listed.damaged) == ((), (study.id,))

    mark_read(lost, ada, study.id)
    listed = list_work(lost, ada, Filters())
    assert (listed.entries, listed.damaged) == ((), (study.id,))
    with pytest.raises(StoredDataDamaged):
        get_entry(lost, ada, study.id)

    listed = list_work(services, ada, Filters())
    assert (ids(listed.entries), listed.damaged) == ([study.id], ())


def test_a_deleted_study_is_off_the_list(services: Services, ada: Person, read: Reader) -> None:
    study, other = read(wrist=0.9), read()
    delete_study(services, ada, study.id)
    assert ids(list_work(services, ada, Filters()).entries) == [other.id]


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_of_no_or_too_many_studies_is_refused(services: Services, ada: Person, limit: int) -> None:
    with pytest.raises(BadRequest):
        list_work(services, ada, Filters(), limit)


def test_a_day_is_included_to_its_last_microsecond(
    services: Services, ada: Person, read: Reader, clock: FakeClock
) -> None:
    clock.time = datetime(2026, 11, 23, 23, 58, 59, 999_999, tzinfo=UTC)
    last = read()
    first_of_next = read()
    assert last.created_at.minute == 59
    day = date(2026, 11, 23)
    assert ids(list_work(services, ada, Filters(until=day)).entries) == [last.id]
    assert ids(list_work(services, ada, Filters(since=day + timedelta(days=1))).entries) == [first_of_next.id]


def test_no_verdict_region_score_or_name_is_on_the_disk(
    services: Services, ada: Person, read: Reader, clock: FakeClock
) -> None:
    study = read(name="Mustermann_Max_1970.dcm", wrist=0.8713)
    add_feedback(services, ada, study.id, study.images[0].id, [WRIST])
    list_work(services, ada, Filters(verdict="fracture", region="wrist", reader=ada.id))

    folder = Path(services.settings.database_url.removeprefix("sqlite:///")).parent
    written = b"".join(path.read_bytes() for path in folder.iterdir() if path.name.startswith("fractures.db"))

    # Labels are there, or the rest of this test would prove nothing.
    assert services.blind_index.label("default", "facet", "wrist", "") in written
    for secret in (b"Mustermann", b"mustermann", b"wrist", b"0.87", b"unread"):
        assert secret not in written
