"""Put messages into the outbox, subscribe to events, and look after messages that could not be sent."""

from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlsplit

from app.errors import BadRequest, NotFound
from app.records import Actor, Person
from app.services import RecordServices
from app.storage import MessageRow, SubscriptionRow, UnitOfWork
from app.usecases import audit

Event = Literal["study-inferred", "outcome"]
EVENTS: tuple[Event, ...] = get_args(Event)
WEBHOOK = "webhook"
_LONGEST_ADDRESS = 1000
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class NewWebhook:
    """A webhook and the secret that its receiver checks signatures with; the secret is shown this once."""

    id: str
    secret: str


def announce(services: RecordServices, unit: UnitOfWork, tenant: str, event: Event, study_id: str) -> None:
    """Put a message for everybody who subscribed to an event; committed with the act, or not at all."""
    now = services.clock()
    for subscription in unit.outbox.subscriptions(tenant):
        if event in subscription.events:
            message_id = services.new_id()
            unit.outbox.put(MessageRow(tenant, message_id, subscription.id, event, study_id, now, now, 0, "", False))


def subscribe(
    services: RecordServices, actor: Actor | Person, channel: str, address: str, events: tuple[Event, ...] = EVENTS
) -> SubscriptionRow:
    """Tell an address of events from now on. Hospital channels subscribe with the name of their own destination."""
    row = SubscriptionRow(actor.tenant, services.new_id(), channel, address, events, services.clock())
    with services.store.begin() as unit:
        unit.outbox.subscribe(row)
        audit.record(services, unit, actor, "subscription-added", row.id)
    return row


def add_webhook(services: RecordServices, actor: Actor, url: str, events: tuple[Event, ...] = EVENTS) -> NewWebhook:
    """Send events of a tenant to a URL.

    Raises:
        BadRequest: not an https URL; http is allowed on this machine alone.
    """
    row = subscribe(services, actor, WEBHOOK, _checked_url(url), events)
    return NewWebhook(row.id, services.webhook_keys.secret(actor.tenant, row.id))


def remove(services: RecordServices, actor: Actor, subscription_id: str) -> None:
    """End a subscription; its messages go with it.

    Raises:
        NotFound: the tenant has none of this id.
    """
    with services.store.begin() as unit:
        if not unit.outbox.unsubscribe(actor.tenant, subscription_id):
            raise NotFound("This subscription does not exist.")
        audit.record(services, unit, actor, "subscription-removed", subscription_id)


def revive(services: RecordServices, actor: Actor | Person, message_id: str) -> None:
    """Try a dead message again.

    Raises:
        NotFound: the tenant has no dead message of this id.
    """
    with services.store.begin() as unit:
        if not unit.outbox.revive(actor.tenant, message_id, services.clock()):
            raise NotFound("There is no dead message of this id.")
        audit.record(services, unit, actor, "message-revived", message_id)


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    is_text = len(url) <= _LONGEST_ADDRESS and url.isascii() and url.isprintable()
    if host and is_text and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)):
        return url
    raise BadRequest("A webhook needs an address that begins with https://.")
