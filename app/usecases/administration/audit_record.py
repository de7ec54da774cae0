"""Show and verify the audit record of a tenant."""

import hmac
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from app.errors import BadRequest
from app.records import FIRST_MAC, AuditEntry, Person
from app.services import RecordServices
from app.storage import AuditQuery
from app.usecases import audit

_ENTRIES_A_PAGE = 100
_ACTIONS_OF_ENTRIES = 10_000


@dataclass(frozen=True)
class Head:
    """The last entry of a chain, to be noted outside the database: (0, zeros) before the first."""

    sequence: int
    mac: bytes

    def __str__(self) -> str:
        return f"{self.sequence}:{self.mac.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """The head of its text, SEQ:MAC.

        Raises:
            BadRequest: not written so.
        """
        sequence, _, mac = text.strip().partition(":")
        try:
            head = cls(int(sequence), bytes.fromhex(mac))
        except ValueError:
            head = cls(-1, b"")
        if head.sequence < 0 or len(head.mac) != len(FIRST_MAC):
            raise BadRequest("A head of the audit record is written SEQ:MAC, as `audit head` prints it.")
        return head


@dataclass(frozen=True)
class AuditPage:
    """Some entries, newest first, and the sequence before which the next ones are, None at the end.

    names: of people, by their id. actions: to choose from.
    """

    entries: tuple[AuditEntry, ...]
    next: int | None
    names: dict[str, str]
    actions: tuple[str, ...]


def search_audit(services: RecordServices, person: Person, query: AuditQuery) -> AuditPage:
    """A page of the entries of a person's tenant that fit a query; viewing them is entered, too."""
    audit.record_audit_view(services, person)
    entries = services.store.audit.search(person.tenant, query, _ENTRIES_A_PAGE + 1)
    shown = entries[:_ENTRIES_A_PAGE]
    return AuditPage(
        shown,
        shown[-1].event.sequence if len(entries) > len(shown) else None,
        {row.person.id: row.person.name for row in services.store.people.all(person.tenant)},
        services.store.audit.newest_actions(person.tenant, _ACTIONS_OF_ENTRIES),
    )


def show_audit(services: RecordServices, tenant: str, limit: int | None = None) -> Iterator[AuditEntry]:
    """The newest `limit` entries of a tenant, oldest of them first; all of them without a limit.

    Raises:
        TenantNotFound: there is no such tenant.
    """
    services.store.people.check_tenant(tenant)
    entries = services.store.audit.entries(tenant)
    return entries if limit is None else iter(deque(entries, maxlen=limit))


def audit_head(services: RecordServices, tenant: str) -> Head:
    """The last entry of a tenant's chain.

    Raises:
        TenantNotFound: there is no such tenant.
    """
    services.store.people.check_tenant(tenant)
    last = deque(services.store.audit.entries(tenant), maxlen=1)
    return Head(last[0].event.sequence, last[0].mac) if last else Head(0, FIRST_MAC)


def broken_entry(services: RecordServices, tenant: str, since: Head | None = None) -> int | None:
    """The sequence of the first broken or missing entry of a tenant's chain, None where the chain holds.

    An empty chain is broken where the tenant has people or studies: making either is entered. since: a head that was
    noted earlier; the chain is broken where it does not go on from there.

    Raises:
        TenantNotFound: there is no such tenant.
    """
    services.store.people.check_tenant(tenant)
    entries = tuple(services.store.audit.entries(tenant))
    broken = services.audit_chain.verify(entries)
    if broken is not None:
        return broken + 1
    if not entries and _has_records(services, tenant):
        return 1
    return None if since is None or _continues(entries, since) else since.sequence


def _continues(entries: tuple[AuditEntry, ...], since: Head) -> bool:
    if since.sequence == 0:
        return since.mac == FIRST_MAC
    noted = entries[since.sequence - 1] if 0 < since.sequence <= len(entries) else None
    return noted is not None and hmac.compare_digest(noted.mac, since.mac)


def _has_records(services: RecordServices, tenant: str) -> bool:
    return bool(services.store.people.all(tenant) or services.store.studies.page(tenant, 1).studies)
