"""A SQLite database is copied whole while it is written to, for its owner alone."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from app.errors import ConfigError
from app.storage import migrate, open_store
from app.storage.store import Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "copy.db"


def rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT count(*) FROM notes").fetchone()[0])


def test_a_copy_has_what_was_committed_and_is_for_its_owner_alone(tmp_path: Path, file: Path) -> None:
    url = f"sqlite:///{tmp_path / 'here.db'}"
    migrate(url)
    with closing(sqlite3.connect(tmp_path / "here.db")) as writer:
        writer.execute("CREATE TABLE notes (text TEXT)")
        writer.execute("INSERT INTO notes VALUES ('committed')")
        writer.commit()
        writer.execute("INSERT INTO notes VALUES ('not committed')")
        store: Store = open_store(url)
        store.back_up(file)
        store.close()
        writer.rollback()
    assert rows(file) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    open_store(f"sqlite:///{file}").close()


def test_a_file_that_exists_is_never_written_over(tmp_path: Path, file: Path) -> None:
    url = f"sqlite:///{tmp_path / 'here.db'}"
    migrate(url)
    file.write_text("kept")
    store = open_store(url)
    with pytest.raises(ConfigError, match="File exists"):
        store.back_up(file)
    store.close()
    assert file.read_text() == "kept"
