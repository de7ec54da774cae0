"""DATABASE_URL is understood, or refused without showing its password; and what connections are set to."""

from datetime import datetime

import pytest
from sqlalchemy.exc import StatementError

from app.errors import ConfigError, Unavailable
from app.storage import Store, migrate, open_store
from app.storage.database import Database, connect, is_sqlite, parse_url


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_takes_the_driver_that_is_installed(scheme: str) -> None:
    assert parse_url(f"{scheme}://user:word@host/name").drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    "url", ["", "secret", "mysql://me:secret@host/x", "sqlite://", "sqlite:///:memory:", "postgresql://me:secret@h:x/y"]
)
def test_any_other_database_is_refused_and_no_password_shown(url: str) -> None:
    for use in (migrate, open_store):
        with pytest.raises(ConfigError, match="DATABASE_URL") as refused:
            use(url)
        assert "secret" not in str(refused.value)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    for use in (migrate, open_store):
        with pytest.raises(ConfigError, match="does not answer") as refused:
            use("postgresql://me:secret@127.0.0.1:1/name")
        assert "secret" not in str(refused.value) + str(refused.value.__cause__)


def test_sqlite_is_set_to_wait_to_keep_its_rules_and_to_overwrite_what_is_deleted(migrated_file: object) -> None:
    engine = connect(f"sqlite:///{migrated_file}")
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "secure_delete")
        }
    engine.dispose()
    assert found == {"journal_mode": "wal", "busy_timeout": 10_000, "foreign_keys": 1, "secure_delete": 1}


@pytest.mark.postgres
def test_postgresql_gives_up_on_a_statement_or_lock_that_takes_too_long(postgres: str) -> None:
    engine = connect(postgres)
    with engine.connect() as connection:
        found = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("statement_timeout", "lock_timeout")]
    engine.dispose()
    assert found == ["30s", "10s"]


def test_a_database_that_has_gone_is_unavailable(database_url: str) -> None:
    engine = connect(database_url)
    database = Database(engine)
    Store(database).ping()
    with pytest.raises(Unavailable), database.read() as connection:
        connection.exec_driver_sql(
            "SELECT * FROM nowhere" if is_sqlite(engine) else "SELECT pg_terminate_backend(pg_backend_pid())"
        )
    Store(database).ping()
    engine.dispose()


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="time zone"):
        store.attempts.purge(datetime(2026, 1, 1))
