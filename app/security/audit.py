"""The audit chain: every entry is authenticated together with the one before it.

Altering, removing, inserting or reordering entries breaks the chain. Cutting entries off its end cannot be told from
the chain alone: note the last sequence and MAC somewhere else from time to time and compare.
"""

import hmac
from collections.abc import Iterable
from datetime import UTC

from app.records import FIRST_MAC, AuditEntry, AuditEvent
from app.security.framing import frame
from app.security.keys import derive_key


class AuditChain:
    """Authenticates the entries of each tenant's chain. Safe to share between threads."""

    def __init__(self, secret: str, *older: str) -> None:
        """Take the secrets of SECRET_KEY, newest first; rotating master keys does not touch the chain."""
        self._keys = tuple(derive_key(one.encode(), b"audit/v1") for one in (secret, *older))

    def next(self, previous_mac: bytes, event: AuditEvent) -> bytes:
        """The MAC of an event that follows `previous_mac`, `FIRST_MAC` for a tenant's first: 32 bytes.

        HMAC-SHA256 over the previous MAC and the fields of the event, each with its length.
        """
        return _mac(self._keys[0], previous_mac, event)

    def verify(self, entries: Iterable[AuditEntry]) -> int | None:
        """The index of the first broken entry of one tenant's whole chain, in order from sequence 1; None if none is.

        An entry is broken when its MAC is wrong, its sequence does not follow, or its tenant is another one.
        """
        previous, tenant = FIRST_MAC, None
        for index, entry in enumerate(entries):
            tenant = entry.event.tenant if tenant is None else tenant
            follows = entry.event.sequence == index + 1 and entry.event.tenant == tenant
            if not follows or not self._is_next(previous, entry):
                return index
            previous = entry.mac
        return None

    def _is_next(self, previous_mac: bytes, entry: AuditEntry) -> bool:
        return any(hmac.compare_digest(_mac(key, previous_mac, entry.event), entry.mac) for key in self._keys)


def _mac(key: bytes, previous_mac: bytes, event: AuditEvent) -> bytes:
    return hmac.digest(key, frame(previous_mac, *_fields(event)), "sha256")


def _fields(event: AuditEvent) -> tuple[bytes, ...]:
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    texts = (event.tenant, str(event.sequence), at, event.actor, event.action, event.subject)
    return tuple(text.encode() for text in texts)
