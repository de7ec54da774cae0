"""The store: everything that is kept, in one database, and the unit of work that changes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from app.config import BucketSettings
from app.errors import ConfigError, Unavailable
from app.storage.access.attempts import Attempts
from app.storage.access.credentials import Credentials
from app.storage.access.identities import Identities
from app.storage.access.passkeys import Passkeys
from app.storage.access.people import People
from app.storage.access.preferences import Preferences
from app.storage.access.second_factors import SecondFactors
from app.storage.audit import Audit
from app.storage.backup import copy_sqlite
from app.storage.database import Database, Transactions, connect
from app.storage.objects import NoObjects, ObjectStore, open_objects
from app.storage.outbox import Outbox
from app.storage.received import Received
from app.storage.schema import check_schema, sqlite_path
from app.storage.studies.bin import Bin
from app.storage.studies.decisions import Decisions
from app.storage.studies.feedback import FeedbackLog
from app.storage.studies.notices import Notices
from app.storage.studies.originals import Originals
from app.storage.studies.repeatable import Repeatable
from app.storage.studies.studies import Studies
from app.storage.studies.thumbnails import Thumbnails
from app.storage.worklist.worklist import Worklist


class Repositories:
    """Every repository over one source of transactions."""

    def __init__(self, transactions: Transactions, objects: ObjectStore) -> None:
        self.people = People(transactions)
        self.credentials = Credentials(transactions)
        self.attempts = Attempts(transactions)
        self.identities = Identities(transactions)
        self.passkeys = Passkeys(transactions)
        self.second_factors = SecondFactors(transactions)
        self.studies = Studies(transactions, objects)
        self.originals = Originals(transactions, objects)
        self.preferences = Preferences(transactions)
        self.thumbnails = Thumbnails(transactions)
        self.bin = Bin(transactions)
        self.feedback = FeedbackLog(transactions)
        self.worklist = Worklist(transactions)
        self.received = Received(transactions)
        self.audit = Audit(transactions)
        self.decisions = Decisions(transactions)
        self.repeatable = Repeatable(transactions)
        self.notices = Notices(transactions)
        self.outbox = Outbox(transactions)


class UnitOfWork(Repositories):
    """One write transaction: what its repositories change is kept together, or not at all.

    Append the audit entry last. It takes the turn of the tenant's chain, which others wait for until the commit.
    """


class Store(Repositories):
    """Reads what is kept, and begins units of work. Safe to share between threads; it holds no key.

    A method of one of its repositories runs in a transaction of its own.
    """

    def __init__(self, database: Database, file: Path | None = None, objects: ObjectStore | None = None) -> None:
        """Take the database, its file where it is SQLite, and the bucket where originals are objects."""
        self.objects = objects or NoObjects()
        super().__init__(database, self.objects)
        self._database = database
        self._file = file
        self._identity = _identity(file)

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """A unit of work: committed when the block ends, rolled back when it raises.

        Raises:
            Unavailable: the database does not answer, or others kept it locked.
        """
        with self._database.begin() as transaction:
            yield UnitOfWork(transaction, self.objects)

    def back_up(self, target: Path) -> None:
        """Copy a SQLite database to a new file for its owner alone (0600), also while it is written to.

        Raises:
            ConfigError: the database is another kind, or the file exists or cannot be made.
            Unavailable: the database cannot be read.
        """
        if self._file is None:
            raise ConfigError("This database is not SQLite: back it up by its own tools (pg_dump).")
        copy_sqlite(self._file, target)

    def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            Unavailable: there is none, or the file is not the one that was opened: it was removed or replaced.
        """
        if _identity(self._file) != self._identity:
            raise Unavailable
        with self._database.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close the connections; the store is not used after it."""
        self._database.close()


def open_store(database_url: str, bucket: BucketSettings | None = None) -> Store:
    """Open a database that `migrate` has prepared; creates and changes nothing.

    bucket: where originals are stored; None for the database.

    Raises:
        ConfigError: the URL is wrong, the database is not there or does not answer, or its schema is another version's.
    """
    path = sqlite_path(database_url)
    if path is not None and not path.is_file():
        raise ConfigError("The database file of DATABASE_URL does not exist. Run the migrations first.")
    objects = open_objects(bucket)
    engine = connect(database_url)
    try:
        check_schema(engine)
    except ConfigError:
        engine.dispose()
        raise
    return Store(Database(engine, objects), path, objects)


def _identity(file: Path | None) -> tuple[int, int] | None:
    """The device and inode of a file; None for no file, or one that is gone."""
    try:
        status = file.stat() if file else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None
