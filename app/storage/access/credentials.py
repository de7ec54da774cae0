"""API tokens, sign-in links and sessions; of each only a keyed digest is kept.

A digest is of 256 random bits, so it names its row among all tenants. Rows come back with their `mac`, which the caller
checks: the store has no key.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, insert, or_, select, update

from app.storage.access.people import to_person_row
from app.storage.access.tables import api_tokens, people, sessions, sign_in_links
from app.storage.database import Transactions
from app.storage.rows import LinkRow, PersonRow, SessionRow, TokenRow, is_storable


class Credentials:
    """API tokens, one-time links and sessions."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add_token(self, row: TokenRow) -> None:
        """Keep a new API token."""
        with self._transactions.write() as connection:
            connection.execute(insert(api_tokens).values(**{**vars(row), "scopes": " ".join(row.scopes)}))

    def token(self, digests: Sequence[bytes]) -> tuple[TokenRow, PersonRow] | None:
        """The API token of one of these digests and its person, or None."""
        with self._transactions.read() as connection:
            row = connection.execute(select(api_tokens).where(api_tokens.c.digest.in_(digests))).one_or_none()
            return (_token(row), _person_of(connection, row)) if row else None

    def tokens_of(self, tenant: str, person_id: str) -> tuple[TokenRow, ...]:
        """The API tokens of a person, oldest first."""
        theirs = select(api_tokens).where(_is_of(api_tokens, tenant, person_id))
        with self._transactions.read() as connection:
            rows = connection.execute(theirs.order_by(api_tokens.c.created_at, api_tokens.c.id))
            return tuple(_token(row) for row in rows)

    def token_used(self, row: TokenRow, at: datetime) -> None:
        """Note when an API token was used last."""
        here = (api_tokens.c.tenant == row.tenant, api_tokens.c.id == row.id)
        with self._transactions.write() as connection:
            connection.execute(update(api_tokens).where(*here).values(last_used_at=at))

    def revoke_token(self, tenant: str, token_id: str, person_id: str | None = None) -> bool:
        """Make an API token invalid; False when there is none of this id in the tenant, or it is not the person's."""
        if not is_storable(tenant + token_id):
            return False
        here = [api_tokens.c.tenant == tenant, api_tokens.c.id == token_id]
        if person_id is not None:
            here.append(api_tokens.c.person == person_id)
        with self._transactions.write() as connection:
            return connection.execute(delete(api_tokens).where(*here)).rowcount == 1

    def add_link(self, row: LinkRow) -> None:
        """Keep a new link that lets one person in once."""
        with self._transactions.write() as connection:
            connection.execute(insert(sign_in_links).values(**vars(row)))

    def use_link(self, digests: Sequence[bytes], now: datetime) -> tuple[LinkRow, PersonRow] | None:
        """Use up a link; None when it was used, has expired or never was.

        Of any number of calls at once, exactly one gets the person.
        """
        links = sign_in_links.c
        unused = (links.digest.in_(digests), links.used_at.is_(None), links.expires_at > now)
        with self._transactions.write() as connection:
            if connection.execute(update(sign_in_links).where(*unused).values(used_at=now)).rowcount != 1:
                return None
            row = connection.execute(select(sign_in_links).where(links.digest.in_(digests))).one()
            link = LinkRow(row.tenant, row.person, row.digest, row.expires_at, row.mac)
            return link, _person_of(connection, row)

    def add_session(self, row: SessionRow) -> None:
        """Keep a new session."""
        with self._transactions.write() as connection:
            connection.execute(insert(sessions).values(**vars(row)))

    def session(self, digests: Sequence[bytes]) -> tuple[SessionRow, PersonRow] | None:
        """The session of one of these digests and its person, or None."""
        with self._transactions.read() as connection:
            row = connection.execute(select(sessions).where(sessions.c.digest.in_(digests))).one_or_none()
            return (_session(row), _person_of(connection, row)) if row else None

    def sessions_of(self, tenant: str, person_id: str) -> tuple[SessionRow, ...]:
        """The sessions of a person, newest first."""
        theirs = select(sessions).where(_is_of(sessions, tenant, person_id))
        with self._transactions.read() as connection:
            rows = connection.execute(theirs.order_by(sessions.c.created_at.desc(), sessions.c.id))
            return tuple(_session(row) for row in rows)

    def session_seen(self, row: SessionRow, at: datetime) -> None:
        """Note when a session was used last."""
        here = (sessions.c.tenant == row.tenant, sessions.c.id == row.id)
        with self._transactions.write() as connection:
            connection.execute(update(sessions).where(*here).values(last_seen_at=at))

    def end_session(self, tenant: str, person_id: str, session_id: str) -> bool:
        """End a person's session; False when there is none of this id."""
        if not is_storable(session_id):
            return False
        here = (_is_of(sessions, tenant, person_id), sessions.c.id == session_id)
        with self._transactions.write() as connection:
            return connection.execute(delete(sessions).where(*here)).rowcount == 1

    def end_sessions(self, tenant: str, person_id: str, *, keep: str = "") -> int:
        """End every session of a person but the one of the id `keep`; returns how many there were."""
        here = (_is_of(sessions, tenant, person_id), sessions.c.id != keep)
        with self._transactions.write() as connection:
            return connection.execute(delete(sessions).where(*here)).rowcount

    def withdraw_all(self, tenant: str, person_id: str, *, keep: str = "") -> int:
        """End every session but the one of the id `keep`, token and link of a person; returns how many there were."""
        ended = self.end_sessions(tenant, person_id, keep=keep)
        with self._transactions.write() as connection:
            others = (delete(table).where(_is_of(table, tenant, person_id)) for table in (api_tokens, sign_in_links))
            return ended + sum(connection.execute(statement).rowcount for statement in others)

    def purge_sessions(self, now: datetime, idle_since: datetime) -> int:
        """Remove sessions and links that have expired or were idle, of all tenants; returns how many."""
        idle = or_(sessions.c.expires_at <= now, sessions.c.last_seen_at <= idle_since)
        expired = (delete(sessions).where(idle), delete(sign_in_links).where(sign_in_links.c.expires_at <= now))
        with self._transactions.write() as connection:
            return sum(connection.execute(statement).rowcount for statement in expired)

    def purge_tokens(self, now: datetime) -> int:
        """Remove tokens that have expired, of all tenants; returns how many."""
        expired = (delete(api_tokens).where(api_tokens.c.expires_at <= now),)
        with self._transactions.write() as connection:
            return sum(connection.execute(statement).rowcount for statement in expired)


def _is_of(table: Table, tenant: str, person_id: str) -> ColumnElement[bool]:
    return and_(table.c.tenant == tenant, table.c.person == person_id)


def _person_of(connection: Connection, row: Row[Any]) -> PersonRow:
    here = (people.c.tenant == row.tenant, people.c.id == row.person)
    return to_person_row(connection.execute(select(people).where(*here)).one())


def _token(row: Row[Any]) -> TokenRow:
    fields = {**row._mapping, "scopes": tuple(row.scopes.split())}
    return TokenRow(**fields)


def _session(row: Row[Any]) -> SessionRow:
    return SessionRow(**row._mapping)
