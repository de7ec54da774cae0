"""Give rows that decide access their MAC, and refuse those without the right one."""

import logging
from collections.abc import Callable
from dataclasses import replace

from app.security import AccessSeal
from app.services import RecordServices
from app.storage import IdentityRow, LinkRow, PasskeyRow, PersonRow, SessionRow, TokenRow, UnitOfWork

log = logging.getLogger(__name__)


def sealed_person(seal: AccessSeal, row: PersonRow) -> PersonRow:
    """The row with its MAC."""
    return replace(row, mac=seal.mac("person", *_of_person(row)))


def sealed_token(seal: AccessSeal, row: TokenRow) -> TokenRow:
    """The row with its MAC."""
    return replace(row, mac=seal.mac("token", *_of_token(row)))


def sealed_link(seal: AccessSeal, row: LinkRow) -> LinkRow:
    """The row with its MAC."""
    return replace(row, mac=seal.mac("link", *_of_link(row)))


def sealed_session(seal: AccessSeal, row: SessionRow) -> SessionRow:
    """The row with its MAC."""
    return replace(row, mac=seal.mac("session", *_of_session(row)))


def sealed_passkey(seal: AccessSeal, row: PasskeyRow) -> PasskeyRow:
    """The row with its MAC."""
    return replace(row, mac=seal.mac("passkey", *_of_passkey(row)))


def sealed_identity(seal: AccessSeal, row: IdentityRow) -> IdentityRow:
    """The row with its MAC."""
    return replace(row, mac=seal.mac("identity", row.tenant, row.person, row.issuer, row.subject))


def is_genuine(seal: AccessSeal, row: PersonRow | TokenRow | LinkRow | SessionRow | PasskeyRow | IdentityRow) -> bool:
    """Whether a row carries its MAC; one that does not was written without SECRET_KEY, which is logged."""
    if isinstance(row, PersonRow):
        found = seal.verify(row.mac, "person", *_of_person(row))
    elif isinstance(row, TokenRow):
        found = seal.verify(row.mac, "token", *_of_token(row))
    elif isinstance(row, LinkRow):
        found = seal.verify(row.mac, "link", *_of_link(row))
    elif isinstance(row, PasskeyRow):
        found = seal.verify(row.mac, "passkey", *_of_passkey(row))
    elif isinstance(row, IdentityRow):
        found = seal.verify(row.mac, "identity", row.tenant, row.person, row.issuer, row.subject)
    else:
        found = seal.verify(row.mac, "session", *_of_session(row))
    if not found:
        log.error("a row of %s was changed without SECRET_KEY and is refused", type(row).__name__)
    return found


def seal_all_people(services: RecordServices, unit: UnitOfWork, accept: Callable[[PersonRow], bool]) -> int:
    """Seal the rows of people of every tenant anew that `accept` takes; returns how many."""
    rows = [row for tenant in unit.people.tenants() for row in unit.people.all(tenant.name) if accept(row)]
    for row in rows:
        unit.people.replace(sealed_person(services.access_seal, row))
    return len(rows)


def _of_person(row: PersonRow) -> tuple[object, ...]:
    person = row.person
    # Only where there is one, so that rows from before second factors stay authentic.
    factor = ("second-factor",) if row.has_second_factor else ()
    identity = (person.tenant, person.id, person.name, person.role)
    return *identity, row.is_enabled, row.password_hash, row.created_at, *factor


def _of_token(row: TokenRow) -> tuple[object, ...]:
    return row.tenant, row.id, row.person, row.digest, " ".join(row.scopes), row.created_at, row.expires_at


def _of_link(row: LinkRow) -> tuple[object, ...]:
    return row.tenant, row.person, row.digest, row.expires_at


def _of_passkey(row: PasskeyRow) -> tuple[object, ...]:
    keys = (row.credential, row.public_key, row.sign_count)
    return row.tenant, row.id, row.person, *keys, row.label, row.created_at


def _of_session(row: SessionRow) -> tuple[object, ...]:
    origin = (row.method, row.browser, row.address, row.awaits)
    return row.tenant, row.id, row.person, row.digest, row.created_at, row.expires_at, *origin
