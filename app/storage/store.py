"""The store: everything that is kept, in one database."""

from sqlalchemy import text

from app.errors import ConfigError
from app.storage.audit import Audit
from app.storage.credentials import Credentials
from app.storage.database import Database, connect
from app.storage.feedback import FeedbackLog
from app.storage.people import People
from app.storage.schema import check_schema, sqlite_path
from app.storage.studies import Studies
from app.storage.worklist import Worklist


class Store:
    """All that is kept, ciphertext and who may ask for it. Safe to share between threads; it holds no key."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.people = People(database)
        self.credentials = Credentials(database)
        self.studies = Studies(database)
        self.feedback = FeedbackLog(database)
        self.worklist = Worklist(database)
        self.audit = Audit(database)

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            Unavailable: there is none.
        """
        with self._database.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close the connections; the store is not used after it."""
        self._database.close()


def open_store(database_url: str) -> Store:
    """Open a database that `migrate` has prepared; creates and changes nothing.

    Raises:
        ConfigError: the URL is wrong, the database is not there or does not answer, or its schema is another version's.
    """
    path = sqlite_path(database_url)
    if path is not None and not path.is_file():
        raise ConfigError("The database file of DATABASE_URL does not exist. Run the migrations first.")
    engine = connect(database_url)
    try:
        check_schema(engine)
    except ConfigError:
        engine.dispose()
        raise
    return Store(Database(engine))
