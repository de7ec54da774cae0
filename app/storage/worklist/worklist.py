"""The worklist of every tenant: who has read what, and pages in the order of a blind index."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select, update

from app.errors import StudyNotFound
from app.storage.database import Transactions
from app.storage.page_token import Position, from_token, refused, to_token
from app.storage.rows import ListedRow, WorklistPageRow, WorklistQuery, is_storable
from app.storage.studies.study_rows import hold_study, is_live, is_stored
from app.storage.tables import studies, worklist
from app.storage.worklist.index import Labeller, index_study, listed, set_read, set_unread
from app.storage.worklist.walk import count, walk


class Worklist:
    """The studies of every tenant as work to be done; another tenant's study is not found."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def page(
        self, tenant: str, query: WorklistQuery, limit: int, after: str | None = None, before: str | None = None
    ) -> WorklistPageRow:
        """At most `limit` (1 or more) studies of a query in its order: from the start, `after` or `before` a page.

        Raises:
            BadRequest: `after` is not the `next`, or `before` not the `previous`, of a page of this tenant and query.
        """
        scope = _scope(tenant, query)
        start, end = _position_of(scope, query, after), _position_of(scope, query, before)
        with self._transactions.read() as connection:
            ahead = walk(connection, tenant, query, limit + 1, end, backwards=True) if end else []
            if len(ahead) > limit:
                found, is_first, is_last = ahead[limit - 1 :: -1], False, False
            else:
                # Without a whole page before it this is the first one.
                found = walk(connection, tenant, query, limit + 1, None if end else start)
                is_first, is_last = start is None or end is not None, len(found) <= limit
            found = found[:limit]
            entries = listed(connection, tenant, [one.study for one in found])
        return WorklistPageRow(
            entries,
            next=None if is_last else to_token(scope, found[-1]),
            previous=None if is_first or not found else to_token(scope, found[0]),
        )

    def count(self, tenant: str, query: WorklistQuery, most: int) -> int:
        """The number of studies of a query that is `newest_first`; `most` where there are so many or more."""
        with self._transactions.read() as connection:
            return count(connection, tenant, query, most)

    def following(self, tenant: str, query: WorklistQuery, study_id: str) -> str | None:
        """The id of the study after one; of the first when there is none after it, or it is none of the query's.

        None when the query has no other study.
        """
        with self._transactions.read() as connection:
            position = self._position(connection, tenant, query, study_id)
            found = walk(connection, tenant, query, 1, position) or walk(connection, tenant, query, 1, None)
        return next((one.study for one in found if one.study != study_id), None)

    def get(self, tenant: str, study_id: str) -> ListedRow:
        """A study, whether it is read, and who has read it.

        Raises:
            StudyNotFound: not in this tenant.
        """
        with self._transactions.read() as connection:
            found = listed(connection, tenant, [study_id]) if is_storable(tenant + study_id) else ()
        if not found:
            raise StudyNotFound
        return found[0]

    def begins_with(self, tenant: str, digits: str, most: int) -> tuple[str, ...]:
        """The ids of at most `most` studies whose id begins so; `digits` are lower-case hexadecimal."""
        here = (studies.c.tenant == tenant, studies.c.id >= digits, studies.c.id < digits + "g", is_live())
        with self._transactions.read() as connection:
            query = select(studies.c.id).where(*here).order_by(studies.c.id).limit(most)
            return tuple(connection.execute(query).scalars())

    def mark_read(self, tenant: str, study_id: str, person_id: str, at: datetime, *, label: Labeller | None) -> None:
        """Note that somebody has read a study.

        Raises:
            StudyNotFound: not in this tenant.
        """
        with self._transactions.write() as connection:
            _hold(connection, tenant, study_id)
            set_read(connection, tenant, study_id, person_id, at)
            index_study(connection, tenant, study_id, label)

    def mark_unread(self, tenant: str, study_id: str, person_id: str, *, label: Labeller | None) -> None:
        """Let a study wait to be read, as if `person_id` had never read it.

        Raises:
            StudyNotFound: not in this tenant.
        """
        with self._transactions.write() as connection:
            _hold(connection, tenant, study_id)
            set_unread(connection, tenant, study_id, person_id)
            index_study(connection, tenant, study_id, label)

    def index(self, tenant: str, study_id: str, *, label: Labeller) -> None:
        """Index a study anew.

        Raises:
            StudyNotFound: not in this tenant.
        """
        with self._transactions.write() as connection:
            _hold(connection, tenant, study_id)
            index_study(connection, tenant, study_id, label)

    def index_some(self, tenant: str, fingerprint: bytes, most: int, *, label: Labeller) -> int:
        """Index at most `most` studies that have no rows made with the key of this fingerprint; says how many."""
        with self._transactions.read() as connection:
            if not _not_indexed_by(connection, tenant, fingerprint, 1):
                return 0
        with self._transactions.write() as connection:
            behind = _not_indexed_by(connection, tenant, fingerprint, most, for_update=True)
            live = {row.study.id for row in listed(connection, tenant, behind)}
            for study_id in behind:
                if study_id in live:
                    index_study(connection, tenant, study_id, label)
                else:
                    # It is indexed when it comes back from the bin.
                    up_to_date = update(studies).where(is_stored(tenant, study_id)).values(indexed_by=fingerprint)
                    connection.execute(up_to_date)
        return len(behind)

    def tenants(self) -> tuple[str, ...]:
        """The tenants that have a study."""
        with self._transactions.read() as connection:
            return tuple(connection.execute(select(studies.c.tenant).distinct().order_by(studies.c.tenant)).scalars())

    def _position(self, connection: Connection, tenant: str, query: WorklistQuery, study_id: str) -> Position | None:
        here = (worklist.c.tenant == tenant, worklist.c.study == study_id, worklist.c.facet == query.facet)
        row = connection.execute(select(worklist).where(*here)).one_or_none() if is_storable(study_id) else None
        if row is None or (row.broad_bucket if query.newest_first else row.bucket) not in query.buckets:
            return None
        return Position(row.created_at, row.study, row.bucket)


def _scope(tenant: str, query: WorklistQuery) -> str:
    """Scope that binds a page's token to its tenant and query."""
    return f"{tenant}\x00{hashlib.sha256(repr(query).encode()).hexdigest()}"


def _position_of(scope: str, query: WorklistQuery, token: str | None) -> Position | None:
    position = from_token(scope, token) if token is not None else None
    if position and not query.newest_first and position.bucket not in query.buckets:
        raise refused()
    return position


def _hold(connection: Connection, tenant: str, study_id: str) -> None:
    if not is_storable(tenant + study_id):
        raise StudyNotFound
    hold_study(connection, tenant, study_id)


def _not_indexed_by(
    connection: Connection, tenant: str, fingerprint: bytes, most: int, *, for_update: bool = False
) -> Sequence[str]:
    """Studies without rows of this key, newest first within those without any, and within those of another key.

    Each step is one range of an index, as nearly always there is nothing to find.
    """
    made_by = studies.c.indexed_by
    others: list[ColumnElement[bool]] = [made_by.is_(None)]
    for side, order in ((made_by < fingerprint, made_by.desc()), (made_by > fingerprint, made_by)):
        nearest = select(made_by).where(studies.c.tenant == tenant, side).order_by(order).limit(1)
        other = connection.execute(nearest).scalar_one_or_none()
        others += [] if other is None else [made_by == other]
    found: list[str] = []
    for condition in others:
        query = select(studies.c.id).where(studies.c.tenant == tenant, condition)
        query = query.order_by(studies.c.created_at.desc(), studies.c.id.desc()).limit(most - len(found))
        found += connection.execute(query.with_for_update(skip_locked=True) if for_update else query).scalars()
    return found
