"""Sign in by password or one-time link, and sign out; sessions end by themselves, idle or not."""

from dataclasses import dataclass, replace
from datetime import timedelta

from app.access_errors import SecondFactorNeeded
from app.errors import LinkRefused, NotSignedIn, SignInRefused
from app.records import Actor, Person
from app.security import new_token
from app.services import RecordServices
from app.storage import PersonRow, SessionRow, UnitOfWork
from app.usecases import audit
from app.usecases.administration.attempts import CLOCKS_DIFFER, count_attempt, forget_attempts
from app.usecases.administration.sealed_rows import is_genuine, sealed_person, sealed_session

ACTION_OF_METHOD = {
    "password": "signed-in",
    "link": "signed-in-by-link",
    "passkey": "signed-in-by-passkey",
    "single-sign-on": "signed-in-by-single-sign-on",
}
AWAITS_CODE = "second-factor"
CODE_WITHIN = timedelta(minutes=10)
# Noting each request would be a write for each request.
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Origin:
    """How and from where a person signs in, as their list of sessions shows it."""

    method: str
    browser: str = ""
    address: str = ""


def sign_in(
    services: RecordServices, tenant: str, name: str, password: str, address: str = "", *, browser: str = ""
) -> tuple[str, Person]:
    """A session for a name and a password: its token and the person.

    address: of the client, whose attempts are limited. browser: for the list of the person's sessions.

    Raises:
        TooManyAttempts: for this account or from this address.
        SignInRefused: no such person, no password, a wrong one, or disabled; which, is not told, and takes the same
            time.
    """
    count_attempt(services, tenant, name, address)
    row = services.store.people.by_name(tenant, name)
    stored = row.password_hash if row else None
    matches = services.passwords.verify(stored, password)
    if not matches or row is None or stored is None or not may_enter(services, row):
        _record_refusal(services, tenant, row.person if row else None)
        raise SignInRefused
    forget_attempts(services, tenant, name, address)
    newer = services.passwords.hash_again(password) if services.passwords.needs_rehash(stored) else None
    with services.store.begin() as unit:
        if newer is not None:
            unit.people.replace(sealed_person(services.access_seal, replace(row, password_hash=newer)))
        return open_session(services, unit, row, Origin("password", browser, address)), row.person


def sign_in_by_link(
    services: RecordServices, link_token: str, address: str = "", *, browser: str = ""
) -> tuple[str, Person]:
    """A session for a one-time link; the link is used up.

    Raises:
        LinkRefused: used, expired, forged or never made, or its person is disabled.
    """
    with services.store.begin() as unit:
        found = unit.credentials.use_link(services.access_seal.digests("link", link_token), services.clock())
        if found is None or not is_genuine(services.access_seal, found[0]) or not may_enter(services, found[1]):
            raise LinkRefused
        return open_session(services, unit, found[1], Origin("link", browser, address)), found[1].person


def sign_out(services: RecordServices, session_token: str) -> str:
    """End a session; returns how it was begun, "" for one that has ended already."""
    with services.store.begin() as unit:
        found = unit.credentials.session(services.access_seal.digests("session", session_token))
        if found is not None:
            person = found[1].person
            unit.credentials.end_session(person.tenant, person.id, found[0].id)
            audit.record(services, unit, person, "signed-out", person.id)
    return found[0].method if found else ""


def person_of_session(services: RecordServices, session_token: str) -> Person:
    """The person of a session.

    Raises:
        NotSignedIn: as `own_session`.
    """
    return own_session(services, session_token)[1].person


def own_session(
    services: RecordServices, session_token: str, *, is_in_use: bool = True
) -> tuple[SessionRow, PersonRow]:
    """A session and its person.

    is_in_use: the person asked for something; False for what an open page asks by itself, which keeps no session alive.

    Raises:
        NotSignedIn: it has ended, was idle too long, is forged or never was, or its person is disabled.
        SecondFactorNeeded: it awaits a code.
    """
    now = services.clock()
    session, owner = _present_session(services, session_token)
    if session.awaits:
        raise SecondFactorNeeded
    if is_in_use and session.last_seen_at <= now - NOTED_EVERY:
        services.store.credentials.session_seen(session, now)
    return session, owner


def half_session(services: RecordServices, session_token: str) -> tuple[SessionRow, PersonRow]:
    """A session that awaits a code, and its person.

    Raises:
        NotSignedIn: it has ended, is whole, is forged or never was, or its person is disabled.
    """
    session, owner = _present_session(services, session_token)
    if session.awaits != AWAITS_CODE:
        raise NotSignedIn
    return session, owner


def has_ended(services: RecordServices, session: SessionRow) -> bool:
    """Whether a session is over by its age, by idleness, or because a clock that was wrong has made it."""
    now = services.clock()
    is_of_wrong_clock = session.last_seen_at > now + CLOCKS_DIFFER
    return is_of_wrong_clock or session.expires_at <= now or session.last_seen_at <= now - idle_time(services)


def idle_time(services: RecordServices) -> timedelta:
    """How long a session lasts without a request."""
    return timedelta(minutes=min(services.settings.session_idle_minutes, services.settings.session_minutes))


def may_enter(services: RecordServices, row: PersonRow) -> bool:
    """Whether a person is not disabled, and their row is genuine."""
    return row.is_enabled and is_genuine(services.access_seal, row)


def open_session(
    services: RecordServices, unit: UnitOfWork, owner: PersonRow, origin: Origin, *, is_whole: bool = False
) -> str:
    """Keep a new session within a unit of work, and enter it; returns its token.

    is_whole: whatever a second factor is for was shown. Otherwise the session of somebody who has one awaits its code.
    """
    token, now, person = new_token(), services.clock(), owner.person
    awaits = AWAITS_CODE if owner.has_second_factor and not is_whole else ""
    lasts = CODE_WITHIN if awaits else timedelta(minutes=services.settings.session_minutes)
    digest = services.access_seal.digests("session", token)[0]
    row = SessionRow(
        person.tenant, services.new_id(), person.id, digest, now, now + lasts, now, **vars(origin), awaits=awaits
    )
    # Nothing else may run for months: a purge is nobody's duty.
    unit.credentials.purge_sessions(now, now - idle_time(services))
    unit.credentials.add_session(sealed_session(services.access_seal, row))
    action = "first-factor-accepted" if awaits else ACTION_OF_METHOD[origin.method]
    audit.record(services, unit, person, action, person.id)
    return token


def _present_session(services: RecordServices, session_token: str) -> tuple[SessionRow, PersonRow]:
    found = services.store.credentials.session(services.access_seal.digests("session", session_token))
    if found is None or not is_genuine(services.access_seal, found[0]) or not may_enter(services, found[1]):
        raise NotSignedIn
    if has_ended(services, found[0]):
        raise NotSignedIn
    return found


def _record_refusal(services: RecordServices, tenant: str, person: Person | None) -> None:
    """Enter a refused sign-in: under the person whose name was given, or nobody; never the name that was typed."""
    if not services.store.people.has_tenant(tenant):
        return
    with services.store.begin() as unit:
        audit.record(services, unit, person or Actor(tenant, audit.NOBODY), "sign-in-refused", "password")
