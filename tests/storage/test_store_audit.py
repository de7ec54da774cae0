"""The audit log stays one line per tenant, whatever happens at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app.records import AuditEntry
from app.security import AuditChain
from app.storage import Store
from app.storage.database import connect
from tests.storage.conftest import NOW

CHAIN = AuditChain("a secret of enough length for a test")


def append(store: Store, tenant: str = "default", subject: str = "study") -> AuditEntry:
    return store.audit.append(tenant, NOW, "anna", "study-read", subject, sign=CHAIN.next)


def test_entries_come_back_in_order_and_verify(store: Store) -> None:
    entries = [append(store, subject=str(n)) for n in range(3)]
    assert list(store.audit.entries("default")) == entries
    assert [entry.event.sequence for entry in entries] == [1, 2, 3]
    assert CHAIN.verify(store.audit.entries("default")) is None


def test_every_tenant_has_a_chain_of_its_own(store: Store) -> None:
    append(store)
    append(store, tenant="other")
    assert store.audit.tenants() == ("default", "other")
    for tenant in store.audit.tenants():
        assert [entry.event.sequence for entry in store.audit.entries(tenant)] == [1]
    assert list(store.audit.entries("nobody")) == []


def test_entries_appended_at_once_make_one_chain(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(append, store, tenant) for tenant in ("default", "other") * 24]:
            future.result()
    for tenant in ("default", "other"):
        entries = list(store.audit.entries(tenant))
        assert [entry.event.sequence for entry in entries] == list(range(1, 25))
        assert CHAIN.verify(entries) is None


def test_a_chain_longer_than_one_reading_is_read_whole(store: Store, database_url: str) -> None:
    engine = connect(database_url)
    with engine.begin() as connection:
        columns = "(tenant, sequence, at, actor, action, subject, mac)"
        statement = text(f"INSERT INTO audit {columns} VALUES ('default', :n, '2026-01-01', '', '', '', :mac)")
        connection.execute(statement, [{"n": n, "mac": b"mac"} for n in range(1, 1002)])
    engine.dispose()
    assert [entry.event.sequence for entry in store.audit.entries("default")] == list(range(1, 1002))


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'bert'", "DELETE FROM audit"])
def test_an_entry_changed_in_the_database_is_found(store: Store, database_url: str, change: str) -> None:
    for _ in range(3):
        append(store)
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.execute(text(f"{change} WHERE sequence = 2"))
    engine.dispose()
    assert CHAIN.verify(store.audit.entries("default")) == 1


def test_what_cannot_be_signed_is_not_appended(store: Store) -> None:
    def refuse(previous: bytes, event: object) -> bytes:
        raise RuntimeError("no key")

    with pytest.raises(RuntimeError):
        store.audit.append("default", NOW, "anna", "study-read", "study", sign=refuse)
    assert list(store.audit.entries("default")) == []
