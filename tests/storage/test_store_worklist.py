"""The worklist walks labels that it cannot read, in the order it is told, and is never out of step with the studies."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import text

from app.errors import BadRequest, StudyNotFound
from app.storage import Labeller, Labels, ListedRow, NewFeedback, NewStudy, Store, WorklistQuery, new_id
from app.storage.database import connect
from app.storage.page_token import Position, to_token
from app.storage.worklist.worklist import _scope
from tests.storage.conftest import NOW, new_image, new_study

KEY, OTHER_KEY = b"key no 1", b"key no 2"
FACETS = [bytes([number]) * 16 for number in range(1, 5)]
BUCKETS = tuple(bytes([number]) * 16 for number in (90, 17, 200, 5, 61, 33, 121, 8, 77, 54))
BROAD = tuple(bytes([number]) * 16 for number in (66, 44))
ALL = WorklistQuery(FACETS[0], BUCKETS)
HOUR = timedelta(hours=1)


def always(*facets: bytes, bucket: int = 0, made_by: bytes = KEY) -> Labeller:
    """Labels every study the same."""
    labels = Labels(made_by, (FACETS[0], *facets), BUCKETS[bucket], BROAD[bucket % 2])
    return lambda _: labels


def by_state(row: ListedRow) -> Labels:
    """Labels a study by its state, its number of views and who has read it."""
    readers = tuple(mark.person.encode().ljust(16, b".") for mark in row.marks)
    views = f"{len(row.study.images)} views".encode().ljust(16, b".")
    return Labels(KEY, (FACETS[0], views, *readers), BUCKETS[row.is_read], BROAD[row.is_read])


def added(store: Store, label: Labeller | None, created_at: datetime = NOW, tenant: str = "default") -> NewStudy:
    study = new_study(created_at=created_at)
    store.studies.add(tenant, study, label=label)
    return study


def walked(store: Store, query: WorklistQuery, limit: int = 100, tenant: str = "default") -> list[str]:
    found, after = [], None
    while True:
        page = store.worklist.page(tenant, query, limit, after)
        found += [entry.study.id for entry in page.entries]
        if page.next is None:
            return found
        after = page.next


def count_of(database_url: str, table: str) -> int:
    engine = connect(database_url)
    with engine.connect() as connection:
        counted = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    engine.dispose()
    return int(counted)


@pytest.mark.parametrize("newest_first", [False, True])
def test_every_page_comes_in_order_whatever_is_asked_for(store: Store, newest_first: bool) -> None:
    chance = random.Random(3)
    there: list[tuple[NewStudy, Sequence[bytes], int]] = []
    for _ in range(60):
        facets, bucket = chance.sample(FACETS[1:], chance.randint(0, 3)), chance.choice([0, 1, 2, 3, 4, 9])
        created_at = NOW + HOUR * chance.randint(0, 9)
        there.append((added(store, always(*facets, bucket=bucket), created_at), facets, bucket))
    added(store, always(*FACETS[1:]), tenant="other")

    for facet, also, chosen, since, until in product(
        FACETS[:2],
        [(), (FACETS[2],), (FACETS[2], FACETS[3])],
        [range(10), range(3, 10)],
        [None, NOW + HOUR * 4],
        [None, NOW + HOUR * 7],
    ):
        buckets = tuple(BUCKETS[place] for place in chosen)
        broad = BROAD if len(chosen) == 10 else BROAD[1:]
        query = WorklistQuery(facet, broad if newest_first else buckets, newest_first, since, until, also)
        expected = [
            (study, bucket)
            for study, facets, bucket in there
            if facet in (FACETS[0], *facets)
            and set(also) <= {*facets}
            and (BROAD[bucket % 2] in broad if newest_first else bucket in chosen)
            and (since is None or study.created_at >= since)
            and (until is None or study.created_at < until)
        ]
        expected.sort(key=lambda pair: (pair[0].created_at, pair[0].id), reverse=True)
        if not newest_first:
            expected.sort(key=lambda pair: pair[1])
        assert walked(store, query, 4) == [study.id for study, _ in expected], query


def test_a_page_knows_its_studies_their_state_and_who_has_read_them(store: Store, anna) -> None:
    study = added(store, by_state)
    store.worklist.mark_read("default", study.id, "somebody gone", NOW + HOUR, label=by_state)
    store.worklist.mark_read("default", study.id, anna.id, NOW, label=by_state)

    (entry,) = store.worklist.page("default", ALL, 5).entries

    assert entry == store.worklist.get("default", study.id)
    assert (entry.study.id, entry.study.wrapped_key, len(entry.study.images)) == (study.id, b"wrapped", 1)
    assert entry.is_read
    assert [(mark.person_name, mark.at) for mark in entry.marks] == [("anna", NOW), (None, NOW + HOUR)]


def test_every_change_of_a_study_is_on_the_list_at_once(store: Store) -> None:
    study = added(store, by_state)
    unread, read = replace(ALL, buckets=BUCKETS[:1]), replace(ALL, buckets=BUCKETS[1:2])
    assert (walked(store, unread), walked(store, read)) == ([study.id], [])
    said = NewFeedback(new_id(), study.id, study.images[0].id, "anna", NOW, b"said")
    store.feedback.add("default", said, NOW, is_same=lambda _: False, label=by_state)
    assert (walked(store, unread), walked(store, read)) == ([], [study.id])
    assert walked(store, replace(ALL, facet=b"anna............")) == [study.id]
    store.studies.add_images("default", study.id, [new_image()], label=by_state)
    assert (walked(store, unread), walked(store, read)) == ([study.id], [])
    assert walked(store, replace(ALL, facet=b"2 views.........")) == [study.id]
    assert walked(store, replace(ALL, facet=b"1 views.........")) == []
    store.worklist.mark_read("default", study.id, "bob", NOW, label=by_state)
    store.worklist.mark_unread("default", study.id, "bob", label=by_state)
    assert (walked(store, unread), walked(store, read)) == ([study.id], [])
    assert [mark.person for mark in store.worklist.get("default", study.id).marks] == ["anna"]


def test_a_label_that_fails_undoes_the_change(store: Store) -> None:
    study = added(store, by_state)

    def fail(_: ListedRow) -> Labels:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.worklist.mark_read("default", study.id, "anna", NOW, label=fail)
    with pytest.raises(ZeroDivisionError):
        store.studies.add_images("default", study.id, [new_image()], label=fail)

    entry = store.worklist.get("default", study.id)
    assert (entry.is_read, entry.marks, len(entry.study.images)) == (False, (), 1)
    assert walked(store, ALL) == [study.id]


def test_what_is_deleted_or_purged_leaves_no_row(store: Store, database_url: str) -> None:
    studies = [added(store, always(FACETS[1]), NOW - HOUR * back) for back in range(4)]
    for study in studies:
        store.worklist.mark_read("default", study.id, "anna", NOW, label=always(FACETS[1]))
    store.studies.delete("default", studies[1].id)
    assert len(store.studies.purge_some(NOW - HOUR, 9)) == 2
    assert walked(store, ALL) == [studies[0].id]
    assert (count_of(database_url, "worklist"), count_of(database_url, "read_marks")) == (2, 1)


@pytest.mark.parametrize("wrong", ["none", "\x00", "\ud800"])
def test_a_study_that_is_not_the_tenants_is_not_found(store: Store, wrong: str) -> None:
    theirs = added(store, by_state, tenant="other")
    for tenant, study in (("default", theirs.id), ("default", wrong), (wrong, theirs.id)):
        with pytest.raises(StudyNotFound):
            store.worklist.get(tenant, study)
        with pytest.raises(StudyNotFound):
            store.worklist.mark_read(tenant, study, "anna", NOW, label=by_state)
        with pytest.raises(StudyNotFound):
            store.worklist.mark_unread(tenant, study, "anna", label=by_state)
        with pytest.raises(StudyNotFound):
            store.worklist.index(tenant, study, label=by_state)
    assert store.worklist.following("default", ALL, theirs.id) is None
    assert store.worklist.begins_with("default", theirs.id[:8], 2) == ()
    assert walked(store, ALL) == []
    assert not store.worklist.get("other", theirs.id).is_read


def test_a_token_that_leads_nowhere_is_refused(store: Store) -> None:
    for _ in range(3):
        added(store, by_state)
    scope = _scope("default", ALL)
    token = store.worklist.page("default", ALL, 1).next
    assert token
    made_up = [Position(NOW, "x", b"no such bucket.."), Position(NOW, "x"), Position(NOW, "\x00", BUCKETS[0])]
    for wrong in [token[:-1], "", "A" * 99, *(to_token(scope, position) for position in made_up)]:
        with pytest.raises(BadRequest):
            store.worklist.page("default", ALL, 1, wrong)
    for query in (replace(ALL, facet=FACETS[1]), replace(ALL, since=NOW), replace(ALL, newest_first=True)):
        with pytest.raises(BadRequest):
            store.worklist.page("default", query, 1, token)
    with pytest.raises(BadRequest):
        store.worklist.page("other", ALL, 1, token)


def test_paging_goes_on_after_the_study_it_stopped_at_was_deleted_or_read(store: Store) -> None:
    last, second, first = (added(store, by_state, NOW + HOUR * hours) for hours in range(3))
    token = store.worklist.page("default", ALL, 2).next
    store.studies.delete("default", first.id)
    store.worklist.mark_read("default", second.id, "anna", NOW, label=by_state)
    page = store.worklist.page("default", ALL, 5, token)
    assert [entry.study.id for entry in page.entries] == [last.id, second.id]


def test_the_number_of_a_study_is_found_by_its_beginning(store: Store) -> None:
    for study_id in ("abcdef0100", "abcdef0111", "abcdef02ff"):
        store.studies.add("default", replace(new_study(), id=study_id))
    assert store.worklist.begins_with("default", "abcdef01", 5) == ("abcdef0100", "abcdef0111")
    assert store.worklist.begins_with("default", "abcdef01", 1) == ("abcdef0100",)
    assert store.worklist.begins_with("default", "abcdef02ff", 5) == ("abcdef02ff",)
    assert store.worklist.begins_with("default", "abcdef03", 5) == ()


def test_the_study_after_one_that_is_outside_the_days_asked_for_is_the_first_of_them(store: Store) -> None:
    oldest, older, newer, newest = (added(store, by_state, NOW + HOUR * hours) for hours in range(4))
    for query in (
        replace(ALL, until=NOW + HOUR * 2),
        replace(ALL, buckets=BROAD, newest_first=True, until=newer.created_at),
    ):
        assert store.worklist.following("default", query, newest.id) == older.id
        assert store.worklist.following("default", query, older.id) == oldest.id
        assert store.worklist.following("default", query, oldest.id) == older.id
    since = replace(ALL, since=newer.created_at)
    assert store.worklist.following("default", since, oldest.id) == newest.id
    assert store.worklist.following("default", replace(since, since=newest.created_at), newest.id) is None


def test_studies_without_rows_of_this_key_are_caught_up_newest_first(store: Store) -> None:
    unlabelled = [added(store, None, NOW + HOUR * hours) for hours in range(3)]
    older_key = [added(store, always(made_by=b"key no 0"), NOW + HOUR * hours) for hours in range(2)]
    newer_key = added(store, always(made_by=OTHER_KEY))
    mine = added(store, always())
    added(store, None, tenant="other")

    def some(most: int) -> set[str]:
        before = set(walked(store, ALL))
        done = store.worklist.index_some("default", KEY, most, label=always(bucket=1))
        after = set(walked(store, replace(ALL, buckets=BUCKETS[1:2])))
        assert done <= most
        return after - before

    assert walked(store, replace(ALL, buckets=BUCKETS[1:2])) == []
    assert some(2) == {unlabelled[2].id, unlabelled[1].id}
    assert store.worklist.index_some("default", KEY, 100, label=always(bucket=1)) == 4
    assert store.worklist.index_some("default", KEY, 100, label=always(bucket=1)) == 0
    assert walked(store, replace(ALL, buckets=BUCKETS[:1])) == [mine.id]
    assert len(walked(store, ALL)) == 7
    assert {older_key[0].id, older_key[1].id, newer_key.id} < set(walked(store, ALL))
    assert store.worklist.tenants() == ("default", "other")


def test_what_happens_to_a_study_at_once_leaves_it_listed_once_and_as_it_is(store: Store, database_url: str) -> None:
    study = added(store, by_state)

    def change(number: int) -> None:
        if number % 4 == 0:
            store.studies.add_images("default", study.id, [new_image()], label=by_state)
        elif number % 4 == 1:
            store.worklist.mark_read("default", study.id, f"reader {number}", NOW, label=by_state)
        elif number % 4 == 2:
            store.worklist.mark_unread("default", study.id, f"reader {number}", label=by_state)
        else:
            store.worklist.index_some("default", OTHER_KEY, 5, label=by_state)

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(change, number) for number in range(24)]:
            future.result()

    entry = store.worklist.get("default", study.id)
    labels = by_state(entry)
    assert len(entry.study.images) == 7
    assert walked(store, replace(ALL, facet=b"7 views.........")) == [study.id]
    assert count_of(database_url, "worklist") == len(set(labels.facets))
    assert walked(store, replace(ALL, buckets=(labels.bucket,))) == [study.id]


def test_two_that_catch_up_at_once_do_it_once(store: Store) -> None:
    for _ in range(30):
        added(store, None)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(store.worklist.index_some, "default", KEY, 30, label=always()) for _ in range(4)]
        assert sum(future.result() for future in futures) == 30
    assert len(walked(store, ALL)) == 30


def test_the_number_of_the_last_audit_entry_is_the_tenants_own(store: Store) -> None:
    assert store.audit.last_sequence("default") == 0
    for tenant in ("default", "default", "other"):
        store.audit.append(tenant, NOW, "anna", "study-read", "x", sign=lambda *_: b"mac")
    assert (store.audit.last_sequence("default"), store.audit.last_sequence("other")) == (2, 1)
