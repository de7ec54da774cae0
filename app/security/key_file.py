"""Master keys in a file that a rotation may rewrite while other processes serve."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from app.errors import ConfigError
from app.files import write_whole
from app.security.keys import MasterKey, MasterKeys


class KeyRing(Protocol):
    """Master keys, newest first: `MasterKeys` and `KeyFile` both are."""

    @property
    def newest(self) -> MasterKey:
        """The key that seals."""

    def __iter__(self) -> Iterator[MasterKey]: ...

    def get(self, kid: str) -> MasterKey | None:
        """The key of this name, or None."""


class KeyFile:
    """The master keys of a file, read again whenever the file changes. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            ConfigError: it cannot be read, or holds no master keys.
        """
        self._path = path
        self._stamp, self._keys = _stamp(path), _read(path)

    @property
    def newest(self) -> MasterKey:
        """The key that seals."""
        return self._current().newest

    def __iter__(self) -> Iterator[MasterKey]:
        return iter(self._current())

    def get(self, kid: str) -> MasterKey | None:
        """The key of this name, or None."""
        return self._current().get(kid)

    def add_newest(self, key: str) -> None:
        """Write a key, `KID:KEY`, before the others; the file is replaced whole, and stays readable by its owner alone.

        Raises:
            ConfigError: the file or its folder cannot be written.
        """
        older = self._path.read_text(encoding="utf-8").strip()
        try:
            write_whole(self._path, f"{key},{older}\n", mode=0o600)
        except OSError:
            raise ConfigError(f"The file of the master keys cannot be written: {self._path}") from None

    def _current(self) -> MasterKeys:
        stamp = _stamp(self._path)
        if stamp is not None and stamp != self._stamp:
            # Both are replaced by whole values; two threads that meet here do the same work twice.
            self._keys, self._stamp = _read(self._path), stamp
        return self._keys


def _read(path: Path) -> MasterKeys:
    try:
        return MasterKeys.parse(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"The file of the master keys cannot be read: {path}") from None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when the file is replaced; None when it is not there, so that the keys at hand go on."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
