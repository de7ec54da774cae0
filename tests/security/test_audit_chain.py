"""An altered audit log is noticed, and where."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.records import FIRST_MAC, AuditEntry, AuditEvent
from app.security import AuditChain

CHAIN = AuditChain("a secret of enough length for a test")


def build(count: int, chain: AuditChain = CHAIN, tenant: str = "default") -> list[AuditEntry]:
    entries, mac = [], FIRST_MAC
    for sequence in range(1, count + 1):
        at = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=sequence)
        event = AuditEvent(tenant, sequence, at, "anna", "study-read", f"study-{sequence}")
        mac = chain.next(mac, event)
        entries.append(AuditEntry(event, mac))
    return entries


def test_an_untouched_chain_verifies() -> None:
    assert CHAIN.verify(build(5)) is None
    assert CHAIN.verify([]) is None


@pytest.mark.parametrize(
    "change",
    [
        {"at": datetime(2026, 11, 24, tzinfo=UTC)},
        {"actor": "bert"},
        {"action": "study-deleted"},
        {"subject": "study-9"},
        {"sequence": 9},
        {"tenant": "other"},
    ],
)
def test_an_altered_entry_is_named(change: dict[str, object]) -> None:
    entries = build(5)
    entries[2] = replace(entries[2], event=replace(entries[2].event, **change))
    assert CHAIN.verify(entries) == 2


def test_a_removed_inserted_or_reordered_entry_is_named() -> None:
    entries = build(5)
    assert CHAIN.verify(entries[1:]) == 0
    assert CHAIN.verify(entries[:2] + entries[3:]) == 2
    assert CHAIN.verify(entries[:3] + entries[2:]) == 3
    assert CHAIN.verify([entries[0], entries[2], entries[1], *entries[3:]]) == 1


def test_a_forged_or_empty_mac_is_named() -> None:
    for mac in (b"", bytes(32)):
        entries = build(3)
        entries[1] = replace(entries[1], mac=mac)
        assert CHAIN.verify(entries) == 1


def test_a_chain_of_another_key_is_refused_at_its_first_entry() -> None:
    assert CHAIN.verify(build(3, AuditChain("another secret of enough length"))) == 0


def test_an_entry_moved_between_tenants_is_named() -> None:
    mine, theirs = build(3), build(3, tenant="other")
    assert CHAIN.verify([*mine[:2], theirs[2]]) == 2


def test_fields_cannot_slide_into_each_other() -> None:
    event = build(1)[0].event
    slid = replace(event, actor="annastudy", action="-read")
    assert CHAIN.next(FIRST_MAC, event) != CHAIN.next(FIRST_MAC, slid)


def test_the_same_moment_in_another_time_zone_is_the_same_event() -> None:
    event = build(1)[0].event
    elsewhere = replace(event, at=event.at.astimezone(timezone(timedelta(hours=9))))
    assert CHAIN.next(FIRST_MAC, event) == CHAIN.next(FIRST_MAC, elsewhere)


def test_repr_shows_no_key() -> None:
    assert "secret" not in repr(CHAIN)
