"""The outbox: messages that wait to be sent to other systems, and the subscriptions that they are for.

A message holds ids only; its sender makes the content from the study when it is sent. It goes with its study.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, insert, select, tuple_, update

from app.storage.database import Transactions
from app.storage.studies.study_rows import is_live
from app.storage.tables import outbox, studies, subscriptions


@dataclass(frozen=True)
class SubscriptionRow:
    """A wish to be told of events of one tenant.

    channel: how it is told, such as "webhook". address: where, in the terms of the channel.
    """

    tenant: str
    id: str
    channel: str
    address: str
    events: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True)
class MessageRow:
    """A message for one subscription, about an event of one study.

    attempts: how often it was taken to be sent. error: code of the last failure, "" before the first.
    is_dead: it was given up, and waits until somebody revives it.
    """

    tenant: str
    id: str
    subscription: str
    event: str
    study: str
    created_at: datetime
    due_at: datetime
    attempts: int
    error: str
    is_dead: bool


class Outbox:
    """The messages and subscriptions of every tenant."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def subscribe(self, row: SubscriptionRow) -> None:
        """Keep a new subscription."""
        with self._transactions.write() as connection:
            connection.execute(insert(subscriptions).values(**{**vars(row), "events": " ".join(row.events)}))

    def subscriptions(self, tenant: str, channel: str | None = None) -> tuple[SubscriptionRow, ...]:
        """The subscriptions of a tenant, of one channel or all, oldest first."""
        query = select(subscriptions).where(subscriptions.c.tenant == tenant)
        if channel is not None:
            query = query.where(subscriptions.c.channel == channel)
        with self._transactions.read() as connection:
            rows = connection.execute(query.order_by(subscriptions.c.created_at, subscriptions.c.id))
            return tuple(_subscription(row) for row in rows)

    def unsubscribe(self, tenant: str, subscription_id: str) -> bool:
        """Remove a subscription with its messages; False when the tenant has none of this id."""
        here = (subscriptions.c.tenant == tenant, subscriptions.c.id == subscription_id)
        with self._transactions.write() as connection:
            return connection.execute(delete(subscriptions).where(*here)).rowcount == 1

    def put(self, message: MessageRow) -> None:
        """Keep a message to be sent; within the unit of work of the act that it tells of."""
        with self._transactions.write() as connection:
            connection.execute(insert(outbox).values(**vars(message)))

    def take(
        self, now: datetime, lease: timedelta, channels: Collection[str], most: int
    ) -> tuple[tuple[MessageRow, SubscriptionRow], ...]:
        """At most `most` messages that are due, with their subscriptions; nobody else gets them within `lease`.

        Who takes a message calls `sent`, `retry` or `bury`; one that is forgotten is due again after the lease.
        """
        due = _due(now, channels).limit(most)
        with self._transactions.read() as connection:
            if connection.execute(due.limit(1)).first() is None:
                return ()
        with self._transactions.write() as connection:
            # Two senders that take at once get different messages.
            keys = [tuple(row) for row in connection.execute(due.with_for_update(skip_locked=True, of=outbox))]
            taken = tuple_(outbox.c.tenant, outbox.c.id).in_(keys)
            later = {"due_at": now + lease, "attempts": outbox.c.attempts + 1}
            connection.execute(update(outbox).where(taken).values(**later))
            query = select(outbox, subscriptions.c.channel, subscriptions.c.address, subscriptions.c.events)
            query = query.add_columns(subscriptions.c.created_at.label("subscribed_at"))
            rows = connection.execute(query.join(subscriptions, _is_theirs()).where(taken)).all() if keys else []
        return tuple((_message(row), _subscription_of(row)) for row in rows)

    def sent(self, message: MessageRow) -> None:
        """Remove a message that was sent."""
        with self._transactions.write() as connection:
            connection.execute(delete(outbox).where(*_is(message.tenant, message.id)))

    def retry(self, message: MessageRow, due_at: datetime, error: str) -> None:
        """Let a message that failed wait until a moment."""
        self._change(message.tenant, message.id, due_at=due_at, error=error)

    def bury(self, message: MessageRow, error: str) -> None:
        """Give a message up; it stays on the list of dead ones."""
        self._change(message.tenant, message.id, is_dead=True, error=error)

    def revive(self, tenant: str, message_id: str, now: datetime) -> bool:
        """Let a dead message be sent again; False when the tenant has no such dead message."""
        return self._change(tenant, message_id, outbox.c.is_dead, is_dead=False, attempts=0, due_at=now)

    def messages(self, tenant: str, *, dead: bool) -> tuple[MessageRow, ...]:
        """The messages of a tenant that are dead, or that wait; oldest first."""
        query = select(outbox).where(outbox.c.tenant == tenant, outbox.c.is_dead.is_(dead))
        with self._transactions.read() as connection:
            rows = connection.execute(query.order_by(outbox.c.created_at, outbox.c.id))
            return tuple(_message(row) for row in rows)

    def _change(self, tenant: str, message_id: str, *conditions: ColumnElement[bool], **values: object) -> bool:
        with self._transactions.write() as connection:
            statement = update(outbox).where(*_is(tenant, message_id), *conditions).values(**values)
            return connection.execute(statement).rowcount == 1


def _due(now: datetime, channels: Collection[str]) -> Select[Any]:
    query = select(outbox.c.tenant, outbox.c.id).join(subscriptions, _is_theirs())
    query = query.where(outbox.c.is_dead.is_(False), outbox.c.due_at <= now, subscriptions.c.channel.in_(channels))
    # Those of a study in the bin wait for it to come back.
    query = query.where(exists().where(studies.c.tenant == outbox.c.tenant, studies.c.id == outbox.c.study, is_live()))
    return query.order_by(outbox.c.due_at, outbox.c.id)


def _is(tenant: str, message_id: str) -> tuple[ColumnElement[bool], ...]:
    return outbox.c.tenant == tenant, outbox.c.id == message_id


def _is_theirs() -> ColumnElement[bool]:
    return and_(subscriptions.c.tenant == outbox.c.tenant, subscriptions.c.id == outbox.c.subscription)


def _message(row: Row[Any]) -> MessageRow:
    return MessageRow(**{each.name: getattr(row, each.name) for each in fields(MessageRow)})


def _subscription(row: Row[Any]) -> SubscriptionRow:
    events = tuple(row.events.split())
    return SubscriptionRow(row.tenant, row.id, row.channel, row.address, events, row.created_at)


def _subscription_of(row: Row[Any]) -> SubscriptionRow:
    """The subscription of a row of `outbox` that was joined with it."""
    events = tuple(row.events.split())
    return SubscriptionRow(row.tenant, row.subscription, row.channel, row.address, events, row.subscribed_at)
