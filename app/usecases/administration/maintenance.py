"""Keep house: rotate keys, keep no longer than agreed, verify the audit chain."""

from datetime import timedelta

from app.errors import ConfigError
from app.security import KeyFile
from app.services import Desk
from app.usecases import audit


def rotate_keys(desk: Desk, make_new: bool = True) -> int:
    """Make a new master key and wrap every study's data key by it; how many were wrapped anew.

    The new key is written where the others are read from, so servers that run take it up by themselves. Keys that
    come from the variable MASTER_KEYS cannot be written: put the new one there yourself and pass `make_new=False`.
    Sealed images and readings stay as they are. Older master keys stay in the file, as backups need them.

    Raises:
        ConfigError: a new key was asked for and cannot be written.
        StoredDataDamaged: no master key opens a study's key; the studies before it are done.
    """
    if make_new:
        if not isinstance(desk.keys, KeyFile):
            raise ConfigError("MASTER_KEYS is not in a file. Put the output of `keys new` before it, and use --no-new.")
        desk.keys.add_newest()
    rotated = 0
    for row in desk.store.studies.wrapped_keys():
        newer = desk.vault.rewrap(row.wrapped_key, row.tenant, row.study)
        rotated += newer is not None and desk.store.studies.replace_wrapped_key(row, newer)
    return rotated


def purge_expired(desk: Desk) -> int:
    """Delete studies older than RETENTION_DAYS, and ended sessions and links; how many studies.

    Each is written down in its tenant's audit record as done by the rule, not by a person.

    Raises:
        ConfigError: RETENTION_DAYS is not set, so nothing expires.
    """
    days = desk.settings.retention_days
    if not days:
        raise ConfigError("Set RETENTION_DAYS to the number of days that a study is kept.")
    desk.store.credentials.purge_expired(desk.clock())
    purged = 0
    for tenant, study_id in desk.store.studies.purge(desk.clock() - timedelta(days=days)):
        audit.record_rule(desk, tenant, "study-expired", study_id)
        purged += 1
    return purged


def verify_audit(desk: Desk) -> dict[str, int | None]:
    """For each tenant the sequence of the first broken audit entry, or None where the chain holds."""
    verdicts: dict[str, int | None] = {}
    for tenant in desk.store.audit.tenants():
        broken = desk.audit_chain.verify(desk.store.audit.entries(tenant))
        verdicts[tenant] = None if broken is None else broken + 1
    return verdicts
