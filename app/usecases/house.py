"""Keep house: rotate keys, keep no longer than agreed, verify the audit chain."""

from datetime import timedelta

from app.errors import ConfigError
from app.services import Desk


def rotate_keys(desk: Desk) -> int:
    """Wrap every study's data key by the newest master key; how many were wrapped anew.

    Sealed images and readings stay as they are. Once this has run, older master keys may be taken out of MASTER_KEYS.

    Raises:
        StoredDataDamaged: no master key opens a study's key; the studies before it are done.
    """
    rotated = 0
    for row in desk.store.studies.wrapped_keys():
        newer = desk.vault.rewrap(row.wrapped_key, row.tenant, row.study)
        rotated += newer is not None and desk.store.studies.replace_wrapped_key(row, newer)
    return rotated


def purge_expired(desk: Desk) -> int:
    """Delete studies older than RETENTION_DAYS, and ended sessions and links; how many studies.

    Raises:
        ConfigError: RETENTION_DAYS is not set, so nothing expires.
    """
    days = desk.settings.retention_days
    if not days:
        raise ConfigError("Set RETENTION_DAYS to the number of days that a study is kept.")
    desk.store.credentials.purge_expired(desk.clock())
    return len(desk.store.studies.purge(desk.clock() - timedelta(days=days)))


def verify_audit(desk: Desk) -> dict[str, int | None]:
    """For each tenant the sequence of the first broken audit entry, or None where the chain holds."""
    verdicts: dict[str, int | None] = {}
    for tenant in desk.store.audit.tenants():
        broken = desk.audit_chain.verify(desk.store.audit.entries(tenant))
        verdicts[tenant] = None if broken is None else broken + 1
    return verdicts
