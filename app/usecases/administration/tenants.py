"""Tenants made on a page: by an administrator of the first tenant, on purpose, with an administrator of their own."""

from dataclasses import dataclass
from datetime import timedelta

from app.errors import BadRequest, Forbidden
from app.records import Actor, Person
from app.security import new_token
from app.services import RecordServices
from app.storage import LinkRow, PersonRow, TenantRow
from app.usecases import audit
from app.usecases.administration.maintenance import DEFAULT_TENANT
from app.usecases.administration.people import LINK_MINUTES
from app.usecases.administration.sealed_rows import sealed_link, sealed_person


@dataclass(frozen=True)
class NewTenant:
    """A tenant as it was typed twice, and the name of its first administrator."""

    name: str
    again: str
    admin: str


def may_found(person: Person) -> bool:
    """Whether somebody administers the installation: an administrator of the tenant that every installation has."""
    return person.role == "admin" and person.tenant == DEFAULT_TENANT


def all_tenants(services: RecordServices, person: Person) -> tuple[TenantRow, ...]:
    """Every tenant, by name.

    Raises:
        Forbidden: the person does not administer the installation.
    """
    if not may_found(person):
        raise Forbidden
    return services.store.people.tenants()


def found_tenant(services: RecordServices, person: Person, new: NewTenant) -> str:
    """Make a tenant and its first administrator; returns the token of their sign-in link.

    Raises:
        Forbidden: the person does not administer the installation.
        BadRequest: the name was not typed alike twice, or one of the names cannot be stored.
        NameTaken: there is a tenant of this name.
    """
    if not may_found(person):
        raise Forbidden
    if new.name != new.again:
        raise BadRequest("The name of the tenant was not typed alike twice.")
    token, now = new_token(), services.clock()
    admin, founder = Person(services.new_id(), new.name, new.admin, "admin"), Actor(new.name, person.id)
    digest = services.access_seal.digests("link", token)[0]
    link = LinkRow(new.name, admin.id, digest, now + timedelta(minutes=LINK_MINUTES))
    with services.store.begin() as unit:
        unit.people.add_tenant(new.name, now)
        unit.people.add(sealed_person(services.access_seal, PersonRow(admin, None, now)))
        unit.credentials.add_link(sealed_link(services.access_seal, link))
        audit.record(services, unit, founder, "tenant-added", "tenant")
        audit.record(services, unit, founder, "person-added", admin.id)
        audit.record(services, unit, founder, "link-added", admin.id)
        audit.record(services, unit, person, "tenant-added", "tenant")
    return token
