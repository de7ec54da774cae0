"""Move originals between database and bucket, and remove objects that no image names."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from app.records import Actor
from app.services import RecordServices
from app.usecases import audit
from app.usecases.administration.maintenance import DEFAULT_TENANT

# Longer than any request between its object and its row.
ORPHANED_AFTER = timedelta(days=1)
_KEYS_AT_ONCE = 500
_MOVED_AT_ONCE = 100


def move_to_bucket(services: RecordServices, user: str) -> int:
    """Move every original that is a row of the database into the bucket; returns how many.

    It may be stopped and started again; the application may serve meanwhile.

    Raises:
        Unavailable: the bucket or the database does not answer; what was moved stays moved.
    """
    _record(services, user, "originals-moved", "to-bucket")
    moves = (services.store.originals.to_bucket(*one) for one in _all(services, in_bucket=False))
    return sum(moves)


def move_to_database(services: RecordServices, user: str) -> int:
    """Move every original that is an object into the database; returns how many, those not counted that are lost.

    Raises:
        Unavailable: as `move_to_bucket`.
    """
    _record(services, user, "originals-moved", "to-database")
    moves = (services.store.originals.to_database(*one) for one in _all(services, in_bucket=True))
    return sum(moves)


def sweep_orphans(services: RecordServices, user: str) -> int:
    """Remove the objects, older than a day, that no image names; returns how many.

    A process that ends between storing an object and its row leaves such an object, and so does a bucket that did not
    answer while a study was deleted. Nobody can open it: its key is in no row.

    Raises:
        Unavailable: the bucket or the database does not answer.
    """
    _record(services, user, "orphans-swept", "originals")
    keys = services.store.objects.older_than(services.clock() - ORPHANED_AFTER)
    removed = 0
    for some in _batches(keys):
        orphans = services.store.originals.orphans(some)
        services.store.objects.remove(orphans)
        removed += len(orphans)
    return removed


def _all(services: RecordServices, *, in_bucket: bool) -> Iterator[tuple[str, str]]:
    after = None
    while some := services.store.originals.some(_MOVED_AT_ONCE, after, in_bucket=in_bucket):
        yield from some
        after = some[-1]


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(keys, _KEYS_AT_ONCE)):
        yield some


def _record(services: RecordServices, user: str, action: str, subject: str) -> None:
    with services.store.begin() as unit:
        audit.record(services, unit, Actor(DEFAULT_TENANT, user), action, subject)
