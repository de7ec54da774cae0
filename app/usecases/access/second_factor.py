"""Second factor of a person: set up, asked for after the password or link, and removed."""

from dataclasses import dataclass, replace
from datetime import datetime

from app.access_errors import CodeRefused
from app.errors import Forbidden, StoredDataDamaged
from app.records import Actor, Person
from app.security import (
    SecondFactor,
    matching_step,
    new_factor,
    new_recovery_codes,
    provisioning_uri,
    recovery_digest,
    secret_text,
)
from app.services import RecordServices
from app.storage import PersonRow, SessionRow, UnitOfWork
from app.usecases import audit
from app.usecases.access.account import check_present, owner_of
from app.usecases.access.demand import is_demanded
from app.usecases.administration.attempts import count_attempt, forget_attempts
from app.usecases.administration.people import genuine_person
from app.usecases.administration.sealed_rows import sealed_person
from app.usecases.administration.sign_in import Origin, half_session, open_session

# Wrong codes in a row, by somebody who knows the password; from there on only a recovery code is taken.
MOST_FAILURES = 50


@dataclass(frozen=True)
class Offer:
    """A second factor that is not confirmed yet: for the authenticator, and sealed for the form."""

    secret: str
    uri: str
    sealed: str


def offer(services: RecordServices, person: Person, sealed: str = "") -> Offer:
    """A second factor for a person, which is kept once they confirm it by a code.

    sealed: an offer from before, which is made again; a fresh one is made where it is none of this person.
    """
    try:
        factor = _opened_offer(services, person, sealed)
    except CodeRefused:
        factor = new_factor()
        sealed = services.factor_seal.seal("offered", factor, person.tenant, person.id).hex()
    return Offer(secret_text(factor), provisioning_uri(factor, f"{person.name} ({person.tenant})"), sealed)


def enable(services: RecordServices, session: SessionRow, sealed: str, code: str) -> tuple[str, ...]:
    """Keep an offered factor once its code is right; ends other sessions, returns the recovery codes.

    Raises:
        CodeRefused: the code is wrong, or the offer is not to this person. Forbidden: there is a factor already.
        TooManyAttempts: at the code.
    """
    owner = owner_of(services, session)
    person, codes = owner.person, new_recovery_codes()
    if owner.has_second_factor:
        raise Forbidden
    count_attempt(services, person.tenant, _account(person), session.address)
    factor = _opened_offer(services, person, sealed)
    step = matching_step(factor, _plain(code), services.clock())
    if step is None:
        raise CodeRefused
    kept = replace(factor, last_step=step, recovery=tuple(recovery_digest(one) for one in codes))
    with services.store.begin() as unit:
        unit.second_factors.put(person.tenant, person.id, _sealed(services, person, kept))
        unit.people.replace(sealed_person(services.access_seal, replace(owner, has_second_factor=True)))
        unit.credentials.end_sessions(person.tenant, person.id, keep=session.id)
        audit.record(services, unit, person, "second-factor-enabled", person.id)
    forget_attempts(services, person.tenant, _account(person), session.address)
    return codes


def renew_recovery_codes(services: RecordServices, session: SessionRow, present: str) -> tuple[str, ...]:
    """Other recovery codes in place of those that are left.

    Raises:
        WrongPassword: the present password is another one. TooManyAttempts: at it. Forbidden: there is no factor.
    """
    owner = owner_of(services, session)
    person, codes = owner.person, new_recovery_codes()
    check_present(services, session, owner, present)
    with services.store.begin() as unit:
        _, factor = _kept(services, unit, person)
        renewed = replace(factor, recovery=tuple(recovery_digest(one) for one in codes))
        unit.second_factors.put(person.tenant, person.id, _sealed(services, person, renewed))
        audit.record(services, unit, person, "recovery-codes-renewed", person.id)
    return codes


def disable(services: RecordServices, session: SessionRow, present: str) -> None:
    """Do without a second factor; ends other sessions.

    Raises:
        WrongPassword: the present password is another one. TooManyAttempts: at it. Forbidden: it is demanded.
    """
    owner = owner_of(services, session)
    if is_demanded(services, owner.person):
        raise Forbidden
    check_present(services, session, owner, present)
    with services.store.begin() as unit:
        _remove(services, unit, owner)
        unit.credentials.end_sessions(owner.person.tenant, owner.person.id, keep=session.id)
        audit.record(services, unit, owner.person, "second-factor-removed", owner.person.id)


def reset(services: RecordServices, actor: Actor | Person, name: str) -> None:
    """Remove the second factor and passkeys of somebody who lost them; ends their sessions, tokens and links.

    Raises:
        NotFound: no such person. RecordForged: their row was changed without SECRET_KEY.
    """
    with services.store.begin() as unit:
        owner = genuine_person(services, unit, actor.tenant, name)
        _remove(services, unit, owner)
        unit.passkeys.remove_all(owner.person.tenant, owner.person.id)
        unit.credentials.withdraw_all(owner.person.tenant, owner.person.id)
        audit.record(services, unit, actor, "second-factor-removed", owner.person.id)


def confirm(services: RecordServices, session_token: str, code: str) -> tuple[str, Person]:
    """A whole session in place of one that awaits a code, which is used up.

    Raises:
        NotSignedIn: the session awaits none or has ended. TooManyAttempts: at the code.
        CodeRefused: wrong, used or expired.
    """
    half, owner = half_session(services, session_token)
    person = owner.person
    count_attempt(services, person.tenant, _account(person), half.address)
    with services.store.begin() as unit:
        seen, factor = _kept(services, unit, person)
        used = _used(factor, code, services.clock())
        after = used or replace(factor, failures=factor.failures + 1)
        is_first = unit.second_factors.replace(person.tenant, person.id, seen, _sealed(services, person, after))
        if used and is_first:
            unit.credentials.end_session(person.tenant, person.id, half.id)
            token = open_session(services, unit, owner, Origin(half.method, half.browser, half.address), is_whole=True)
        else:
            token = None
            audit.record(services, unit, person, "second-factor-refused", person.id)
    if token is None:
        raise CodeRefused
    forget_attempts(services, person.tenant, _account(person), half.address)
    return token, person


def recovery_codes_left(services: RecordServices, person: Person) -> int:
    """How many recovery codes a person has not used."""
    sealed = services.store.second_factors.get(person.tenant, person.id)
    return len(services.factor_seal.open("kept", sealed, person.tenant, person.id).recovery) if sealed else 0


def _used(factor: SecondFactor, code: str, now: datetime) -> SecondFactor | None:
    """The factor after a code of it was used; None for a code that cannot be."""
    step = matching_step(factor, _plain(code), now) if factor.failures < MOST_FAILURES else None
    if step is not None:
        return replace(factor, last_step=step, failures=0)
    digest = recovery_digest(code)
    if digest not in factor.recovery:
        return None
    return replace(factor, failures=0, recovery=tuple(one for one in factor.recovery if one != digest))


def _kept(services: RecordServices, unit: UnitOfWork, person: Person) -> tuple[bytes, SecondFactor]:
    sealed = unit.second_factors.get(person.tenant, person.id)
    if sealed is None:
        raise Forbidden
    return sealed, services.factor_seal.open("kept", sealed, person.tenant, person.id)


def _remove(services: RecordServices, unit: UnitOfWork, owner: PersonRow) -> None:
    unit.second_factors.remove(owner.person.tenant, owner.person.id)
    unit.people.replace(sealed_person(services.access_seal, replace(owner, has_second_factor=False)))


def _sealed(services: RecordServices, person: Person, factor: SecondFactor) -> bytes:
    return services.factor_seal.seal("kept", factor, person.tenant, person.id)


def _opened_offer(services: RecordServices, person: Person, sealed: str) -> SecondFactor:
    try:
        return services.factor_seal.open("offered", bytes.fromhex(sealed), person.tenant, person.id)
    except (StoredDataDamaged, ValueError):
        raise CodeRefused from None


def _plain(code: str) -> str:
    return code.replace(" ", "")


def _account(person: Person) -> str:
    """The account whose attempts are counted: apart from those at the password, which a right password forgets."""
    return f"code of {person.id}"
