"""Own account of a person: password, sessions and API tokens."""

from dataclasses import dataclass, replace
from datetime import timedelta

from app.errors import BadRequest, Forbidden, NotFound, NotSignedIn, WrongPassword
from app.records import Person
from app.services import RecordServices
from app.storage import PersonRow, SessionRow, TokenRow
from app.usecases import audit
from app.usecases.administration.attempts import count_attempt, forget_attempts
from app.usecases.administration.people import LINK_MINUTES
from app.usecases.administration.sealed_rows import is_genuine, sealed_person
from app.usecases.administration.sign_in import has_ended


@dataclass(frozen=True)
class Account:
    """Sessions that have not ended, newest first, and API tokens, oldest first.

    needs_present: the present password is asked for before a new one is taken. may_choose: a new one can be taken.
    """

    needs_present: bool
    may_choose: bool
    sessions: tuple[SessionRow, ...]
    tokens: tuple[TokenRow, ...]


@dataclass(frozen=True)
class NewPassword:
    """A new password as it was typed twice, and the present one; "" where there is none."""

    present: str
    new: str
    again: str


def own_account(services: RecordServices, session: SessionRow) -> Account:
    """The account of the person of a session."""
    owner = owner_of(services, session)
    person, has_password = owner.person, owner.password_hash is not None
    is_by_link = _is_fresh_link(services, session)
    sessions = services.store.credentials.sessions_of(person.tenant, person.id)
    seal = services.access_seal
    return Account(
        has_password and not is_by_link,
        has_password or is_by_link,
        tuple(row for row in sessions if is_genuine(seal, row) and not row.awaits and not has_ended(services, row)),
        tuple(row for row in services.store.credentials.tokens_of(person.tenant, person.id) if is_genuine(seal, row)),
    )


def change_password(services: RecordServices, session: SessionRow, typed: NewPassword) -> None:
    """Give the person of a session another password; their other sessions, tokens and links end at once.

    Within an hour after a sign-in link began the session, the present password is not asked for: it may be lost.

    Raises:
        WrongPassword: the present password is another one. BadRequest: the new ones differ.
        WeakPassword, CommonPassword: the new one cannot be taken. TooManyAttempts: at the present one.
        Forbidden: there is no password, and no link began the session within the hour.
    """
    owner = owner_of(services, session)
    if typed.new != typed.again:
        raise BadRequest("The two new passwords are not the same.")
    check_present(services, session, owner, typed.present)
    person = owner.person
    password_hash = services.passwords.hash(typed.new, person.name, person.tenant)
    with services.store.begin() as unit:
        if unit.people.by_id(person.tenant, person.id) != owner:
            raise WrongPassword
        unit.people.replace(sealed_person(services.access_seal, replace(owner, password_hash=password_hash)))
        unit.credentials.withdraw_all(person.tenant, person.id, keep=session.id)
        audit.record(services, unit, person, "password-changed", person.id)


def end_own_session(services: RecordServices, person: Person, session_id: str) -> None:
    """End one session of a person.

    Raises:
        NotFound: it has ended, or is not theirs.
    """
    with services.store.begin() as unit:
        if not unit.credentials.end_session(person.tenant, person.id, session_id):
            raise NotFound
        audit.record(services, unit, person, "session-ended", session_id)


def end_other_sessions(services: RecordServices, person: Person, session: SessionRow) -> None:
    """End every session of a person but this one."""
    with services.store.begin() as unit:
        unit.credentials.end_sessions(person.tenant, person.id, keep=session.id)
        audit.record(services, unit, person, "other-sessions-ended", person.id)


def revoke_own_token(services: RecordServices, person: Person, token_id: str) -> None:
    """Make an API token of a person invalid at once.

    Raises:
        NotFound: there is none of this id, or it is not theirs.
    """
    with services.store.begin() as unit:
        if not unit.credentials.revoke_token(person.tenant, token_id, person.id):
            raise NotFound
        audit.record(services, unit, person, "token-revoked", token_id)


def owner_of(services: RecordServices, session: SessionRow) -> PersonRow:
    """The person of a session.

    Raises:
        NotSignedIn: they are gone, disabled, or their row was changed without SECRET_KEY.
    """
    owner = services.store.people.by_id(session.tenant, session.person)
    if owner is None or not owner.is_enabled or not is_genuine(services.access_seal, owner):
        raise NotSignedIn
    return owner


def _is_fresh_link(services: RecordServices, session: SessionRow) -> bool:
    return session.method == "link" and services.clock() - session.created_at < timedelta(minutes=LINK_MINUTES)


def check_present(services: RecordServices, session: SessionRow, owner: PersonRow, present: str) -> None:
    """Accept the present password, or a session that a sign-in link has just begun.

    Raises:
        WrongPassword: it is another one. TooManyAttempts: at it.
        Forbidden: there is no password, and no link began the session within the hour.
    """
    person = owner.person
    if _is_fresh_link(services, session):
        return
    if owner.password_hash is None:
        raise Forbidden
    count_attempt(services, person.tenant, person.name, session.address)
    if not services.passwords.verify(owner.password_hash, present):
        with services.store.begin() as unit:
            audit.record(services, unit, person, "password-change-refused", person.id)
        raise WrongPassword
    forget_attempts(services, person.tenant, person.name, session.address)
