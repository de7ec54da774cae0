"""Tokens, links and sessions are found by their digest, end when they should, and belong to one person."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from app.records import Person
from app.storage import LinkRow, PersonRow, SessionRow, Store, TokenRow, new_id
from tests.storage.conftest import NOW

SOON = NOW + timedelta(minutes=5)
TICK = timedelta(microseconds=1)


def token(person: Person, digest: bytes = b"digest", **more: object) -> TokenRow:
    fields = {"scopes": ("view", "upload"), "created_at": NOW, "expires_at": SOON, "mac": b"mac", **more}
    return TokenRow(person.tenant, new_id(), person.id, digest, **fields)  # type: ignore[arg-type]


def session(person: Person, digest: bytes = b"digest", **more: object) -> SessionRow:
    fields = {"created_at": NOW, "expires_at": SOON, "last_seen_at": NOW, "mac": b"mac", **more}
    return SessionRow(person.tenant, new_id(), person.id, digest, **fields)  # type: ignore[arg-type]


def link(person: Person, digest: bytes = b"digest") -> LinkRow:
    return LinkRow(person.tenant, person.id, digest, SOON, b"mac")


def test_a_token_comes_back_with_its_person_until_it_is_revoked(store: Store, anna: Person) -> None:
    row = token(anna)
    store.credentials.add_token(row)
    assert store.credentials.token([b"older", b"digest"]) == (row, PersonRow(anna, "a hash", NOW, mac=b"mac"))
    assert store.credentials.token([b"another"]) is None
    assert store.credentials.tokens_of("default", anna.id) == (row,)
    store.credentials.token_used(row, SOON)
    assert [one.last_used_at for one in store.credentials.tokens_of("default", anna.id)] == [SOON]
    assert not store.credentials.revoke_token("other", row.id)
    assert store.credentials.revoke_token("default", row.id)
    assert store.credentials.token([b"digest"]) is None
    assert not store.credentials.revoke_token("default", row.id)


def test_people_of_the_same_id_in_two_tenants_are_not_mixed_up(store: Store) -> None:
    for tenant in ("default", "other"):
        person = Person("same", tenant, "anna", "clinician")
        store.people.add(PersonRow(person, None, NOW))
        store.credentials.add_token(token(person, tenant.encode()))
        store.credentials.add_session(session(person, tenant.encode()))
    for tenant in ("default", "other"):
        for found in (store.credentials.token([tenant.encode()]), store.credentials.session([tenant.encode()])):
            assert found is not None
            assert found[1].person.tenant == tenant
    assert store.credentials.withdraw_all("default", "same") == 2
    assert store.credentials.session([b"other"]) is not None


def test_a_link_lets_in_once_and_before_it_expires(store: Store, anna: Person) -> None:
    store.credentials.add_link(link(anna))
    assert store.credentials.use_link([b"unknown"], NOW) is None
    assert store.credentials.use_link([b"digest"], SOON) is None
    used = store.credentials.use_link([b"digest"], SOON - TICK)
    assert used is not None
    assert (used[0], used[1].person) == (link(anna), anna)
    assert store.credentials.use_link([b"digest"], NOW) is None


def test_of_eight_who_use_a_link_at_once_exactly_one_is_let_in(store: Store, anna: Person) -> None:
    for digest in (bytes([n]) for n in range(5)):
        store.credentials.add_link(link(anna, digest))
        together = Barrier(8)

        def use(digest: bytes = digest, together: Barrier = together) -> bool:
            together.wait()
            return store.credentials.use_link([digest], NOW) is not None

        with ThreadPoolExecutor(8) as pool:
            let_in = [future.result() for future in [pool.submit(use) for _ in range(8)]]
        assert let_in.count(True) == 1


def test_a_session_lasts_until_it_is_ended_and_only_its_person_ends_it(store: Store, anna: Person) -> None:
    first, second = session(anna, b"one"), session(anna, b"two")
    for row in (first, second):
        store.credentials.add_session(row)
    store.credentials.session_seen(first, SOON)
    found = store.credentials.session([b"one"])
    assert found is not None
    assert found[0].last_seen_at == SOON
    assert not store.credentials.end_session("default", "somebody", first.id)
    assert store.credentials.end_session("default", anna.id, first.id)
    assert store.credentials.session([b"one"]) is None
    assert store.credentials.sessions_of("default", anna.id) == (second,)
    assert store.credentials.end_sessions("default", anna.id) == 1


def test_everything_of_a_person_is_withdrawn_at_once(store: Store, anna: Person) -> None:
    store.credentials.add_token(token(anna))
    store.credentials.add_session(session(anna))
    store.credentials.add_link(link(anna))
    assert store.credentials.withdraw_all("default", anna.id) == 3
    assert store.credentials.token([b"digest"]) is store.credentials.session([b"digest"]) is None
    assert store.credentials.use_link([b"digest"], NOW) is None


def test_expired_and_idle_credentials_are_purged_and_the_rest_stays(store: Store, anna: Person) -> None:
    for digest, expires_at in ((b"old", NOW), (b"new", SOON)):
        store.credentials.add_session(session(anna, digest, expires_at=expires_at, last_seen_at=SOON))
        store.credentials.add_token(token(anna, digest, expires_at=expires_at))
    store.credentials.add_session(session(anna, b"idle", last_seen_at=NOW - TICK))
    store.credentials.add_token(token(anna, b"endless", expires_at=None))
    assert store.credentials.purge_sessions(NOW, NOW - TICK) == 2
    assert store.credentials.purge_sessions(NOW, NOW - TICK) == 0
    assert store.credentials.purge_tokens(NOW) == 1
    assert store.credentials.purge_tokens(NOW) == 0
    for digest in (b"new", b"endless"):
        assert store.credentials.token([digest]) is not None
    assert store.credentials.session([b"new"]) is not None


def test_attempts_are_counted_by_subject_since_a_moment(store: Store) -> None:
    store.attempts.add((b"ada", b"address"), NOW)
    store.attempts.add((b"ada",), SOON)
    assert store.attempts.times(b"ada", NOW - TICK) == (NOW, SOON)
    assert store.attempts.times(b"ada", NOW) == (SOON,)
    assert store.attempts.times(b"bob", NOW - TICK) == ()
    store.attempts.purge(NOW)
    assert store.attempts.times(b"address", NOW - TICK) == ()
    store.attempts.forget(b"ada")
    assert store.attempts.times(b"ada", NOW - TICK) == ()
