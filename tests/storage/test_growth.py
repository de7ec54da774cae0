"""A million studies cost what a thousand cost: no operation of every day reads a whole table, told from the plans."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from app.storage import AuditQuery, Store, WorklistQuery, open_store
from app.storage.database import connect, is_sqlite
from app.storage.tables import metadata
from tests.storage.test_worklist_speed import ALL, BEGAN, COARSE, FINE, FINGERPRINT, REGION, fill, numbers

log = logging.getLogger(__name__)

FEW, MANY = 1_000, 100_000
# Enough for PostgreSQL to prefer an index where there is one.
SOME = 20_000
REPEATS = 15
SLOWER_AT_MOST, SLACK_MS = 3, 8
LARGE = ("studies", "images", "worklist", "audit")

Operation = Callable[[Store, str], object]
OPERATIONS: dict[str, Operation] = {
    "worklist": lambda store, tenant: store.worklist.page(tenant, WorklistQuery(ALL, FINE), 20, None),
    "worklist, newest": lambda store, tenant: store.worklist.page(
        tenant, WorklistQuery(ALL, COARSE, newest_first=True), 20, None
    ),
    "search": lambda store, tenant: store.worklist.page(tenant, WorklistQuery(REGION, FINE, also=(ALL,)), 20, None),
    "unindexed": lambda store, tenant: store.worklist.index_some(
        tenant, FINGERPRINT, 40, label=lambda _: pytest.fail("indexed already")
    ),
    "study": lambda store, tenant: store.worklist.get(tenant, "study20"),
    "purge": lambda store, tenant: store.studies.purge_some(BEGAN + timedelta(minutes=30), 20),
    "emptying the bin": lambda store, tenant: store.bin.empty_some(BEGAN, 20),
    "rotation, first keys": lambda store, tenant: next(store.studies.wrapped_keys()),
    "audit, entering": lambda store, tenant: store.audit.append(
        tenant, BEGAN, "ann", "study-viewed", "study1", sign=lambda _previous, _event: b"mac"
    ),
    "audit, of a study": lambda store, tenant: store.audit.search(tenant, AuditQuery(subject="study7"), 50),
    "audit, newest": lambda store, tenant: store.audit.search(tenant, AuditQuery(), 50),
    "audit, first entries": lambda store, tenant: next(store.audit.entries(tenant)),
    "pending image": lambda store, tenant: store.received.lease(BEGAN, BEGAN),
}


def enter(engine: Engine, tenant: str, count: int) -> None:
    """One audit entry for each study."""
    sqlite = is_sqlite(engine)
    moment = "datetime('2026-01-01', n || ' minutes') || '.000000'" if sqlite else "timestamptz '2026-01-01Z'"
    mac = "CAST('mac' AS BLOB)" if sqlite else "convert_to('mac', 'UTF8')"
    values = f"'{tenant}', n, {moment}, 'ann', 'study-created', 'study' || n, {mac}"
    columns = "audit (tenant, sequence, at, actor, action, subject, mac)"
    with engine.begin() as connection:
        chosen = f"SELECT {values} FROM numbers WHERE n <= {count}"
        connection.execute(text(f"INSERT INTO {columns} {numbers(count)} {chosen}"))


def filled(database_url: str, counts: dict[str, int]) -> Engine:
    engine = connect(database_url, for_migration=True)
    moment = "datetime('2026-01-01') || '.000000'" if is_sqlite(engine) else "timestamptz '2026-01-01Z'"
    for tenant, count in counts.items():
        with engine.begin() as connection:
            connection.execute(text(f"INSERT INTO tenants (tenant, created_at) VALUES ('{tenant}', {moment})"))
        fill(engine, tenant, count)
        enter(engine, tenant, count)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    return engine


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = open_store(database_url)
    yield store
    store.close()


class Recorder:
    """Statements that any engine runs, with their parameters, between `with` and its end."""

    def __init__(self) -> None:
        self.found: list[tuple[str, Any]] = []

    def __enter__(self) -> "Recorder":
        event.listen(Engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(Engine, "before_cursor_execute", self._note)

    def _note(self, *arguments: Any) -> None:
        self.found.append((arguments[2], arguments[3]))


def test_every_reference_to_studies_and_images_is_the_beginning_of_an_index() -> None:
    missing = []
    for table in metadata.tables.values():
        known = [tuple(index.columns.keys()) for index in table.indexes]
        known += [tuple(each.columns.keys()) for each in table.constraints if each not in table.foreign_key_constraints]
        for reference in table.foreign_key_constraints:
            columns = tuple(reference.column_keys)
            is_large = reference.referred_table.name in LARGE
            if is_large and not any(index[: len(columns)] == columns for index in known):
                missing.append((table.name, columns))
    assert missing == []


@pytest.mark.slow
def test_no_operation_of_every_day_reads_a_whole_table(database_url: str, store: Store) -> None:
    engine = filled(database_url, {"many": SOME})
    wrong = []
    for name, operation in OPERATIONS.items():
        with Recorder() as recorder:
            operation(store, "many")
        with engine.connect() as connection:
            for statement, parameters in recorder.found:
                wrong += [(name, step) for step in steps_of(connection, statement, parameters) if is_scan(step)]
    engine.dispose()
    assert wrong == []


def steps_of(connection: Connection, statement: str, parameters: Any) -> list[str]:
    if statement.split(maxsplit=1)[0] not in {"SELECT", "UPDATE", "DELETE"}:
        return []
    explain = "EXPLAIN QUERY PLAN" if is_sqlite(connection) else "EXPLAIN"
    return [str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters)]


def is_scan(step: str) -> bool:
    """Whether a step reads a large table from end to end; SQLite calls walking an index up to a limit a scan too."""
    words = step.split()
    if "Seq Scan on" in step:
        return step.partition("Seq Scan on ")[2].split()[0] in LARGE
    return words[0] == "SCAN" and words[1] in LARGE and "INDEX" not in words


@pytest.mark.slow
def test_a_hundred_thousand_studies_cost_what_a_thousand_cost(database_url: str, store: Store) -> None:
    engine = filled(database_url, {"few": FEW, "many": MANY})
    engine.dispose()
    slow = []
    for name, operation in OPERATIONS.items():
        few, many = (min(taken) for taken in times_ms(store, operation))
        log.info("%s | %s | %.2f | %.2f | %.2f |", engine.dialect.name, name, few, many, many / few)
        if many > few * SLOWER_AT_MOST + SLACK_MS:
            slow.append((name, few, many))
    assert slow == []


def times_ms(store: Store, operation: Operation) -> tuple[list[float], list[float]]:
    """Milliseconds among few and among many; they take turns."""
    times: dict[str, list[float]] = {"few": [], "many": []}
    for _ in range(REPEATS):
        for tenant, taken in times.items():
            began = perf_counter()
            operation(store, tenant)
            taken.append((perf_counter() - began) * 1000)
    return times["few"], times["many"]
