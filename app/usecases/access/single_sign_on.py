"""Single sign-on: a person whom an identity provider names, in the tenant and with the role that the settings map."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from app.access_errors import SingleSignOnRefused
from app.config import SingleSignOnSettings
from app.errors import BadRequest, Conflict, NameTaken
from app.records import Actor, Person, Role
from app.services import RecordServices
from app.storage import IdentityRow, PersonRow, UnitOfWork
from app.usecases import audit
from app.usecases.administration.people import genuine_person
from app.usecases.administration.sealed_rows import is_genuine, sealed_identity, sealed_person
from app.usecases.administration.sign_in import Origin, may_enter, open_session

METHOD = "single-sign-on"
ANYBODY = "*"
# The actor of what follows from an answer of the identity provider.
PROVIDER = "identity-provider"


@dataclass(frozen=True)
class Claimed:
    """Claims about somebody, as the settings map them; `role` is None where roles are not mapped."""

    subject: str
    name: str
    tenant: str
    role: Role | None


def sign_in_by_claims(
    services: RecordServices, claims: Mapping[str, object], browser: str = "", address: str = ""
) -> tuple[str, Person]:
    """A session for somebody whose claims the identity provider signed.

    Nobody is added unless OIDC_ADD_PEOPLE says so; a role that has changed is set, and ends other sessions and tokens.

    Raises:
        SingleSignOnRefused: of no tenant, of no role, unknown, disabled or forged.
    """
    settings = _settings(services)
    claimed = mapped(settings, claims)
    with services.store.begin() as unit:
        owner = _known(services, unit, settings, claimed) or _added(services, unit, settings, claimed)
        if not may_enter(services, owner):
            raise SingleSignOnRefused
        owner = _with_role(services, unit, owner, claimed.role)
        token = open_session(services, unit, owner, Origin(METHOD, browser, address), is_whole=True)
    return token, owner.person


def connect_identity(services: RecordServices, actor: Actor | Person, name: str, subject: str) -> None:
    """Let a person come in by single sign-on: the provider calls them `subject`.

    Raises:
        NotFound: no such person. RecordForged: their row was changed without SECRET_KEY.
        BadRequest: no subject. Conflict: it is another person's, or single sign-on is not set up.
    """
    if services.settings.single_sign_on is None:
        raise Conflict("Single sign-on is not set up.")
    if not subject.strip():
        raise BadRequest("Give the subject that the identity provider calls this person by.")
    issuer = services.settings.single_sign_on.issuer
    with services.store.begin() as unit:
        person = genuine_person(services, unit, actor.tenant, name).person
        found = unit.identities.find(actor.tenant, issuer, subject.strip())
        if found is not None and found[1].person.id != person.id:
            raise Conflict("This subject is another person's.")
        _put(services, unit, person, issuer, subject.strip())
        audit.record(services, unit, actor, "identity-connected", person.id)


def mapped(settings: SingleSignOnSettings, claims: Mapping[str, object]) -> Claimed:
    """Tenant, role and name of claims.

    Raises:
        SingleSignOnRefused: no rule maps them to a tenant, or there are rules for roles and none fits.
    """
    subject, name = claims.get("sub"), claims.get(settings.name_claim)
    tenant = _first(settings.tenants, _values(claims.get(settings.tenant_claim)))
    role = _first(settings.roles, _values(claims.get(settings.role_claim)))
    if not isinstance(subject, str) or not subject or tenant is None or (settings.roles and role is None):
        raise SingleSignOnRefused
    return Claimed(subject, name if isinstance(name, str) else "", tenant, cast(Role | None, role))


def _known(
    services: RecordServices, unit: UnitOfWork, settings: SingleSignOnSettings, claimed: Claimed
) -> PersonRow | None:
    found = unit.identities.find(claimed.tenant, settings.issuer, claimed.subject)
    if found is None:
        return None
    if not is_genuine(services.access_seal, found[0]):
        raise SingleSignOnRefused
    return found[1]


def _added(services: RecordServices, unit: UnitOfWork, settings: SingleSignOnSettings, claimed: Claimed) -> PersonRow:
    """A new person; never one who has the same name already, as anybody may be called so elsewhere."""
    if not settings.adds_people or claimed.role is None or not unit.people.has_tenant(claimed.tenant):
        raise SingleSignOnRefused
    person = Person(services.new_id(), claimed.tenant, claimed.name, claimed.role)
    row = sealed_person(services.access_seal, PersonRow(person, None, services.clock()))
    try:
        if unit.people.by_name(claimed.tenant, claimed.name) is not None:
            raise SingleSignOnRefused
        unit.people.add(row)
    except (BadRequest, NameTaken):
        raise SingleSignOnRefused from None
    _put(services, unit, person, settings.issuer, claimed.subject)
    audit.record(services, unit, Actor(claimed.tenant, PROVIDER), "person-added", person.id)
    return row


def _with_role(services: RecordServices, unit: UnitOfWork, owner: PersonRow, role: Role | None) -> PersonRow:
    if role is None or owner.person.role == role:
        return owner
    person = replace(owner.person, role=role)
    changed = sealed_person(services.access_seal, replace(owner, person=person))
    unit.people.replace(changed)
    unit.credentials.withdraw_all(person.tenant, person.id)
    audit.record(services, unit, Actor(person.tenant, PROVIDER), f"role-set-{role}", person.id)
    return changed


def _put(services: RecordServices, unit: UnitOfWork, person: Person, issuer: str, subject: str) -> None:
    unit.identities.put(sealed_identity(services.access_seal, IdentityRow(person.tenant, person.id, issuer, subject)))


def _settings(services: RecordServices) -> SingleSignOnSettings:
    if services.settings.single_sign_on is None:
        raise SingleSignOnRefused
    return services.settings.single_sign_on


def _values(claim: object) -> Collection[str]:
    """The values of a claim that is one text, or a list of them."""
    values = claim if isinstance(claim, list | tuple) else (claim,)
    return {value for value in values if isinstance(value, str)}


def _first(rules: Sequence[tuple[str, str]], values: Collection[str]) -> str | None:
    """The result of the first rule whose value is among these, or is for anybody."""
    return next((given for value, given in rules if value in values or value == ANYBODY), None)
