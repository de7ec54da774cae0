"""Notices for one person on the page of a study, each given out once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select

from app.storage.database import Transactions
from app.storage.rows import NoticeRow
from app.storage.tables import notices


class Notices:
    """The notices of every tenant, each of one study and one person."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(self, tenant: str, row: NoticeRow) -> None:
        """Keep a notice of a study of the tenant."""
        with self._transactions.write() as connection:
            connection.execute(insert(notices).values(tenant=tenant, **vars(row)))

    def any(self, tenant: str, study: str, person: str) -> bool:
        """Whether something waits to be told."""
        query = select(notices.c.id).where(_of(tenant, study, person)).limit(1)
        with self._transactions.read() as connection:
            return connection.execute(query).first() is not None

    def take(self, tenant: str, study: str, person: str) -> Sequence[NoticeRow]:
        """Remove what waits and return it, oldest first; of two that take at once, one gets it."""
        statement = delete(notices).where(_of(tenant, study, person)).returning(notices)
        with self._transactions.write() as connection:
            rows = connection.execute(statement).all()
        found = [NoticeRow(row.id, row.study, row.person, row.created_at, row.sealed) for row in rows]
        return sorted(found, key=lambda row: row.created_at)

    def forget(self, before: datetime) -> int:
        """Remove what is older than a moment, of all tenants; says how many."""
        with self._transactions.write() as connection:
            return connection.execute(delete(notices).where(notices.c.created_at < before)).rowcount


def _of(tenant: str, study: str, person: str) -> ColumnElement[bool]:
    return and_(notices.c.tenant == tenant, notices.c.study == study, notices.c.person == person)
