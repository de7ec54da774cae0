"""People: who they are, how they sign in, and what lets a program act for them."""

from datetime import timedelta

from app.errors import InvalidToken, LinkRefused, NotFound, NotSignedIn, SignInRefused
from app.records import Person, Role
from app.security import digest, new_token
from app.services import Desk
from app.usecases import audit

LINK_MINUTES = 60


def sign_in(desk: Desk, tenant: str, name: str, password: str) -> tuple[str, Person]:
    """A session for a name and a password: its token and the person.

    Raises:
        SignInRefused: no such person, no password, or a wrong one; which, is not said, and takes the same time.
    """
    row = desk.store.people.by_name(tenant, name)
    stored = row.password_hash if row else None
    if not desk.passwords.verify(stored, password) or row is None or stored is None:
        raise SignInRefused
    if desk.passwords.needs_rehash(stored):
        desk.store.people.set_password_hash(tenant, row.person.id, desk.passwords.hash(password))
    return _new_session(desk, row.person, "signed-in"), row.person


def sign_in_by_link(desk: Desk, link_token: str) -> tuple[str, Person]:
    """A session for a one-time link; the link is used up.

    Raises:
        LinkRefused: used, expired or never made.
    """
    person = desk.store.credentials.consume_link(digest(link_token), desk.clock())
    if person is None:
        raise LinkRefused
    return _new_session(desk, person, "signed-in-by-link"), person


def sign_out(desk: Desk, session_token: str) -> None:
    """End a session; one that has ended already is no error."""
    desk.store.credentials.end_session(digest(session_token))


def person_of_session(desk: Desk, session_token: str) -> Person:
    """Whose session this is.

    Raises:
        NotSignedIn: it has ended, or never was.
    """
    person = desk.store.credentials.person_of_session(digest(session_token), desk.clock())
    if person is None:
        raise NotSignedIn
    return person


def person_of_token(desk: Desk, api_token: str) -> Person:
    """For whom this API token acts.

    Raises:
        InvalidToken: never made, or revoked.
    """
    person = desk.store.credentials.person_of_token(digest(api_token))
    if person is None:
        raise InvalidToken
    return person


def add_person(desk: Desk, tenant: str, name: str, role: Role, password: str | None) -> Person:
    """A new person; without a password only a link signs them in.

    Raises:
        NameTaken: the tenant has a person of this name. WeakPassword: shorter than 12 characters.
    """
    password_hash = desk.passwords.hash(password) if password is not None else None
    person = Person(desk.new_id(), tenant, name, role)
    desk.store.people.add(tenant, person, password_hash, desk.clock())
    audit.record(desk, person, "person-added", person.id)
    return person


def set_password(desk: Desk, tenant: str, name: str, password: str) -> None:
    """A new password for a person.

    Raises:
        NotFound: no such person. WeakPassword: shorter than 12 characters.
    """
    person = _named(desk, tenant, name)
    desk.store.people.set_password_hash(tenant, person.id, desk.passwords.hash(password))
    audit.record(desk, person, "password-set", person.id)


def add_token(desk: Desk, tenant: str, name: str) -> str:
    """A new API token that acts for a person; only its digest is kept, so it is shown once.

    Raises:
        NotFound: no such person.
    """
    person = _named(desk, tenant, name)
    token, token_digest = new_token()
    desk.store.credentials.add_token(tenant, desk.new_id(), person.id, token_digest, desk.clock())
    audit.record(desk, person, "token-added", person.id)
    return token


def add_link(desk: Desk, tenant: str, name: str) -> str:
    """A one-time sign-in token for a person, good for an hour.

    Raises:
        NotFound: no such person.
    """
    person = _named(desk, tenant, name)
    token, token_digest = new_token()
    desk.store.credentials.add_link(tenant, person.id, token_digest, desk.clock() + timedelta(minutes=LINK_MINUTES))
    audit.record(desk, person, "link-added", person.id)
    return token


def _named(desk: Desk, tenant: str, name: str) -> Person:
    row = desk.store.people.by_name(tenant, name)
    if row is None:
        raise NotFound("There is no person named %(name)s in tenant %(tenant)s.", name=name, tenant=tenant)
    return row.person


def _new_session(desk: Desk, person: Person, action: str) -> str:
    token, token_digest = new_token()
    ends_at = desk.clock() + timedelta(minutes=desk.settings.session_minutes)
    desk.store.credentials.add_session(person.tenant, person.id, token_digest, ends_at)
    audit.record(desk, person, action, person.id)
    return token
