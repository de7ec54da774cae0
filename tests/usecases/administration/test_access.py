"""Access is withdrawn at once, and a row that was written without SECRET_KEY lets nobody in."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from app.config import Settings
from app.errors import (
    BadRequest,
    InvalidToken,
    LinkRefused,
    NotFound,
    NotSignedIn,
    RecordForged,
    SignInRefused,
    TenantNotFound,
    TooManyAttempts,
)
from app.records import Actor, Person
from app.services import Services
from app.usecases.administration import attempts, audit_record, people, tokens
from app.usecases.administration import sign_in as sessions
from app.usecases.administration.roles import PERMISSIONS, PERMISSIONS_OF_ROLE, is_allowed
from tests.support.fakes import FakeClock

PASSWORD = "correct horse battery"
ADMIN = Actor("default", "os:test")


@pytest.fixture
def ada(services: Services) -> Person:
    return people.add_person(services, ADMIN, "Ada", "clinician", PASSWORD)


@pytest.fixture
def database(settings: Settings) -> Iterator[sa.Engine]:
    engine = sa.create_engine(settings.database_url)
    yield engine
    engine.dispose()


def run_sql(database: sa.Engine, statement: str, **values: object) -> None:
    with database.begin() as connection:
        assert connection.execute(sa.text(statement), values).rowcount >= 1


@pytest.mark.parametrize("change", ["disable", "role", "password"])
def test_a_change_of_access_ends_sessions_tokens_and_links_at_once(
    services: Services, ada: Person, change: str
) -> None:
    session, _ = sessions.sign_in(services, "default", "Ada", PASSWORD)
    token, link = tokens.add_token(services, ADMIN, "Ada"), people.add_link(services, ADMIN, "Ada")
    if change == "disable":
        people.set_enabled(services, ADMIN, "Ada", False)
    elif change == "role":
        people.set_role(services, ADMIN, "Ada", "reader")
    else:
        people.set_password(services, ADMIN, "Ada", "another horse battery")
    with pytest.raises(NotSignedIn):
        sessions.person_of_session(services, session)
    with pytest.raises(InvalidToken):
        tokens.person_of_token(services, token)
    with pytest.raises(LinkRefused):
        sessions.sign_in_by_link(services, link)


def test_somebody_disabled_signs_in_again_only_once_enabled(services: Services, ada: Person) -> None:
    people.set_enabled(services, ADMIN, "Ada", False)
    link, token = people.add_link(services, ADMIN, "Ada"), tokens.add_token(services, ADMIN, "Ada")
    with pytest.raises(SignInRefused):
        sessions.sign_in(services, "default", "Ada", PASSWORD)
    with pytest.raises(LinkRefused):
        sessions.sign_in_by_link(services, link)
    with pytest.raises(InvalidToken):
        tokens.person_of_token(services, token)
    people.set_enabled(services, ADMIN, "Ada", True)
    assert sessions.sign_in(services, "default", "Ada", PASSWORD)[1] == ada


def test_sessions_end_idle_or_absolutely(services: Services, ada: Person, clock: FakeClock) -> None:
    idle, _ = sessions.sign_in(services, "default", "Ada", PASSWORD)
    used, _ = sessions.sign_in(services, "default", "Ada", PASSWORD)
    for _ in range(9):
        clock.pass_(minutes=services.settings.session_idle_minutes - 10)
        assert sessions.person_of_session(services, used) == ada
    with pytest.raises(NotSignedIn):
        sessions.person_of_session(services, idle)
    clock.pass_(minutes=35)
    with pytest.raises(NotSignedIn):
        sessions.person_of_session(services, used)
    third, _ = sessions.sign_in(services, "default", "Ada", PASSWORD)
    # A sign-in removes what has ended, of every person.
    assert people.end_sessions(services, ADMIN, "Ada") == 1
    with pytest.raises(NotSignedIn):
        sessions.person_of_session(services, third)


@pytest.mark.parametrize("days", [365, -365])
def test_sessions_end_when_the_clock_jumps_a_year_either_way(
    services: Services, ada: Person, clock: FakeClock, days: int
) -> None:
    before, _ = sessions.sign_in(services, "default", "Ada", PASSWORD)
    clock.pass_(days=days)
    with pytest.raises(NotSignedIn):
        sessions.person_of_session(services, before)
    meanwhile, _ = sessions.sign_in(services, "default", "Ada", PASSWORD)
    assert sessions.person_of_session(services, meanwhile) == ada
    clock.pass_(days=-days)
    with pytest.raises(NotSignedIn):
        sessions.person_of_session(services, meanwhile)


def test_attempts_made_while_the_clock_was_a_year_ahead_lock_nobody_out(
    services: Services, ada: Person, clock: FakeClock
) -> None:
    clock.pass_(days=365)
    for _ in range(attempts.MOST_OF_PAIR):
        with pytest.raises(SignInRefused):
            sessions.sign_in(services, "default", "Ada", "wrong horse battery", "10.0.0.1")
    clock.pass_(days=-365)
    sessions.sign_in(services, "default", "Ada", PASSWORD, "10.0.0.1")


def test_a_token_has_scopes_an_end_and_a_last_use(services: Services, ada: Person, clock: FakeClock) -> None:
    token = tokens.add_token(services, ADMIN, "Ada", days=2, scopes=["upload", "view", "view"])
    assert tokens.person_of_token(services, token) == (ada, ("view", "upload"))
    row = tokens.list_tokens(services, "default", "Ada")[0]
    assert (row.scopes, row.last_used_at) == (("view", "upload"), clock())
    clock.pass_(days=2)
    with pytest.raises(InvalidToken):
        tokens.person_of_token(services, token)
    with pytest.raises(BadRequest):
        tokens.add_token(services, ADMIN, "Ada", scopes=["everything"])


def test_a_revoked_token_is_invalid_and_only_in_its_tenant(services: Services, ada: Person) -> None:
    people.add_tenant(services, "os:test", "north")
    token = tokens.add_token(services, ADMIN, "Ada")
    token_id = tokens.list_tokens(services, "default", "Ada")[0].id
    with pytest.raises(NotFound):
        tokens.revoke_token(services, Actor("north", "os:test"), token_id)
    tokens.revoke_token(services, ADMIN, token_id)
    with pytest.raises(InvalidToken):
        tokens.person_of_token(services, token)


def test_a_tenant_that_nobody_made_is_refused_everywhere(services: Services) -> None:
    typo = Actor("defualt", "os:test")
    for act in (
        lambda: people.add_person(services, typo, "Ada", "clinician", None),
        lambda: people.add_link(services, typo, "Ada"),
        lambda: people.set_role(services, typo, "Ada", "admin"),
        lambda: tokens.add_token(services, typo, "Ada"),
        lambda: tokens.list_tokens(services, "defualt", "Ada"),
        lambda: tokens.revoke_token(services, typo, "x"),
        lambda: people.list_people(services, "defualt"),
        lambda: audit_record.broken_entry(services, "defualt"),
        lambda: audit_record.show_audit(services, "defualt"),
    ):
        with pytest.raises(TenantNotFound):
            act()


def test_only_an_admin_may_do_everything_and_no_scope_adds_to_a_role() -> None:
    admin, reader = Person("1", "t", "Ada", "admin"), Person("2", "t", "Bob", "reader")
    assert all(is_allowed(admin, permission) for permission in PERMISSIONS)
    assert not is_allowed(reader, "delete", ("delete", "view"))
    assert is_allowed(reader, "view", ("delete", "view"))
    assert not is_allowed(admin, "delete", ("view",))
    everything_else = set().union(*(found for role, found in PERMISSIONS_OF_ROLE.items() if role != "admin"))
    assert "administer" not in everything_else


FORGERIES = {
    "makes himself admin": "UPDATE people SET role = 'admin' WHERE name = 'Eve'",
    "enables himself": "UPDATE people SET is_enabled = 1, created_at = created_at WHERE name = 'Off'",
    "copies a password hash": "UPDATE people SET password_hash = (SELECT password_hash FROM people WHERE name = 'Eve') "
    "WHERE name = 'Ada'",
    "copies a whole row's seal": "UPDATE people SET mac = (SELECT mac FROM people WHERE name = 'Ada'), role = 'admin' "
    "WHERE name = 'Eve'",
    "empties the seal": "UPDATE people SET mac = x'00' WHERE name = 'Ada'",
}


@pytest.mark.parametrize("statement", FORGERIES.values(), ids=FORGERIES)
def test_a_person_whose_row_was_changed_in_the_database_is_refused(
    services: Services, ada: Person, database: sa.Engine, statement: str
) -> None:
    eve = people.add_person(services, ADMIN, "Eve", "reader", "eves own password")
    people.add_person(services, ADMIN, "Off", "clinician", "offs own password")
    people.set_enabled(services, ADMIN, "Off", False)
    name = statement.rpartition("'")[0].rpartition("'")[2]
    links = {person: people.add_link(services, ADMIN, person) for person in ("Ada", "Eve", "Off")}
    token = tokens.add_token(services, ADMIN, name)

    run_sql(database, statement)

    for password in (PASSWORD, "eves own password", "offs own password"):
        with pytest.raises(SignInRefused):
            sessions.sign_in(services, "default", name, password)
    with pytest.raises(LinkRefused):
        sessions.sign_in_by_link(services, links[name])
    with pytest.raises(InvalidToken):
        tokens.person_of_token(services, token)
    with pytest.raises(RecordForged):
        people.set_password(services, ADMIN, name, "another horse battery")
    genuine = {row.person.name: is_genuine for row, is_genuine in people.list_people(services, "default")}
    assert genuine == {person: person != name for person in ("Ada", eve.name, "Off")}


def test_a_token_session_or_link_that_was_written_into_the_database_lets_nobody_in(
    services: Services, ada: Person, database: sa.Engine
) -> None:
    import hashlib

    eve = people.add_person(services, ADMIN, "Eve", "reader", "eves own password")
    forged = hashlib.sha256(b"guess").digest()
    now = "2026-11-23 09:30:00.000000"
    values = {"person": ada.id, "digest": forged, "at": now, "end": "2027-01-01 00:00:00.000000", "mac": b""}
    run_sql(
        database,
        "INSERT INTO api_tokens VALUES ('default', 'x', :person, :digest, '', :at, NULL, NULL, :mac)",
        **values,
    )
    run_sql(database, "INSERT INTO sign_in_links VALUES ('default', :digest, :person, :end, NULL, :mac)", **values)
    with pytest.raises(InvalidToken):
        tokens.person_of_token(services, "guess")
    with pytest.raises(LinkRefused):
        sessions.sign_in_by_link(services, "guess")

    token = tokens.add_token(services, ADMIN, "Eve", days=1, scopes=["view"])
    session, _ = sessions.sign_in(services, "default", "Eve", "eves own password")
    link = people.add_link(services, ADMIN, "Eve")
    for table in ("api_tokens", "sessions", "sign_in_links"):
        run_sql(database, f"UPDATE {table} SET person = :ada WHERE person = :eve", ada=ada.id, eve=eve.id)
    with pytest.raises(InvalidToken):
        tokens.person_of_token(services, token)
    with pytest.raises(NotSignedIn):
        sessions.person_of_session(services, session)
    with pytest.raises(LinkRefused):
        sessions.sign_in_by_link(services, link)


@pytest.mark.parametrize("change", ["scopes = ''", "expires_at = NULL"])
def test_a_token_cannot_be_widened_in_the_database(
    services: Services, ada: Person, database: sa.Engine, change: str
) -> None:
    token = tokens.add_token(services, ADMIN, "Ada", days=1, scopes=["view"])
    run_sql(database, f"UPDATE api_tokens SET {change}")
    with pytest.raises(InvalidToken):
        tokens.person_of_token(services, token)


def test_attempts_are_limited_for_an_account_from_an_address(services: Services, ada: Person, clock: FakeClock) -> None:
    for _ in range(attempts.MOST_OF_PAIR):
        with pytest.raises(SignInRefused):
            sessions.sign_in(services, "default", "Ada", "guess", "10.0.0.1")
        clock.pass_(seconds=1)
    with pytest.raises(TooManyAttempts) as refused:
        sessions.sign_in(services, "default", "ADA", PASSWORD, "10.0.0.1")
    assert 0 < refused.value.retry_after_s <= attempts.WINDOW.total_seconds()
    # Somebody else's guesses lock nobody out.
    assert sessions.sign_in(services, "default", "Ada", PASSWORD, "10.0.0.2")[1] == ada
    clock.pass_(seconds=refused.value.retry_after_s)
    assert sessions.sign_in(services, "default", "Ada", PASSWORD, "10.0.0.1")[1] == ada


def test_an_account_that_many_addresses_try_is_delayed_by_seconds_and_never_locked(
    services: Services, ada: Person, clock: FakeClock
) -> None:
    for number in range(attempts.MOST_OF_ACCOUNT):
        with pytest.raises(SignInRefused):
            sessions.sign_in(services, "default", "Ada", "guess", f"10.0.1.{number}")
    with pytest.raises(TooManyAttempts) as refused:
        sessions.sign_in(services, "default", "Ada", PASSWORD, "10.0.0.2")
    assert refused.value.retry_after_s <= attempts.ACCOUNT_DELAY.total_seconds()
    clock.pass_(seconds=refused.value.retry_after_s)
    assert sessions.sign_in(services, "default", "Ada", PASSWORD, "10.0.0.2")[1] == ada


def test_an_address_that_tries_many_names_is_limited(services: Services, ada: Person, clock: FakeClock) -> None:
    for number in range(attempts.MOST_OF_ADDRESS):
        with pytest.raises(SignInRefused):
            sessions.sign_in(services, "default", f"name{number}", "guess", "10.0.0.1")
    with pytest.raises(TooManyAttempts):
        sessions.sign_in(services, "default", "Ada", PASSWORD, "10.0.0.1")


def test_the_head_of_the_record_tells_a_record_that_was_cut_emptied_or_rolled_back(
    services: Services, ada: Person, database: sa.Engine
) -> None:
    tokens.add_token(services, ADMIN, "Ada")
    head = audit_record.audit_head(services, "default")
    assert audit_record.Head.parse(str(head)) == head
    people.add_link(services, ADMIN, "Ada")
    assert audit_record.broken_entry(services, "default", head) is None
    assert [entry.event.sequence for entry in audit_record.show_audit(services, "default", 2)] == [2, 3]

    run_sql(database, "DELETE FROM audit WHERE sequence > 1")
    assert audit_record.broken_entry(services, "default") is None
    assert audit_record.broken_entry(services, "default", head) == 2
    run_sql(database, "DELETE FROM audit")
    assert audit_record.broken_entry(services, "default") == 1


@pytest.mark.parametrize("text", ["", "x", "1", "1:zz", "one:00"])
def test_a_head_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        audit_record.Head.parse(text)
