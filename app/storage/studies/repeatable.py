"""Requests that a program may repeat: the study that the first one made, under the digest of its key."""

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from app.errors import Conflict
from app.storage.database import Transactions
from app.storage.rows import RepeatableRow
from app.storage.tables import idempotency


class Repeatable:
    """The remembered requests of every tenant, each of one person."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def find(self, tenant: str, person: str, digest: bytes) -> RepeatableRow | None:
        """Result of the first request with this key, or None."""
        here = (idempotency.c.tenant == tenant, idempotency.c.person == person, idempotency.c.digest == digest)
        with self._transactions.read() as connection:
            row = connection.execute(select(idempotency).where(*here)).one_or_none()
        if row is None:
            return None
        return RepeatableRow(row.person, row.digest, row.fingerprint, row.study, row.created_at, row.sealed)

    def add(self, tenant: str, row: RepeatableRow) -> None:
        """Remember a request, within the unit of work that makes its study.

        Raises:
            Conflict: one with the same key was faster.
        """
        with self._transactions.write() as connection:
            try:
                connection.execute(insert(idempotency).values(tenant=tenant, **vars(row)))
            except IntegrityError:
                raise Conflict("Another request with this Idempotency-Key was faster. Send it again.") from None

    def forget(self, before: datetime) -> int:
        """Remove what is older than a moment, of all tenants; says how many."""
        with self._transactions.write() as connection:
            return connection.execute(delete(idempotency).where(idempotency.c.created_at < before)).rowcount
