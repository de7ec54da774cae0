"""Walk the blind index: each step reads one range of an index, however many studies there are."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, literal, select, tuple_, union_all

from app.storage.page_token import Position
from app.storage.rows import WorklistQuery
from app.storage.tables import worklist

_BUCKET_COLUMN = {False: worklist.c.bucket, True: worklist.c.broad_bucket}


def walk(
    connection: Connection,
    tenant: str,
    query: WorklistQuery,
    limit: int,
    after: Position | None,
    *,
    backwards: bool = False,
) -> list[Position]:
    """At most `limit` studies of a query in its order, from the start or from behind a position.

    backwards: in the opposite order, from before the position.
    """
    buckets, at_once = query.buckets[::-1] if backwards else query.buckets, len(query.buckets)
    if not query.newest_first:
        there = set(connection.execute(buckets_of(tenant, query.facet)).scalars())
        start = buckets.index(after.bucket) if after else 0
        buckets, at_once = tuple(bucket for bucket in buckets[start:] if bucket in there), 1
    found: list[Position] = []
    while buckets and len(found) < limit:
        group, buckets = buckets[:at_once], buckets[at_once:]
        rows = in_buckets(tenant, query, group, limit - len(found), after, backwards=backwards)
        for row in connection.execute(rows):
            found.append(Position(row.created_at, row.study, b"" if query.newest_first else group[row.place]))
        # Of a long list the first bucket fills a page; of a short one all buckets are looked through in few steps.
        at_once *= 2
    return found


def buckets_of(tenant: str, facet: bytes) -> Select[Any]:
    """The fine buckets that hold a study of a facet.

    The index is asked for the lowest, then for the next above it, and so on: neither database does so for DISTINCT.
    Source: https://wiki.postgresql.org/wiki/Loose_indexscan
    """
    here = (worklist.c.tenant == tenant, worklist.c.facet == facet)
    lowest = select(worklist.c.bucket).where(*here).order_by(worklist.c.bucket).limit(1)
    there = select(lowest.scalar_subquery().label("bucket")).cte("there", recursive=True)
    above = lowest.where(worklist.c.bucket > there.c.bucket).correlate(there).scalar_subquery()
    there = there.union_all(select(above).where(there.c.bucket.is_not(None)))
    return select(there.c.bucket).where(there.c.bucket.is_not(None))


def count(connection: Connection, tenant: str, query: WorklistQuery, most: int) -> int:
    """The number of studies of a query that is `newest_first`, counted up to `most` of them."""
    counted = in_buckets(tenant, query, query.buckets, most, None).subquery()
    return connection.execute(select(func.count()).select_from(counted)).scalar_one()


def in_buckets(
    tenant: str,
    query: WorklistQuery,
    buckets: Sequence[bytes],
    limit: int,
    after: Position | None,
    *,
    backwards: bool = False,
) -> Select[Any]:
    """The first `limit` studies of some buckets: bucket by bucket, or the newest of the newest of each.

    backwards: the last before a position, the nearest first.
    """
    ranges = []
    for place, bucket in enumerate(buckets):
        position = after if after and (query.newest_first or after.bucket == bucket) else None
        one = in_bucket(tenant, query, bucket, limit, position, backwards=backwards).subquery()
        ranges.append(select(literal(0 if query.newest_first else place).label("place"), one))
    found = union_all(*ranges).subquery()
    order = (found.c.created_at, found.c.study) if backwards else (found.c.created_at.desc(), found.c.study.desc())
    return select(found).order_by(found.c.place, *order).limit(limit)


def in_bucket(
    tenant: str, query: WorklistQuery, bucket: bytes, limit: int, after: Position | None, *, backwards: bool = False
) -> Select[Any]:
    """The newest `limit` studies of one bucket, from behind a position; backwards, the oldest from before it."""
    found = select(worklist.c.created_at, worklist.c.study)
    found = found.where(worklist.c.tenant == tenant, worklist.c.facet == query.facet)
    found = found.where(_BUCKET_COLUMN[query.newest_first] == bucket, *_conditions(tenant, query))
    if backwards:
        return _before(found, query, after).limit(limit)
    # A position that is newer than the range has all of it behind.
    if after is not None and (query.until is None or after.created_at < query.until):
        types = [worklist.c.created_at.type, worklist.c.study.type]
        position = tuple_(after.created_at, after.study, types=types)
        # The first condition says less than the second; it bounds the range also where `since` makes one.
        found = found.where(worklist.c.created_at <= after.created_at)
        found = found.where(tuple_(worklist.c.created_at, worklist.c.study) < position)
    elif query.until is not None:
        found = found.where(worklist.c.created_at < query.until)
    return found.order_by(worklist.c.created_at.desc(), worklist.c.study.desc()).limit(limit)


def _before(found: Select[Any], query: WorklistQuery, position: Position | None) -> Select[Any]:
    if query.until is not None:
        found = found.where(worklist.c.created_at < query.until)
    if position is not None:
        types = [worklist.c.created_at.type, worklist.c.study.type]
        found = found.where(worklist.c.created_at >= position.created_at)
        nearer = tuple_(position.created_at, position.study, types=types)
        found = found.where(tuple_(worklist.c.created_at, worklist.c.study) > nearer)
    return found.order_by(worklist.c.created_at, worklist.c.study)


def _conditions(tenant: str, query: WorklistQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.since is not None:
        conditions.append(worklist.c.created_at >= query.since)
    for facet in query.also:
        other = worklist.alias()
        is_other = (other.c.tenant == tenant, other.c.study == worklist.c.study, other.c.facet == facet)
        conditions.append(exists().where(*is_other))
    return conditions
