"""One way to talk to SQLite and PostgreSQL, and transactions whose failures are the application's own errors."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError as SqliteOperationalError
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import ConfigError, Unavailable
from app.storage.objects import NoObjects, ObjectStore

log = logging.getLogger(__name__)

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_BUSY_TIMEOUT_MS = 10_000
_RETRY_S = 0.02
_CONNECT_TIMEOUT_S = 5
_STATEMENT_TIMEOUT_MS = 30_000
_LOCK_TIMEOUT_MS = 10_000
_POOL = {"pool_size": 8, "max_overflow": 24, "pool_timeout": 10}
# A deletion waits this long for readers before it leaves the log to a later transaction.
_CHECKPOINT_TIMEOUT_MS = 1_000


class Transactions(Protocol):
    """A source of transactions: the database, or one transaction of it that is open already."""

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state of the database."""

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction that is committed when the block ends, and rolled back when it raises."""

    def forget(self) -> None:
        """Remove deleted rows from SQLite's write-ahead log once the transaction is committed."""

    def discard(self, keys: Sequence[str]) -> None:
        """Remove objects, which no row names any more, once the transaction is committed."""


class OpenTransaction:
    """One write transaction, shared by every repository that takes part in it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.has_deleted = False
        self.discarded: list[str] = []

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """The open transaction; it sees its own changes."""
        yield self._connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The open transaction; committing it is left to `Database.begin`."""
        yield self._connection

    def forget(self) -> None:
        """Note that rows were deleted."""
        self.has_deleted = True

    def discard(self, keys: Sequence[str]) -> None:
        """Note that objects are to be removed."""
        self.discarded += keys


class Database:
    """A pool of connections. Safe to share between threads, not between processes."""

    def __init__(self, engine: Engine, objects: ObjectStore | None = None) -> None:
        self._objects = objects or NoObjects()
        snapshot = {} if is_sqlite(engine) else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._engine = engine
        self._reader = engine.execution_options(**snapshot)
        self._writer = engine.execution_options(immediate=True)
        # Deleted rows may remain in the write-ahead log, as a reader was in the way when it was to be emptied.
        self._log_is_due = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database, whatever others write meanwhile.

        Raises:
            Unavailable: the database does not answer, or not in time.
        """
        with _as_own_errors(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is kept whole when the block ends, and not at all when it raises.

        Raises:
            Unavailable: the database does not answer, or others kept it locked.
        """
        with _as_own_errors(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[OpenTransaction]:
        """A write transaction for several repositories: committed when the block ends, rolled back when it raises.

        Raises:
            Unavailable: as `write`.
        """
        with self.write() as connection:
            transaction = OpenTransaction(connection)
            yield transaction
        if transaction.has_deleted or self._log_is_due:
            self.forget()
        self.discard(transaction.discarded)

    def discard(self, keys: Sequence[str]) -> None:
        """Remove objects that no row names any more; where the bucket does not answer they remain as orphans."""
        try:
            if keys:
                self._objects.remove(keys)
        except Unavailable:
            log.warning("%d objects of deleted studies remain until orphans are swept", len(keys))

    def forget(self) -> None:
        """Empty SQLite's write-ahead log after a deletion, so that nothing of the deleted rows remains on the disk.

        A reader that is still in an older transaction keeps the log from being emptied. Then the next write transaction
        of this process tries again, and a warning is logged meanwhile. PostgreSQL has no such log of ours.

        Source: https://sqlite.org/pragma.html#pragma_wal_checkpoint (the first column tells whether it was blocked);
        pages in the database itself are overwritten with zeros by secure_delete.
        """
        if not is_sqlite(self._engine):
            return
        with _as_own_errors(), closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_TIMEOUT_MS}")
            is_blocked = bool(cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
            cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        if is_blocked and not self._log_is_due:
            log.warning("deleted rows remain in the write-ahead log until a reader ends its transaction")
        self._log_is_due = is_blocked

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._engine.dispose()


def connect(database_url: str, *, for_migration: bool = False) -> Engine:
    """An engine for `sqlite:///PATH` or `postgresql://…`; nothing is opened yet.

    For a migration, PostgreSQL's statements may take as long as they need.

    Raises:
        ConfigError: another database, or not a URL; the URL is not shown, as it may hold a password.
    """
    url = parse_url(database_url)
    # Parameters are digests, hashes and ciphertext: they do not belong into an error's text.
    if url.drivername == "sqlite":
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000}, **_POOL)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    settings = f"-c lock_timeout={0 if for_migration else _LOCK_TIMEOUT_MS}"
    settings += f" -c statement_timeout={0 if for_migration else _STATEMENT_TIMEOUT_MS}"
    arguments = {"connect_timeout": _CONNECT_TIMEOUT_S, "options": settings}
    return create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=arguments, **_POOL)


def parse_url(database_url: str) -> URL:
    """The URL with the driver that is installed.

    Raises:
        ConfigError: as `connect`.
    """
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        raise ConfigError("DATABASE_URL is not a URL such as sqlite:///PATH or postgresql://USER@HOST/NAME.") from None
    if url.drivername not in _DRIVERS:
        raise ConfigError("DATABASE_URL must begin with sqlite:/// or postgresql://.")
    if url.drivername.startswith("sqlite") and url.database in (None, "", ":memory:"):
        raise ConfigError("DATABASE_URL must name a file: sqlite:///PATH.")
    return url.set(drivername=_DRIVERS[url.drivername])


def is_sqlite(engine: Engine | Connection) -> bool:
    """Whether this is SQLite; it is PostgreSQL otherwise."""
    return engine.dialect.name == "sqlite"


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    # None leaves BEGIN to us: Python's sqlite3 would start a transaction only before the first write.
    connection.isolation_level = None
    for pragma in (f"busy_timeout = {_BUSY_TIMEOUT_MS}", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}").close()
    _use_wal(connection)


def _use_wal(connection: SqliteConnection) -> None:
    """Turn on the write-ahead log, once in the life of a file, so that readers and the writer do not wait.

    Of several connections that do it at once, SQLite refuses all but one without regard to busy_timeout.
    """
    deadline = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except SqliteOperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_S)


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads and then writes fails at once when another wrote in between, without regard to
    # busy_timeout (https://sqlite.org/isolation.html); taking the write lock first makes it wait its turn.
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def _as_own_errors() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Unavailable from error
