"""API tokens: what lets a program act for a person, within scopes and until a day."""

from collections.abc import Collection
from datetime import timedelta

from app.errors import InvalidToken, NotFound
from app.records import Actor, Person
from app.security import new_token
from app.services import RecordServices
from app.storage import TokenRow
from app.usecases import audit
from app.usecases.administration.people import person_named
from app.usecases.administration.roles import checked_scopes
from app.usecases.administration.sealed_rows import is_genuine, sealed_token

# Noting each use would be a write for each request.
NOTED_EVERY = timedelta(minutes=1)


def add_token(
    services: RecordServices,
    actor: Actor | Person,
    name: str,
    *,
    days: int | None = None,
    scopes: Collection[str] = (),
) -> str:
    """A new API token that acts for a person; only its digest is kept, so it is shown once.

    days: after which it is not valid any more; None for no end. scopes: permissions that it is limited to.

    Raises:
        NotFound: no such person. BadRequest: a scope is not a permission.
    """
    token, now = new_token(), services.clock()
    digest = services.access_seal.digests("token", token)[0]
    with services.store.begin() as unit:
        person = person_named(unit, actor.tenant, name).person
        expires_at = now + timedelta(days=days) if days is not None else None
        row = TokenRow(actor.tenant, services.new_id(), person.id, digest, checked_scopes(scopes), now, expires_at)
        unit.credentials.add_token(sealed_token(services.access_seal, row))
        audit.record(services, unit, actor, "token-added", row.id)
    return token


def list_tokens(services: RecordServices, tenant: str, name: str) -> tuple[TokenRow, ...]:
    """The API tokens of a person, oldest first.

    Raises:
        NotFound: no such person.
    """
    with services.store.begin() as unit:
        person = person_named(unit, tenant, name).person
        return unit.credentials.tokens_of(tenant, person.id)


def revoke_token(services: RecordServices, actor: Actor | Person, token_id: str) -> None:
    """Make an API token of the actor's tenant invalid at once.

    Raises:
        NotFound: there is none of this id.
    """
    with services.store.begin() as unit:
        unit.people.check_tenant(actor.tenant)
        if not unit.credentials.revoke_token(actor.tenant, token_id):
            raise NotFound("There is no token of this id.")
        audit.record(services, unit, actor, "token-revoked", token_id)


def person_of_token(services: RecordServices, api_token: str) -> tuple[Person, tuple[str, ...]]:
    """The person that an API token acts for, and the scopes that it is limited to; none for no limit.

    Raises:
        InvalidToken: never made, revoked, expired, forged, or its person is disabled.
    """
    now = services.clock()
    found = services.store.credentials.token(services.access_seal.digests("token", api_token))
    if found is None or not all(is_genuine(services.access_seal, row) for row in found):
        raise InvalidToken
    token, owner = found
    if not owner.is_enabled or (token.expires_at is not None and token.expires_at <= now):
        raise InvalidToken
    if token.last_used_at is None or token.last_used_at <= now - NOTED_EVERY:
        services.store.credentials.token_used(token, now)
    return owner.person, token.scopes
