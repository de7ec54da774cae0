"""Passkeys of a person: added, used to sign in, and removed."""

from dataclasses import dataclass, replace
from datetime import datetime

from app.access_errors import PasskeyRefused
from app.errors import BadRequest, Forbidden, NotFound
from app.records import Person
from app.security import NewCredential, Site, creation_options, credential_id, verify_creation, verify_request
from app.services import RecordServices
from app.storage import PasskeyRow, PersonRow, SessionRow, UnitOfWork
from app.usecases import audit
from app.usecases.access.account import check_present, owner_of
from app.usecases.administration.attempts import WINDOW
from app.usecases.administration.sealed_rows import is_genuine, sealed_passkey
from app.usecases.administration.sign_in import Origin, may_enter, open_session

MOST_PASSKEYS = 20
LONGEST_LABEL = 60


@dataclass(frozen=True)
class Challenge:
    """A challenge that a browser was given, at which moment, and by which site."""

    site: Site
    value: bytes
    given_at: datetime


def own_passkeys(services: RecordServices, person: Person) -> tuple[PasskeyRow, ...]:
    """The passkeys of a person, oldest first."""
    rows = services.store.passkeys.of_person(person.tenant, person.id)
    return tuple(row for row in rows if is_genuine(services.access_seal, row))


def options_to_add(services: RecordServices, person: Person, challenge: Challenge) -> str:
    """Options for the browser to make a passkey, as JSON."""
    known = [row.credential for row in own_passkeys(services, person)]
    return creation_options(challenge.site, challenge.value, (person.id.encode(), person.name), known)


def add_passkey(
    services: RecordServices, session: SessionRow, challenge: Challenge, credential: str, *, label: str, present: str
) -> None:
    """Keep a passkey that the person's browser has made.

    present: the present password, where there is one.

    Raises:
        WrongPassword: it is another one. TooManyAttempts: at it. PasskeyRefused: it does not answer the challenge.
        BadRequest: no label, a long one, or too many passkeys. Forbidden: another system signs the person in.
    """
    owner = owner_of(services, session)
    person, text = owner.person, " ".join(label.split())
    if session.method == "single-sign-on":
        raise Forbidden
    if not 0 < len(text) <= LONGEST_LABEL or not text.isprintable():
        raise BadRequest("Give the passkey a name of 1 to %(most)s characters.", most=LONGEST_LABEL)
    if len(own_passkeys(services, person)) >= MOST_PASSKEYS:
        raise BadRequest("There are %(most)s passkeys already. Remove one first.", most=MOST_PASSKEYS)
    if owner.password_hash is not None:
        check_present(services, session, owner, present)
    made = verify_creation(challenge.site, challenge.value, credential)
    now = services.clock()
    keys = (made.id, made.public_key, made.sign_count)
    row = PasskeyRow(person.tenant, services.new_id(), person.id, *keys, text, now)
    with services.store.begin() as unit:
        _use_up(services, unit, challenge)
        if unit.passkeys.by_credential(made.id) is not None:
            raise PasskeyRefused
        unit.passkeys.add(sealed_passkey(services.access_seal, row))
        audit.record(services, unit, person, "passkey-added", row.id)


def remove_passkey(services: RecordServices, person: Person, passkey_id: str) -> None:
    """Remove a passkey of a person.

    Raises:
        NotFound: there is none of this id, or it is not theirs.
    """
    with services.store.begin() as unit:
        if not unit.passkeys.remove(person.tenant, person.id, passkey_id):
            raise NotFound
        audit.record(services, unit, person, "passkey-removed", passkey_id)


def sign_in_by_passkey(
    services: RecordServices, challenge: Challenge, credential: str, browser: str = "", address: str = ""
) -> tuple[str, Person]:
    """A session for a passkey that signed a challenge; it is two factors by itself.

    Raises:
        PasskeyRefused: unknown, forged, of a disabled person, or its signature does not fit.
    """
    found = services.store.passkeys.by_credential(credential_id(credential))
    if found is None or not is_genuine(services.access_seal, found[0]) or not may_enter(services, found[1]):
        raise PasskeyRefused
    row, owner = found
    known = NewCredential(row.credential, row.public_key, row.sign_count)
    try:
        count = verify_request(challenge.site, challenge.value, credential, known)
    except PasskeyRefused:
        _record_refusal(services, owner)
        raise
    counted = sealed_passkey(services.access_seal, replace(row, sign_count=count))
    with services.store.begin() as unit:
        _use_up(services, unit, challenge)
        if not unit.passkeys.replace(counted, row.sign_count, services.clock()):
            raise PasskeyRefused
        origin = Origin("passkey", browser, address)
        return open_session(services, unit, owner, origin, is_whole=True), owner.person


def _use_up(services: RecordServices, unit: UnitOfWork, challenge: Challenge) -> None:
    """Refuse a challenge that is old or was answered before; answers are remembered as long as a challenge lasts."""
    subject = services.access_seal.digests("attempt", f"challenge {challenge.value.hex()}")[0]
    now = services.clock()
    if challenge.given_at <= now - WINDOW or unit.attempts.times(subject, now - WINDOW):
        raise PasskeyRefused
    unit.attempts.add((subject,), now)


def _record_refusal(services: RecordServices, owner: PersonRow) -> None:
    with services.store.begin() as unit:
        audit.record(services, unit, owner.person, "sign-in-refused", "passkey")
