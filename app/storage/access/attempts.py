"""Refused sign-ins of the last minutes, counted in the database so that every process sees the same."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, or_, select

from app.storage.access.tables import sign_in_attempts
from app.storage.database import Transactions
from app.storage.rows import new_id

# Of no tenant: an address tries names of any.
EVERY_TENANT = ""


class Attempts:
    """Attempts to sign in, by a keyed digest of the account, of the address, or of both."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def hold(self, subject: bytes) -> None:
        """Keep other transactions from counting a subject until this one ends.

        SQLite has one writer at a time already. PostgreSQL has a lock for a number of 64 bits, which a transaction
        gives back when it ends (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS).
        """
        with self._transactions.write() as connection:
            if connection.dialect.name == "postgresql":
                number = int.from_bytes(subject[:8], "big", signed=True)
                connection.execute(select(func.pg_advisory_xact_lock(number)))

    def times(self, subject: bytes, since: datetime) -> tuple[datetime, ...]:
        """When there were attempts of a subject since a moment, oldest first."""
        at = sign_in_attempts.c.at
        here = (sign_in_attempts.c.tenant == EVERY_TENANT, sign_in_attempts.c.subject == subject, at > since)
        with self._transactions.read() as connection:
            return tuple(connection.execute(select(at).where(*here).order_by(at)).scalars())

    def add(self, subjects: Sequence[bytes], at: datetime) -> None:
        """Count one attempt for each subject."""
        rows = [{"tenant": EVERY_TENANT, "id": new_id(), "subject": subject, "at": at} for subject in subjects]
        with self._transactions.write() as connection:
            connection.execute(insert(sign_in_attempts), rows)

    def forget(self, subject: bytes) -> None:
        """Remove the attempts of a subject."""
        with self._transactions.write() as connection:
            connection.execute(delete(sign_in_attempts).where(sign_in_attempts.c.subject == subject))

    def purge(self, before: datetime, after: datetime | None = None) -> None:
        """Remove the attempts from before a moment, and those from after another, which a wrong clock has made."""
        at = sign_in_attempts.c.at
        is_over = at <= before if after is None else or_(at <= before, at > after)
        with self._transactions.write() as connection:
            connection.execute(delete(sign_in_attempts).where(is_over))
