"""The bin: studies that were deleted and can be brought back, until they are destroyed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, select, tuple_, update

from app.errors import StudyHeld, StudyNotFound
from app.storage.columns import is_among
from app.storage.database import Transactions
from app.storage.page_token import Position, from_token, to_token
from app.storage.rows import StudyRow, is_storable
from app.storage.studies.originals import objects_of
from app.storage.studies.study_rows import hold_study, is_live, is_stored, is_study, with_images
from app.storage.tables import idempotency, people, studies, worklist
from app.storage.worklist.index import Labeller, index_study


@dataclass(frozen=True)
class BinnedRow:
    """A study in the bin: who put it there, and when; `person_name` is None when they are no longer there."""

    study: StudyRow
    deleted_at: datetime
    deleted_by: str
    person_name: str | None
    is_held: bool


@dataclass(frozen=True)
class BinPageRow:
    """Some studies in the bin, last deleted first; `next` as in `StudyPageRow`."""

    entries: tuple[BinnedRow, ...]
    next: str | None


class Bin:
    """The deleted studies of every tenant; no other repository finds them, and another tenant's are not found."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def put(self, tenant: str, study_id: str, person_id: str, at: datetime) -> None:
        """Move a study into the bin: off the worklist, and forgotten by requests that may be repeated.

        Raises:
            StudyNotFound: not in this tenant, or in the bin already. StudyHeld: it is under a legal hold.
        """
        _check_ids(tenant, study_id)
        with self._transactions.write() as connection:
            hold_study(connection, tenant, study_id)
            here = is_study(tenant, study_id)
            if connection.execute(select(studies.c.is_held).where(here)).scalar_one():
                raise StudyHeld
            for table in (worklist, idempotency):
                connection.execute(delete(table).where(table.c.tenant == tenant, table.c.study == study_id))
            connection.execute(update(studies).where(here).values(deleted_at=at, deleted_by=person_id))

    def restore(self, tenant: str, study_id: str, *, label: Labeller | None = None) -> None:
        """Bring a study back from the bin.

        Raises:
            StudyNotFound: not in the bin of this tenant.
        """
        _check_ids(tenant, study_id)
        change = update(studies).where(is_stored(tenant, study_id), ~is_live())
        with self._transactions.write() as connection:
            if connection.execute(change.values(deleted_at=None, deleted_by=None)).rowcount != 1:
                raise StudyNotFound
            index_study(connection, tenant, study_id, label)

    def deleted_at(self, tenant: str, person_id: str, at: datetime) -> tuple[str, ...]:
        """The ids of the studies that a person deleted at one moment and that are still in the bin."""
        here = (studies.c.tenant == tenant, studies.c.deleted_at == at, studies.c.deleted_by == person_id)
        with self._transactions.read() as connection:
            return tuple(connection.execute(select(studies.c.id).where(*here).order_by(studies.c.id)).scalars())

    def page(self, tenant: str, limit: int, after: str | None = None) -> BinPageRow:
        """At most `limit` (1 or more) studies of the bin, last deleted first, from the start or `after` a page.

        Raises:
            BadRequest: `after` is not the `next` of a page of this tenant's bin.
        """
        scope = f"{tenant}\x00bin"
        position = from_token(scope, after) if after is not None else None
        with self._transactions.read() as connection:
            rows = connection.execute(_page_query(tenant, limit + 1, position)).all()
            entries = _entries(connection, tenant, rows[:limit])
        last = Position(entries[-1].deleted_at, entries[-1].study.id) if len(rows) > limit else None
        return BinPageRow(entries, to_token(scope, last) if last else None)

    def has_due(self, before: datetime) -> bool:
        """Whether a study of any tenant was deleted before a moment and is not held."""
        with self._transactions.read() as connection:
            return connection.execute(_due(before).limit(1)).first() is not None

    def empty_some(self, before: datetime, most: int) -> tuple[tuple[str, str], ...]:
        """Destroy at most `most` studies of all tenants that were deleted before a moment, but for held ones.

        Returns the (tenant, study id) of each, sorted; none when there are no more.
        """
        with self._transactions.write() as connection:
            found = connection.execute(_due(before).limit(most).with_for_update(skip_locked=True))
            keys = sorted((row.tenant, row.id) for row in found)
            if not keys:
                return ()
            objects = objects_of(connection, keys)
            connection.execute(delete(studies).where(is_among(studies.c.tenant, studies.c.id, keys)))
        self._transactions.forget()
        self._transactions.discard(objects)
        return tuple(keys)


def _due(before: datetime) -> Select[Any]:
    query = select(studies.c.tenant, studies.c.id)
    return query.where(studies.c.deleted_at < before, ~is_live(), studies.c.is_held.is_(False))


def _page_query(tenant: str, limit: int, after: Position | None) -> Select[Any]:
    is_theirs = and_(people.c.tenant == studies.c.tenant, people.c.id == studies.c.deleted_by)
    query = select(studies, people.c.name.label("person_name")).outerjoin(people, is_theirs)
    query = query.where(studies.c.tenant == tenant, ~is_live())
    if after is not None:
        position = tuple_(after.created_at, after.study, types=[studies.c.deleted_at.type, studies.c.id.type])
        query = query.where(tuple_(studies.c.deleted_at, studies.c.id) < position)
    return query.order_by(studies.c.deleted_at.desc(), studies.c.id.desc()).limit(limit)


def _entries(connection: Connection, tenant: str, rows: Sequence[Row[Any]]) -> tuple[BinnedRow, ...]:
    found = with_images(connection, tenant, rows)
    return tuple(
        BinnedRow(study, row.deleted_at, row.deleted_by, row.person_name, row.is_held)
        for study, row in zip(found, rows, strict=True)
    )


def _check_ids(tenant: str, study_id: str) -> None:
    if not is_storable(tenant + study_id):
        raise StudyNotFound
