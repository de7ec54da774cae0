"""API tokens, sign-in links and sessions; of each only the digest is kept.

A digest is of 256 random bits, so it names its row among all tenants; the person who comes back carries the tenant.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, select, update

from app.records import Person
from app.storage.access.people import to_person
from app.storage.database import Transactions
from app.storage.rows import TokenRow
from app.storage.tables import api_tokens, people, sessions, sign_in_links


class Credentials:
    """API tokens, one-time links and sessions."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add_token(self, tenant: str, token_id: str, person_id: str, digest: bytes, created_at: datetime) -> None:
        """Keep the digest of a person's new API token."""
        row = {"tenant": tenant, "id": token_id, "person": person_id, "digest": digest, "created_at": created_at}
        with self._transactions.write() as connection:
            connection.execute(insert(api_tokens).values(**row))

    def person_of_token(self, digest: bytes) -> Person | None:
        """Whose API token this is, or None."""
        with self._transactions.read() as connection:
            return _person_of(connection, api_tokens, api_tokens.c.digest == digest)

    def tokens(self, tenant: str) -> tuple[TokenRow, ...]:
        """The API tokens of a tenant, oldest first."""
        query = (
            select(people, api_tokens.c.id.label("token_id"), api_tokens.c.created_at.label("token_created_at"))
            .join(api_tokens, _is_person_of(api_tokens))
            .where(api_tokens.c.tenant == tenant)
            .order_by(api_tokens.c.created_at, api_tokens.c.id)
        )
        with self._transactions.read() as connection:
            rows = connection.execute(query)
            return tuple(TokenRow(row.token_id, to_person(row), row.token_created_at) for row in rows)

    def revoke_token(self, tenant: str, token_id: str) -> bool:
        """Make an API token invalid; False when there is none of this id in the tenant."""
        here = (api_tokens.c.tenant == tenant, api_tokens.c.id == token_id)
        with self._transactions.write() as connection:
            return connection.execute(delete(api_tokens).where(*here)).rowcount == 1

    def add_link(self, tenant: str, person_id: str, digest: bytes, expires_at: datetime) -> None:
        """Keep the digest of a link that lets one person in once."""
        row = {"tenant": tenant, "person": person_id, "digest": digest, "expires_at": expires_at}
        with self._transactions.write() as connection:
            connection.execute(insert(sign_in_links).values(**row))

    def consume_link(self, digest: bytes, now: datetime) -> Person | None:
        """Use up a link and say whose it is; None when it was used, has expired or never was.

        Of any number of calls at once, exactly one gets the person.
        """
        links = sign_in_links.c
        unused = (links.digest == digest, links.used_at.is_(None), links.expires_at > now)
        with self._transactions.write() as connection:
            if connection.execute(update(sign_in_links).where(*unused).values(used_at=now)).rowcount != 1:
                return None
            return _person_of(connection, sign_in_links, links.digest == digest)

    def add_session(self, tenant: str, person_id: str, digest: bytes, expires_at: datetime) -> None:
        """Keep the digest of a new session."""
        row = {"tenant": tenant, "person": person_id, "digest": digest, "expires_at": expires_at}
        with self._transactions.write() as connection:
            connection.execute(insert(sessions).values(**row))

    def person_of_session(self, digest: bytes, now: datetime) -> Person | None:
        """Whose session this is, or None when it has ended or never was."""
        with self._transactions.read() as connection:
            return _person_of(connection, sessions, (sessions.c.digest == digest) & (sessions.c.expires_at > now))

    def end_session(self, digest: bytes) -> Person | None:
        """End a session; returns its person, or None when there is no such session."""
        with self._transactions.write() as connection:
            person = _person_of(connection, sessions, sessions.c.digest == digest)
            connection.execute(delete(sessions).where(sessions.c.digest == digest))
        return person

    def purge_expired(self, now: datetime) -> int:
        """Remove sessions and links that have expired, of all tenants; says how many."""
        with self._transactions.write() as connection:
            expired = (delete(table).where(table.c.expires_at <= now) for table in (sessions, sign_in_links))
            return sum(connection.execute(statement).rowcount for statement in expired)


def _is_person_of(table: Table) -> ColumnElement[bool]:
    return and_(people.c.tenant == table.c.tenant, people.c.id == table.c.person)


def _person_of(connection: Connection, table: Table, condition: ColumnElement[bool]) -> Person | None:
    row = connection.execute(select(people).join(table, _is_person_of(table)).where(condition)).one_or_none()
    return to_person(row) if row else None
