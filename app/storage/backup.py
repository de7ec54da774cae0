"""Copy a SQLite database while others use it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from app.errors import ConfigError, Unavailable

_BUSY_S = 10.0


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy `source` to the new file `target`, which is readable for its owner alone.

    Raises:
        ConfigError: `target` exists or cannot be made. Unavailable: `source` cannot be read; `target` is removed.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise ConfigError(f"The file cannot be made: {target}: {error.strerror}") from None
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=_BUSY_S)) as opened,
            closing(sqlite3.connect(target)) as copy,
        ):
            opened.backup(copy)
    except sqlite3.Error:
        target.unlink()
        raise Unavailable from None
