"""Maintain what is stored: rotate keys, keep no longer than agreed, verify the audit chain."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from app.errors import ConfigError, RecordForged
from app.records import Actor
from app.security import KeyFile, new_master_key
from app.services import RecordServices
from app.storage import WrappedKeyRow
from app.usecases import audit
from app.usecases.administration.audit_record import Head, audit_head, broken_entry
from app.usecases.administration.sealed_rows import is_genuine, sealed_identity, sealed_passkey, sealed_person
from app.usecases.administration.sign_in import idle_time
from app.usecases.studies.bin import destroy_some

# The tenant that every installation has; what concerns no tenant alone is entered in its record.
DEFAULT_TENANT = "default"
# Deletions hold SQLite's only write lock: few at a time, so that an upload gets its turn in between.
DELETIONS_AT_ONCE = 20
# Where nobody did anything for so long, a clock that jumped is more likely, and a purge cannot be undone.
LONGEST_SILENCE = timedelta(days=90)


def rotate_keys(services: RecordServices, user: str, make_new: bool = True) -> int:
    """Make a new master key and wrap every study's data key by it; returns how many were wrapped anew.

    The new key is written to the file of the others, so servers that run use it without a restart. Keys that
    come from the variable MASTER_KEYS cannot be written: put the new one there yourself and pass `make_new=False`.
    Sealed images and assessments stay as they are. Older master keys stay in the file, as backups need them.

    user: the actor of the audit entries, of which each study gets one.

    Raises:
        ConfigError: a new key was asked for and cannot be written.
        StoredDataDamaged: no master key opens a study's key; the studies before it are done.
    """
    if make_new:
        _add_key(services, Actor(DEFAULT_TENANT, user))
    return sum(_rewrap(services, row, user) for row in services.store.studies.wrapped_keys())


@dataclass(frozen=True)
class Purged:
    """How many studies were destroyed: older than RETENTION_DAYS, and at the end of their time in the bin."""

    expired: int
    from_bin: int


def purge_expired(services: RecordServices, *, is_clock_right: bool = False) -> Purged:
    """Destroy studies whose time is over, in the bin or out of it, and remove expired sessions, links and tokens.

    Each study is entered in its tenant's audit record as destroyed by the rule, not by a person. Studies under a legal
    hold stay. Without RETENTION_DAYS only those in the bin have a time that ends.

    is_clock_right: purge also where the clock is far ahead of everything that was entered.

    Raises:
        ConfigError: nothing was entered for so long that the clock is more likely wrong; nothing is purged.
    """
    now = services.clock()
    newest = services.store.audit.newest_at()
    if newest is not None and now - newest > LONGEST_SILENCE and not is_clock_right:
        raise ConfigError(
            f"The clock says {now:%Y-%m-%d}, and the last entry of the audit record is of {newest:%Y-%m-%d}. "
            "If the clock is right, run `retention purge --clock-is-right`."
        )
    services.store.credentials.purge_sessions(now, now - idle_time(services))
    services.store.credentials.purge_tokens(now)
    days = services.settings.retention_days
    expired = _until_none(lambda: _purge_some(services, days)) if days else 0
    return Purged(expired, _until_none(lambda: destroy_some(services, DELETIONS_AT_ONCE)))


def verify_audit(services: RecordServices) -> dict[str, int | None]:
    """For each tenant the sequence of the first broken audit entry, or None where the chain holds."""
    return {tenant.name: broken_entry(services, tenant.name) for tenant in services.store.people.tenants()}


def authenticate_again(services: RecordServices, user: str) -> tuple[tuple[str, Head], ...]:
    """Authenticate people and audit records, and seal second factors, by the newest secret of SECRET_KEY.

    Returns each tenant's new audit head.

    Afterwards the older secrets may be removed, which ends the sessions, tokens and links that they issued. Heads that
    were noted before do not match any more: note the new ones.

    Raises:
        RecordForged: a row of a person, or an audit record, is not authentic; nothing of its tenant is changed.
    """
    names = [tenant.name for tenant in services.store.people.tenants()]
    for name in names:
        with services.store.begin() as unit:
            rows = unit.people.all(name)
            is_whole = services.audit_chain.verify(unit.audit.entries(name)) is None
            if not is_whole or not all(is_genuine(services.access_seal, row) for row in rows):
                raise RecordForged
            for row in rows:
                unit.people.replace(sealed_person(services.access_seal, row))
            for person, sealed in unit.second_factors.all(name):
                factor = services.factor_seal.open("kept", sealed, name, person)
                unit.second_factors.put(name, person, services.factor_seal.seal("kept", factor, name, person))
            for passkey in unit.passkeys.all(name):
                if not is_genuine(services.access_seal, passkey):
                    raise RecordForged
                sealed_again = sealed_passkey(services.access_seal, passkey)
                unit.passkeys.replace(sealed_again, passkey.sign_count, passkey.last_used_at)
            for identity in unit.identities.all(name):
                if not is_genuine(services.access_seal, identity):
                    raise RecordForged
                unit.identities.put(sealed_identity(services.access_seal, identity))
            unit.audit.sign_again(name, sign=services.audit_chain.next)
            audit.record(services, unit, Actor(name, user), "secret-key-rotated", "secret-key")
    return tuple((name, audit_head(services, name)) for name in names)


def _until_none(destroy: Callable[[], int]) -> int:
    """Call `destroy` until it finds nothing more; returns the sum."""
    return sum(iter(destroy, 0))


def _add_key(services: RecordServices, actor: Actor) -> None:
    if not isinstance(services.keys, KeyFile):
        raise ConfigError("MASTER_KEYS is not in a file. Put the output of `keys new` before it, and use --no-new.")
    key = new_master_key()
    # Entered first: a key without an entry must not be possible, an entry without a key says that writing failed.
    with services.store.begin() as unit:
        audit.record(services, unit, actor, "master-key-added", key.partition(":")[0])
    services.keys.add_newest(key)


def _rewrap(services: RecordServices, row: WrappedKeyRow, user: str) -> bool:
    newer = services.vault.rewrap(row.wrapped_key, row.tenant, row.study)
    if newer is None:
        return False
    with services.store.begin() as unit:
        is_replaced = unit.studies.replace_wrapped_key(row, newer)
        if is_replaced:
            audit.record(services, unit, Actor(row.tenant, user), "study-key-rewrapped", row.study)
    return is_replaced


def _purge_some(services: RecordServices, days: int) -> int:
    with services.store.begin() as unit:
        purged = unit.studies.purge_some(services.clock() - timedelta(days=days), DELETIONS_AT_ONCE)
        for tenant, study_id in purged:
            audit.record(services, unit, Actor(tenant, audit.RULE), "study-expired", study_id)
    return len(purged)
