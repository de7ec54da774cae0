"""The audit log: one chain per tenant, only ever appended to."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, text, update

from app.records import FIRST_MAC, AuditEntry, AuditEvent
from app.storage.database import Transactions, is_sqlite
from app.storage.rows import AuditQuery, is_storable
from app.storage.tables import audit, audit_exports

_ENTRIES_AT_ONCE = 500


class Audit:
    """The chains of all tenants. The store holds no key: who appends brings the function that signs."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def append(
        self,
        tenant: str,
        at: datetime,
        actor: str,
        action: str,
        subject: str,
        *,
        sign: Callable[[bytes, AuditEvent], bytes],
    ) -> AuditEntry:
        """Append one event; `sign` gets the MAC before it and the event, and gives its MAC (`AuditChain.next`).

        Appending waits for its turn, so that a chain never forks, whatever happens at once.
        """
        with self._transactions.write() as connection:
            _take_turn(connection, tenant)
            sequence, previous = _last(connection, tenant)
            event = AuditEvent(tenant, sequence + 1, at, actor, action, subject)
            entry = AuditEntry(event, sign(previous, event))
            connection.execute(insert(audit).values(**vars(event), mac=entry.mac))
        return entry

    def sign_again(self, tenant: str, *, sign: Callable[[bytes, AuditEvent], bytes]) -> None:
        """Replace the MAC of every entry of a tenant's chain, whose caller has verified it in the same transaction."""
        chain = select(audit).where(audit.c.tenant == tenant).order_by(audit.c.sequence)
        previous = FIRST_MAC
        with self._transactions.write() as connection:
            _take_turn(connection, tenant)
            for row in connection.execute(chain).all():
                previous = sign(previous, _entry(row).event)
                here = (audit.c.tenant == tenant, audit.c.sequence == row.sequence)
                connection.execute(update(audit).where(*here).values(mac=previous))

    def entries(self, tenant: str) -> Iterator[AuditEntry]:
        """A tenant's whole chain in order, read some at a time."""
        entries = self.after(tenant, 0, _ENTRIES_AT_ONCE)
        while entries:
            yield from entries
            entries = self.after(tenant, entries[-1].event.sequence, _ENTRIES_AT_ONCE)

    def last_sequence(self, tenant: str, *, without: Collection[str] = ()) -> int:
        """The number of a tenant's last entry whose action is none of `without`; 0 when there is none."""
        query = select(audit.c.sequence).where(audit.c.tenant == tenant, audit.c.action.not_in(without))
        with self._transactions.read() as connection:
            found = connection.execute(query.order_by(audit.c.sequence.desc()).limit(1)).scalar_one_or_none()
        return found or 0

    def newest_at(self) -> datetime | None:
        """The latest moment of an entry, of all tenants; None where there is none."""
        with self._transactions.read() as connection:
            return connection.execute(select(audit.c.at).order_by(audit.c.at.desc()).limit(1)).scalar_one_or_none()

    def has_entry(self, tenant: str, actor: str, action: str, subject: str, between: tuple[datetime, datetime]) -> bool:
        """Whether there is an entry of this actor, action and subject between two moments."""
        same = (audit.c.tenant == tenant, audit.c.subject == subject, audit.c.actor == actor, audit.c.action == action)
        query = select(audit.c.sequence).where(*same, audit.c.at.between(*between)).limit(1)
        with self._transactions.read() as connection:
            return connection.execute(query).first() is not None

    def search(self, tenant: str, query: AuditQuery, most: int) -> tuple[AuditEntry, ...]:
        """At most `most` entries of a tenant that fit a query, newest first."""
        if not is_storable("".join(query.exactly().values())):
            return ()
        fits: list[ColumnElement[bool]] = [audit.c.tenant == tenant]
        fits += [audit.c[name] == value for name, value in query.exactly().items() if value]
        if query.since is not None:
            fits.append(audit.c.at >= query.since)
        if query.until is not None:
            fits.append(audit.c.at < query.until)
        if query.before is not None:
            fits.append(audit.c.sequence < query.before)
        found = select(audit).where(*fits).order_by(audit.c.sequence.desc()).limit(most)
        with self._transactions.read() as connection:
            return tuple(_entry(row) for row in connection.execute(found))

    def newest_actions(self, tenant: str, most: int) -> tuple[str, ...]:
        """The actions of a tenant's newest `most` entries, each once, by name."""
        newest = select(audit.c.action).where(audit.c.tenant == tenant).order_by(audit.c.sequence.desc()).limit(most)
        with self._transactions.read() as connection:
            return tuple(sorted(set(connection.execute(newest).scalars())))

    def tenants(self) -> tuple[str, ...]:
        """The tenants that have a chain."""
        with self._transactions.read() as connection:
            return tuple(connection.execute(select(audit.c.tenant).distinct().order_by(audit.c.tenant)).scalars())

    def after(self, tenant: str, sequence: int, most: int) -> tuple[AuditEntry, ...]:
        """At most `most` entries of a tenant that come after one, in order."""
        query = select(audit).where(audit.c.tenant == tenant, audit.c.sequence > sequence)
        with self._transactions.read() as connection:
            rows = connection.execute(query.order_by(audit.c.sequence).limit(most))
            return tuple(_entry(row) for row in rows)

    def exported(self, tenant: str, receiver: str) -> int:
        """The number of the last entry of a tenant that was sent to a receiver; 0 before the first."""
        query = select(audit_exports.c.sequence).where(*_export(tenant, receiver))
        with self._transactions.read() as connection:
            return connection.execute(query).scalar_one_or_none() or 0

    def note_exported(self, tenant: str, receiver: str, sequence: int) -> None:
        """Note that entries up to this one were sent to a receiver."""
        change = update(audit_exports).where(*_export(tenant, receiver)).values(sequence=sequence)
        with self._transactions.write() as connection:
            if not connection.execute(change).rowcount:
                row = {"tenant": tenant, "receiver": receiver, "sequence": sequence}
                connection.execute(insert(audit_exports).values(**row))


def _export(tenant: str, receiver: str) -> tuple[ColumnElement[bool], ...]:
    return audit_exports.c.tenant == tenant, audit_exports.c.receiver == receiver


def _take_turn(connection: Connection, tenant: str) -> None:
    """Hold the tenant's chain until the transaction ends; SQLite's write transactions do anyway."""
    if not is_sqlite(connection):
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:chain, 0))")
        connection.execute(lock, {"chain": f"fracture/audit/{tenant}"})


def _last(connection: Connection, tenant: str) -> tuple[int, bytes]:
    query = select(audit.c.sequence, audit.c.mac).where(audit.c.tenant == tenant)
    row = connection.execute(query.order_by(audit.c.sequence.desc()).limit(1)).one_or_none()
    return (row.sequence, row.mac) if row else (0, FIRST_MAC)


def _entry(row: Row[Any]) -> AuditEntry:
    event = AuditEvent(row.tenant, row.sequence, row.at, row.actor, row.action, row.subject)
    return AuditEntry(event, row.mac)
