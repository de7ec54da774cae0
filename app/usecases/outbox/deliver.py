"""Send the messages of the outbox that are due; one that fails waits longer each time, and is given up at last."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from app.errors import FractureError, NotFound
from app.services import RecordServices
from app.storage import MessageRow, SubscriptionRow

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
MOST_AT_ONCE = 20
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)
# Together about a day and a half.
MOST_ATTEMPTS = 16


class DeliveryFailed(Exception):
    """The receiver did not take a message.

    reason: a short code for the list of dead messages. is_final: another attempt would fail too.
    """

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final


class Sender(Protocol):
    """Sends messages of one channel."""

    def __call__(self, services: RecordServices, message: MessageRow, subscription: SubscriptionRow) -> None:
        """Send one message.

        Raises:
            DeliveryFailed: it did not arrive.
            FractureError: its content cannot be made, as for a study that does not open.
        """


def deliver(services: RecordServices, senders: Mapping[str, Sender]) -> int:
    """Send what is due, once each; says how many messages were tried.

    senders: by channel; messages of other channels are left alone.
    """
    taken = services.store.outbox.take(services.clock(), LEASE, tuple(senders), MOST_AT_ONCE)
    for message, subscription in taken:
        _deliver_one(services, senders[subscription.channel], message, subscription)
    return len(taken)


def wait_after(attempts: int) -> timedelta:
    """The pause after so many failed attempts: 30 s, doubled each time, at most 6 h."""
    return min(FIRST_WAIT * (1 << max(attempts - 1, 0)), LONGEST_WAIT)


def _deliver_one(services: RecordServices, send: Sender, message: MessageRow, subscription: SubscriptionRow) -> None:
    try:
        send(services, message, subscription)
    except DeliveryFailed as failure:
        _failed(services, message, failure.reason, failure.is_final)
    except NotFound:
        # The study was deleted meanwhile: there is nothing to tell.
        services.store.outbox.sent(message)
    except FractureError as failure:
        _failed(services, message, failure.code, is_final=False)
    else:
        services.store.outbox.sent(message)


def _failed(services: RecordServices, message: MessageRow, reason: str, is_final: bool) -> None:
    log.warning("message %s was not delivered: %s", message.id, reason)
    if is_final or message.attempts >= MOST_ATTEMPTS:
        services.store.outbox.bury(message, reason)
    else:
        services.store.outbox.retry(message, services.clock() + wait_after(message.attempts), reason)
