"""Bring a database to the schema of this version, and refuse to work with any other."""

import logging
import os
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from app.errors import ConfigError
from app.storage.database import connect, is_sqlite, parse_url

_MIGRATIONS = Path(__file__).with_name("migrations")
# Any number, the same for every process of this application: they migrate one after the other.
_LOCK = 7_263_114_905
_NO_ANSWER = "The database of DATABASE_URL does not answer, refuses the user, or is damaged."


def migrate(database_url: str) -> str | None:
    """Create or bring up to date all tables, in one transaction; several processes may do it at once.

    A SQLite database is made when it is not there, readable by its owner only. Returns the revision that the schema had
    before, None for an empty database.

    Raises:
        ConfigError: the URL is wrong, the database cannot be used, or was made by a newer version.
    """
    _make_file(database_url)
    engine = connect(database_url, for_migration=True)
    try:
        return _upgrade(engine)
    except DatabaseError as error:
        raise ConfigError(_NO_ANSWER) from error
    except CommandError as error:
        raise ConfigError("The database was made by a newer version of this software.") from error
    finally:
        engine.dispose()


def check_schema(engine: Engine) -> None:
    """Accept a database whose schema is this version's.

    Raises:
        ConfigError: it does not answer, is damaged, empty, older or newer.
    """
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_heads()
    except DatabaseError as error:
        raise ConfigError(_NO_ANSWER) from error
    if set(found) != set(ScriptDirectory.from_config(_config()).get_heads()):
        raise ConfigError("The database is not at the schema of this version. Run its migrations first.")


def sqlite_path(database_url: str) -> Path | None:
    """The file of a SQLite database, or None for PostgreSQL.

    Raises:
        ConfigError: the URL is wrong.
    """
    url = parse_url(database_url)
    return Path(url.database or "") if url.drivername == "sqlite" else None


def _upgrade(engine: Engine) -> str | None:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = _config()
    with engine.execution_options(immediate=True).begin() as connection:
        if not is_sqlite(engine):
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        before = MigrationContext.configure(connection).get_current_revision()
        command.upgrade(config, "head")
    return before


def _config() -> Config:
    config = Config()
    # ConfigParser reads a single % as the start of a reference.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _make_file(database_url: str) -> None:
    path = sqlite_path(database_url)
    if path is None:
        return
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigError(f"The database file of DATABASE_URL cannot be written: {error.strerror}.") from error
