"""Every test that takes `store` or `database_url` runs on SQLite and on PostgreSQL, each time in a fresh database."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.records import Person
from app.storage import NewImage, NewStudy, PersonRow, Store, migrate, new_id, open_store
from app.storage.tables import metadata
from tests.support.postgres_server import postgres_server

NOW = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=UTC)
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
_names = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a running server, migrated."""
    with postgres_server() as url:
        migrate(url)
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    migrate(f"sqlite:///{path}")
    return path


def run_sql(url: str, statement: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server, name = request.getfixturevalue("postgres"), f"empty{next(_names)}"
    run_sql(server, f"CREATE DATABASE {name} TEMPLATE template0")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database without rows."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "test.db")
        return f"sqlite:///{tmp_path / 'test.db'}"
    url = request.getfixturevalue("postgres")
    run_sql(url, f"TRUNCATE {', '.join(metadata.tables)}")
    run_sql(url, "INSERT INTO tenants VALUES ('default', now())")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """The store, with the tenants "default" and "other"."""
    store = open_store(database_url)
    store.people.add_tenant("other", NOW)
    yield store
    store.close()


@pytest.fixture
def anna(store: Store) -> Person:
    person = Person(new_id(), "default", "anna", "clinician")
    store.people.add(PersonRow(person, "a hash", NOW, mac=b"mac"))
    return person


def new_image(tag: bytes = b"x") -> NewImage:
    return NewImage(new_id(), NOW, b"reading " + tag, b"original " + tag)


def new_study(*images: NewImage, created_at: datetime = NOW) -> NewStudy:
    return NewStudy(new_id(), created_at, "anna", b"wrapped", images or (new_image(),))
