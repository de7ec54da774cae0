"""Tokens, links and sessions let in whom they should, as often and as long as they should."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from app.records import Person
from app.storage import Store, new_id
from tests.storage.conftest import NOW

SOON = NOW + timedelta(minutes=5)
TICK = timedelta(microseconds=1)


def test_a_token_names_its_person_until_it_is_revoked(store: Store, anna: Person) -> None:
    store.credentials.add_token("default", "t1", anna.id, b"digest", NOW)
    assert store.credentials.person_of_token(b"digest") == anna
    assert store.credentials.person_of_token(b"other") is None
    assert [(row.id, row.person, row.created_at) for row in store.credentials.tokens("default")] == [("t1", anna, NOW)]
    assert store.credentials.revoke_token("default", "t1")
    assert store.credentials.person_of_token(b"digest") is None
    assert not store.credentials.revoke_token("default", "t1")


def test_another_tenants_token_is_neither_listed_nor_revoked(store: Store, anna: Person) -> None:
    store.credentials.add_token("default", "t1", anna.id, b"digest", NOW)
    assert store.credentials.tokens("other") == ()
    assert not store.credentials.revoke_token("other", "t1")
    assert store.credentials.person_of_token(b"digest") == anna


def test_people_of_the_same_id_in_two_tenants_are_not_mixed_up(store: Store) -> None:
    for tenant in ("default", "other"):
        store.people.add(tenant, Person("same", tenant, "anna", "clinician"), None, NOW)
        store.credentials.add_token(tenant, new_id(), "same", tenant.encode(), NOW)
        store.credentials.add_session(tenant, "same", tenant.encode(), SOON)
    for tenant in ("default", "other"):
        for person in (
            store.credentials.person_of_token(tenant.encode()),
            store.credentials.person_of_session(tenant.encode(), NOW),
        ):
            assert person is not None
            assert person.tenant == tenant


def test_a_link_lets_in_once(store: Store, anna: Person) -> None:
    store.credentials.add_link("default", anna.id, b"digest", SOON)
    assert store.credentials.consume_link(b"unknown", NOW) is None
    assert store.credentials.consume_link(b"digest", NOW) == anna
    assert store.credentials.consume_link(b"digest", NOW) is None


def test_a_link_that_has_expired_lets_nobody_in(store: Store, anna: Person) -> None:
    store.credentials.add_link("default", anna.id, b"digest", SOON)
    assert store.credentials.consume_link(b"digest", SOON) is None
    assert store.credentials.consume_link(b"digest", SOON - TICK) == anna


def test_of_eight_who_use_a_link_at_once_exactly_one_is_let_in(store: Store, anna: Person) -> None:
    for digest in (bytes([n]) for n in range(5)):
        store.credentials.add_link("default", anna.id, digest, SOON)
        together = Barrier(8)

        def use(digest: bytes = digest, together: Barrier = together) -> Person | None:
            together.wait()
            return store.credentials.consume_link(digest, NOW)

        with ThreadPoolExecutor(8) as pool:
            let_in = [future.result() for future in [pool.submit(use) for _ in range(8)]]
        assert let_in.count(anna) == 1
        assert let_in.count(None) == 7


def test_a_session_lasts_until_it_expires_or_is_ended(store: Store, anna: Person) -> None:
    for digest in (b"one", b"two"):
        store.credentials.add_session("default", anna.id, digest, SOON)
    assert store.credentials.person_of_session(b"one", SOON - TICK) == anna
    assert store.credentials.person_of_session(b"one", SOON) is None
    store.credentials.end_session(b"one")
    store.credentials.end_session(b"one")
    assert store.credentials.person_of_session(b"one", NOW) is None
    assert store.credentials.person_of_session(b"two", NOW) == anna


def test_what_has_expired_is_purged_and_the_rest_stays(store: Store, anna: Person) -> None:
    for digest, expires_at in ((b"old", NOW), (b"new", SOON)):
        store.credentials.add_session("default", anna.id, digest, expires_at)
        store.credentials.add_link("default", anna.id, digest, expires_at)
    assert store.credentials.purge_expired(NOW) == 2
    assert store.credentials.purge_expired(NOW) == 0
    assert store.credentials.person_of_session(b"new", NOW) == anna
    assert store.credentials.consume_link(b"new", NOW) == anna
