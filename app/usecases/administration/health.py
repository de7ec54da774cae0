"""Check that the application can do its work: at start, and whenever it is asked."""

from collections.abc import Callable
from itertools import islice
from typing import Literal

from app.errors import ConfigError, StoredDataDamaged, Unavailable
from app.services import RecordServices, Services
from app.usecases.administration.sealed_rows import is_genuine

Cause = Literal["database", "originals", "keys", "detector"]

_PROBE = b"probe"
# Keys are checked at start with so many studies; a backup that was put back in part has some that do not open.
_STUDIES_CHECKED = 20


def checks_of(services: Services) -> dict[Cause, Callable[[], bool]]:
    """The check of each part that must work.

    The database must be the file that was opened and take a write, the bucket of originals must take an object, the
    keys must seal and open, and the detector must answer.
    """
    return {
        "database": lambda: _is_writable(services),
        "originals": lambda: _bucket_answers(services),
        "keys": lambda: _keys_work(services),
        "detector": services.detector.ready,
    }


def check_keys(services: RecordServices) -> None:
    """Accept keys that belong to the database.

    Raises:
        ConfigError: MASTER_KEYS opens none of the studies, or SECRET_KEY authenticates none of the people.
    """
    rows = tuple(islice(services.store.studies.wrapped_keys(), _STUDIES_CHECKED))
    if rows and not any(_opens(services, *row) for row in ((row.wrapped_key, row.tenant, row.study) for row in rows)):
        raise ConfigError("MASTER_KEYS does not open the studies of this database. Put its own keys back.")
    people = [row for tenant in services.store.people.tenants() for row in services.store.people.all(tenant.name)]
    if people and not any(is_genuine(services.access_seal, row) for row in people):
        raise ConfigError(
            "SECRET_KEY is not the one of this database: it authenticates none of its people. Put its own back, or run "
            "`flask --app wsgi database migrate` after an upgrade."
        )


def _is_writable(services: Services) -> bool:
    try:
        services.store.ping()
        with services.store.begin() as unit:
            unit.attempts.add((_PROBE,), services.clock())
            unit.attempts.forget(_PROBE)
    except Unavailable:
        return False
    return True


def _bucket_answers(services: Services) -> bool:
    try:
        services.store.objects.ping()
    except Unavailable:
        return False
    return True


def _keys_work(services: Services) -> bool:
    return _opens(services, services.vault.new_study_key("probe", "probe"), "probe", "probe")


def _opens(services: RecordServices, wrapped_key: bytes, tenant: str, study: str) -> bool:
    try:
        services.vault.rewrap(wrapped_key, tenant, study)
    except StoredDataDamaged:
        return False
    return True
