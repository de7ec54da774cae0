"""Look after messages to other systems: where they go, how many wait, and which were given up."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from app.records import Person
from app.services import RecordServices
from app.storage import MessageRow, SubscriptionRow
from app.usecases import audit
from app.usecases.outbox.messages import revive


@dataclass(frozen=True)
class Destination:
    """An address that messages go to, without its path: a path may hold a secret. waiting: messages not sent yet."""

    channel: str
    host: str
    waiting: int


@dataclass(frozen=True)
class DeadMessage:
    """A message that was given up; `error` is the code of the last failure."""

    id: str
    study: str
    event: str
    destination: Destination
    attempts: int
    error: str
    created_at: datetime


@dataclass(frozen=True)
class Deliveries:
    """The messages of a tenant; dead ones oldest first."""

    destinations: tuple[Destination, ...]
    dead: tuple[DeadMessage, ...]


def deliveries(services: RecordServices, person: Person) -> Deliveries:
    """The destinations of the person's tenant, and the messages that were given up."""
    outbox, tenant = services.store.outbox, person.tenant
    waiting = [message.subscription for message in outbox.messages(tenant, dead=False)]
    destinations = {
        row.id: Destination(row.channel, host_of(row), waiting.count(row.id)) for row in outbox.subscriptions(tenant)
    }
    dead = tuple(
        DeadMessage(
            one.id, one.study, one.event, destinations[one.subscription], one.attempts, one.error, one.created_at
        )
        for one in outbox.messages(tenant, dead=True)
        if one.subscription in destinations
    )
    return Deliveries(tuple(destinations.values()), dead)


def retry(services: RecordServices, person: Person, message_id: str) -> None:
    """Try a dead message again.

    Raises:
        NotFound: the tenant has no dead message of this id.
    """
    revive(services, person, message_id)


def retry_all(services: RecordServices, person: Person) -> int:
    """Try every dead message of the tenant again; says how many."""
    now = services.clock()
    with services.store.begin() as unit:
        dead = unit.outbox.messages(person.tenant, dead=True)
        for message in dead:
            unit.outbox.revive(person.tenant, message.id, now)
            audit.record(services, unit, person, "message-revived", message.id)
    return len(dead)


def _dead(row: MessageRow, destination: Destination) -> DeadMessage:
    return DeadMessage(row.id, row.study, row.event, destination, row.attempts, row.error, row.created_at)


def host_of(row: SubscriptionRow) -> str:
    """The host of an address, with its port; an application entity whole."""
    parts = urlsplit(row.address)
    return parts.netloc.rpartition("@")[2] if parts.netloc else row.address
