"""People: add them, sign them in and out, and issue the tokens by which a program acts for them."""

from datetime import timedelta

from app.errors import InvalidToken, LinkRefused, NotFound, NotSignedIn, SignInRefused
from app.records import Actor, Person, Role
from app.security import digest, new_token
from app.services import RecordServices
from app.storage import UnitOfWork
from app.usecases import audit

LINK_MINUTES = 60


def sign_in(services: RecordServices, tenant: str, name: str, password: str) -> tuple[str, Person]:
    """A session for a name and a password: its token and the person.

    Raises:
        SignInRefused: no such person, no password, or a wrong one; which, is not told, and takes the same time.
    """
    row = services.store.people.by_name(tenant, name)
    stored = row.password_hash if row else None
    if not services.passwords.verify(stored, password) or row is None or stored is None:
        _record_refusal(services, tenant, row.person if row else None)
        raise SignInRefused
    newer = services.passwords.hash(password) if services.passwords.needs_rehash(stored) else None
    with services.store.begin() as unit:
        if newer is not None:
            unit.people.set_password_hash(tenant, row.person.id, newer)
        return _new_session(services, unit, row.person, "signed-in"), row.person


def sign_in_by_link(services: RecordServices, link_token: str) -> tuple[str, Person]:
    """A session for a one-time link; the link is used up.

    Raises:
        LinkRefused: used, expired or never made.
    """
    with services.store.begin() as unit:
        person = unit.credentials.consume_link(digest(link_token), services.clock())
        if person is None:
            raise LinkRefused
        return _new_session(services, unit, person, "signed-in-by-link"), person


def sign_out(services: RecordServices, session_token: str) -> None:
    """End a session; one that has ended already is no error."""
    with services.store.begin() as unit:
        person = unit.credentials.end_session(digest(session_token))
        if person is not None:
            audit.record(services, unit, person, "signed-out", person.id)


def person_of_session(services: RecordServices, session_token: str) -> Person:
    """The person of a session.

    Raises:
        NotSignedIn: it has ended, or never was.
    """
    person = services.store.credentials.person_of_session(digest(session_token), services.clock())
    if person is None:
        raise NotSignedIn
    return person


def person_of_token(services: RecordServices, api_token: str) -> Person:
    """The person that an API token acts for.

    Raises:
        InvalidToken: never made, or revoked.
    """
    person = services.store.credentials.person_of_token(digest(api_token))
    if person is None:
        raise InvalidToken
    return person


def add_person(services: RecordServices, actor: Actor | Person, name: str, role: Role, password: str | None) -> Person:
    """A new person in the actor's tenant; without a password only a link signs them in.

    Raises:
        NameTaken: the tenant has a person of this name. WeakPassword: shorter than 12 characters.
    """
    password_hash = services.passwords.hash(password) if password is not None else None
    person = Person(services.new_id(), actor.tenant, name, role)
    with services.store.begin() as unit:
        unit.people.add(actor.tenant, person, password_hash, services.clock())
        audit.record(services, unit, actor, "person-added", person.id)
    return person


def set_password(services: RecordServices, actor: Actor | Person, name: str, password: str) -> None:
    """A new password for a person of the actor's tenant.

    Raises:
        NotFound: no such person. WeakPassword: shorter than 12 characters.
    """
    password_hash = services.passwords.hash(password)
    with services.store.begin() as unit:
        person = _named(unit, actor.tenant, name)
        unit.people.set_password_hash(actor.tenant, person.id, password_hash)
        audit.record(services, unit, actor, "password-set", person.id)


def add_token(services: RecordServices, actor: Actor | Person, name: str) -> str:
    """A new API token that acts for a person; only its digest is kept, so it is shown once.

    Raises:
        NotFound: no such person.
    """
    token, token_digest = new_token()
    with services.store.begin() as unit:
        person = _named(unit, actor.tenant, name)
        unit.credentials.add_token(actor.tenant, services.new_id(), person.id, token_digest, services.clock())
        audit.record(services, unit, actor, "token-added", person.id)
    return token


def add_link(services: RecordServices, actor: Actor | Person, name: str) -> str:
    """A one-time sign-in token for a person, valid for an hour.

    Raises:
        NotFound: no such person.
    """
    token, token_digest = new_token()
    expires_at = services.clock() + timedelta(minutes=LINK_MINUTES)
    with services.store.begin() as unit:
        person = _named(unit, actor.tenant, name)
        unit.credentials.add_link(actor.tenant, person.id, token_digest, expires_at)
        audit.record(services, unit, actor, "link-added", person.id)
    return token


def _named(unit: UnitOfWork, tenant: str, name: str) -> Person:
    row = unit.people.by_name(tenant, name)
    if row is None:
        raise NotFound("There is no person named %(name)s in tenant %(tenant)s.", name=name, tenant=tenant)
    return row.person


def _new_session(services: RecordServices, unit: UnitOfWork, person: Person, action: str) -> str:
    token, token_digest = new_token()
    ends_at = services.clock() + timedelta(minutes=services.settings.session_minutes)
    unit.credentials.add_session(person.tenant, person.id, token_digest, ends_at)
    audit.record(services, unit, person, action, person.id)
    return token


def _record_refusal(services: RecordServices, tenant: str, person: Person | None) -> None:
    """Enter a refused sign-in: under the person whose name was given, or nobody; never the name that was typed."""
    with services.store.begin() as unit:
        audit.record(services, unit, person or Actor(tenant, audit.NOBODY), "sign-in-refused", "password")
