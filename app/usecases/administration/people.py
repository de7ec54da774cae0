"""People of a tenant: add, list, disable and enable them, give them a role, a password or a sign-in link."""

from dataclasses import replace
from datetime import datetime, timedelta

from app.errors import Conflict, NotFound, RecordForged
from app.records import Actor, Person, Role
from app.security import new_token
from app.services import RecordServices
from app.storage import LinkRow, PersonRow, UnitOfWork
from app.usecases import audit
from app.usecases.administration.sealed_rows import is_genuine, sealed_link, sealed_person

LINK_MINUTES = 60


def add_person(services: RecordServices, actor: Actor | Person, name: str, role: Role, password: str | None) -> Person:
    """A new person in the actor's tenant; without a password only a link signs them in.

    Raises:
        TenantNotFound: there is no such tenant. NameTaken: it has a person of this name.
        WeakPassword: shorter than 12 characters, or a common one.
    """
    own_words = (name, actor.tenant)
    password_hash = services.passwords.hash(password, *own_words) if password is not None else None
    person = Person(services.new_id(), actor.tenant, name, role)
    row = PersonRow(person, password_hash, services.clock())
    with services.store.begin() as unit:
        unit.people.add(sealed_person(services.access_seal, row))
        audit.record(services, unit, actor, "person-added", person.id)
    return person


def list_people(services: RecordServices, tenant: str) -> tuple[tuple[PersonRow, bool], ...]:
    """Everybody of a tenant, by name, each with whether the row is genuine.

    Raises:
        TenantNotFound: there is no such tenant.
    """
    services.store.people.check_tenant(tenant)
    return tuple((row, is_genuine(services.access_seal, row)) for row in services.store.people.all(tenant))


def get_person(services: RecordServices, tenant: str, person_id: str) -> tuple[PersonRow, bool]:
    """A person of a tenant, and whether their row is genuine.

    Raises:
        NotFound: no such person.
    """
    row = services.store.people.by_id(tenant, person_id)
    if row is None:
        raise NotFound
    return row, is_genuine(services.access_seal, row)


def set_enabled(services: RecordServices, actor: Actor | Person, name: str, is_enabled: bool) -> None:
    """Let a person sign in again, or no more; disabling ends their sessions, tokens and links at once.

    Raises:
        NotFound: no such person. RecordForged: their row was changed without SECRET_KEY.
        Conflict: it is the actor.
    """
    with services.store.begin() as unit:
        row = _other(services, unit, actor, name)
        _replace(services, unit, replace(row, is_enabled=is_enabled), withdraw=not is_enabled)
        audit.record(services, unit, actor, "person-enabled" if is_enabled else "person-disabled", row.person.id)


def set_role(services: RecordServices, actor: Actor | Person, name: str, role: Role) -> None:
    """Give a person another role, which ends their sessions, tokens and links at once.

    Raises:
        NotFound: no such person. RecordForged: their row was changed without SECRET_KEY.
        Conflict: it is the actor.
    """
    with services.store.begin() as unit:
        row = _other(services, unit, actor, name)
        _replace(services, unit, replace(row, person=replace(row.person, role=role)), withdraw=True)
        audit.record(services, unit, actor, f"role-set-{role}", row.person.id)


def set_password(services: RecordServices, actor: Actor | Person, name: str, password: str) -> None:
    """A new password for a person, which ends their sessions, tokens and links at once.

    Raises:
        NotFound: no such person. RecordForged: their row was changed without SECRET_KEY.
        WeakPassword: shorter than 12 characters, or a common one.
    """
    password_hash = services.passwords.hash(password, name, actor.tenant)
    with services.store.begin() as unit:
        row = genuine_person(services, unit, actor.tenant, name)
        _replace(services, unit, replace(row, password_hash=password_hash), withdraw=True)
        audit.record(services, unit, actor, "password-set", row.person.id)


def add_link(services: RecordServices, actor: Actor | Person, name: str) -> str:
    """A one-time sign-in token for a person, valid for an hour.

    Raises:
        NotFound: no such person. RecordForged: their row was changed without SECRET_KEY.
    """
    token = new_token()
    expires_at = services.clock() + timedelta(minutes=LINK_MINUTES)
    with services.store.begin() as unit:
        person = genuine_person(services, unit, actor.tenant, name).person
        link = LinkRow(actor.tenant, person.id, services.access_seal.digests("link", token)[0], expires_at)
        unit.credentials.add_link(sealed_link(services.access_seal, link))
        audit.record(services, unit, actor, "link-added", person.id)
    return token


def end_sessions(services: RecordServices, actor: Actor | Person, name: str) -> int:
    """End every session of a person; returns how many there were.

    Raises:
        NotFound: no such person.
    """
    with services.store.begin() as unit:
        person = person_named(unit, actor.tenant, name).person
        ended = unit.credentials.end_sessions(actor.tenant, person.id)
        audit.record(services, unit, actor, "sessions-ended", person.id)
    return ended


def add_tenant(services: RecordServices, user: str, name: str) -> None:
    """A new tenant; entered as the first entry of its own audit record.

    Raises:
        NameTaken: there is one of this name.
    """
    with services.store.begin() as unit:
        unit.people.add_tenant(name, services.clock())
        audit.record(services, unit, Actor(name, user), "tenant-added", "tenant")


def list_tenants(services: RecordServices) -> tuple[tuple[str, datetime], ...]:
    """Every tenant and when it was made, by name."""
    return tuple((row.name, row.created_at) for row in services.store.people.tenants())


def person_named(unit: UnitOfWork, tenant: str, name: str) -> PersonRow:
    """The row of a person.

    Raises:
        TenantNotFound: there is no such tenant. NotFound: no such person.
    """
    unit.people.check_tenant(tenant)
    row = unit.people.by_name(tenant, name)
    if row is None:
        raise NotFound("There is no person named %(name)s in tenant %(tenant)s.", name=name, tenant=tenant)
    return row


def genuine_person(services: RecordServices, unit: UnitOfWork, tenant: str, name: str) -> PersonRow:
    """The row of a person.

    Raises:
        NotFound: no such person. RecordForged: the row was changed without SECRET_KEY.
    """
    row = person_named(unit, tenant, name)
    if not is_genuine(services.access_seal, row):
        raise RecordForged
    return row


def _other(services: RecordServices, unit: UnitOfWork, actor: Actor | Person, name: str) -> PersonRow:
    row = genuine_person(services, unit, actor.tenant, name)
    if row.person.id == actor.id:
        raise Conflict("You cannot disable yourself or change your own role. Ask another administrator.")
    return row


def _replace(services: RecordServices, unit: UnitOfWork, row: PersonRow, *, withdraw: bool) -> None:
    unit.people.replace(sealed_person(services.access_seal, row))
    if withdraw:
        unit.credentials.withdraw_all(row.person.tenant, row.person.id)
