"""Migrations make exactly the tables that the code expects, by any user and any number of times."""

import logging
import multiprocessing
import stat
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from app import storage
from app.errors import ConfigError
from app.storage import Labels, NewFeedback, NewStudy, migrate, new_id, open_store
from app.storage.database import connect
from app.storage.tables import metadata
from tests.storage.conftest import NOW, new_image


def test_the_migrations_make_the_tables_that_the_code_expects(database_url: str) -> None:
    engine = connect(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        found = inspect(connection)
        for name, expected in metadata.tables.items():
            keys = {(key["name"], key["options"]["ondelete"]) for key in found.get_foreign_keys(name)}
            assert keys == {(key.name, key.ondelete) for key in expected.foreign_key_constraints}
        assert found.get_check_constraints("people")[0]["name"] == "ck_people_role"
    engine.dispose()


def test_every_table_has_a_tenant_and_every_foreign_key_goes_through_it() -> None:
    for table in metadata.tables.values():
        assert not table.c.tenant.nullable
        for key in table.foreign_key_constraints:
            assert key.column_keys[0] == "tenant"


def test_migrating_again_changes_nothing_and_says_nothing(
    database_url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    migrate(database_url)
    migrate(database_url)
    open_store(database_url).close()
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_processes_that_migrate_at_once_all_succeed(empty_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(2)
    processes = [spawn.Process(target=migrate_together, args=(empty_url, together)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    open_store(empty_url).close()


def migrate_together(url: str, together: Barrier) -> None:
    together.wait(60)
    migrate(url)


def test_an_empty_older_or_newer_database_is_not_opened(empty_url: str) -> None:
    with pytest.raises(ConfigError, match="database"):
        open_store(empty_url)
    migrate(empty_url)
    engine = connect(empty_url)
    for revision in ("0000", "9999"):
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
        with pytest.raises(ConfigError, match="schema"):
            open_store(empty_url)
    engine.dispose()
    with pytest.raises(ConfigError, match="newer"):
        migrate(empty_url)


def test_what_was_stored_before_feedback_stays_and_takes_feedback(empty_url: str) -> None:
    migrate_to(empty_url, "0001")
    study, image = new_id(), new_id()
    rows = {
        "studies": {"tenant": "t", "id": study, "created_at": NOW, "created_by": "anna", "wrapped_key": b"key"},
        "images": {
            "tenant": "t",
            "id": image,
            "study": study,
            "position": 0,
            "created_at": NOW,
            "sealed_reading": b"r",
        },
        "originals": {"tenant": "t", "image": image, "sealed_original": b"o"},
    }
    engine = connect(empty_url)
    with engine.begin() as connection:
        for name, row in rows.items():
            columns = ", ".join(row)
            values = ", ".join(f":{column}" for column in row)
            connection.execute(text(f"INSERT INTO {name} ({columns}) VALUES ({values})"), row)
    engine.dispose()

    migrate(empty_url)

    store = open_store(empty_url)
    found = store.studies.original("t", study, image)
    assert (found.wrapped_key, found.image.sealed_assessment, found.sealed_original) == (b"key", b"r", b"o")
    new = NewFeedback(new_id(), study, image, "anna", NOW, b"said")
    store.feedback.add("t", new, NOW, is_same=lambda _: False)
    assert [row.sealed for row in store.feedback.of_study("t", study)] == [b"said"]
    store.studies.add("t", NewStudy(new_id(), NOW, "anna", b"key", (new_image(),)))
    store.close()


def test_who_gave_an_answer_before_the_worklist_has_read_the_study(empty_url: str) -> None:
    migrate_to(empty_url, "0002")
    engine = connect(empty_url)
    studies, answered, more = ("answered", "more", "nobody"), NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    with engine.begin() as connection:
        for study in studies:
            connection.execute(
                text("INSERT INTO studies VALUES ('t', :id, :at, 'anna', :key)"), {"id": study, "at": NOW, "key": b"k"}
            )
        for image, study, at in (("1", "answered", NOW), ("2", "more", NOW), ("3", "more", more), ("4", "nobody", NOW)):
            row = {"tenant": "t", "id": image, "study": study, "position": int(image), "created_at": at}
            insert = "INSERT INTO images (tenant, id, study, position, created_at, sealed_reading)"
            values = "VALUES (:tenant, :id, :study, :position, :created_at, :sealed)"
            connection.execute(text(f"{insert} {values}"), row | {"sealed": b"r"})
        for said, study, image in (("1", "answered", "1"), ("2", "answered", "1"), ("3", "more", "2")):
            row = {"tenant": "t", "id": said, "study": study, "image": image, "person": "bob", "sealed": b"s"}
            connection.execute(metadata.tables["feedback"].insert().values(**row, created_at=answered))
    engine.dispose()

    migrate(empty_url)

    store = open_store(empty_url)
    found = {study: store.worklist.get("t", study) for study in studies}
    assert {study: row.is_read for study, row in found.items()} == {"answered": True, "more": False, "nobody": False}
    assert [(mark.person, mark.at) for mark in found["answered"].marks] == [("bob", answered)]
    assert [mark.person for mark in found["more"].marks] == ["bob"]
    assert store.worklist.index_some("t", b"key", 9, label=lambda _: Labels(b"key", (b"all",), b"one", b"one")) == 3
    store.close()


def migrate_to(url: str, revision: str) -> None:
    engine = connect(url, for_migration=True)
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).with_name("migrations")).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_opening_creates_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        open_store(f"sqlite:///{tmp_path / 'none.db'}")
    assert list(tmp_path.iterdir()) == []


def test_a_sqlite_database_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'new.db'}")
    store = open_store(f"sqlite:///{tmp_path / 'new.db'}")
    store.ping()
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    store.close()


def test_a_folder_that_is_not_there_or_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        migrate(f"sqlite:///{tmp_path / 'none' / 'new.db'}")
    path = tmp_path / "text.db"
    path.write_bytes(b"not a database at all" * 100)
    for use in (migrate, open_store):
        with pytest.raises(ConfigError, match="DATABASE_URL"):
            use(f"sqlite:///{path}")
    assert path.read_bytes() == b"not a database at all" * 100
