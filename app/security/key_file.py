"""Master keys in a file that a rotation may rewrite while other processes serve."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from app.errors import ConfigError
from app.files import write_whole
from app.security.keys import MasterKey, MasterKeys

log = logging.getLogger(__name__)


class KeyRing(Protocol):
    """Master keys, newest first: `MasterKeys` and `KeyFile` both are."""

    @property
    def newest(self) -> MasterKey:
        """The key that seals."""

    def __iter__(self) -> Iterator[MasterKey]: ...

    def get(self, kid: str) -> MasterKey | None:
        """The key of this name, or None."""


class KeyFile:
    """The master keys of a file, parsed again whenever the file changes. Safe to share between threads.

    A file that does not parse, such as one that is half written by other means, leaves the last keys in use.
    """

    def __init__(self, path: Path) -> None:
        """Parse the file.

        Raises:
            ConfigError: it cannot be opened, or holds no master keys.
        """
        self._path = path
        self._stamp, self._keys = _stamp(path), _parse(path)

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
        """Write a key, `KID:KEY`, before the others, one a line; owner and mode of the file stay.

        The file is replaced whole. Processes that add keys at the same time take turns, so that none is lost.

        Raises:
            ConfigError: the file or its folder cannot be written, or the file does not parse.
        """
        try:
            with _turn(self._path):
                status, older = self._path.stat(), _parse(self._path).lines()
                write_whole(self._path, "\n".join((key, *older)) + "\n", mode=status.st_mode & 0o777)
                os.chown(self._path, status.st_uid, status.st_gid)
        except OSError:
            raise ConfigError(f"The file of the master keys cannot be written: {self._path}") from None

    def _current(self) -> MasterKeys:
        stamp = _stamp(self._path)
        if stamp is not None and stamp != self._stamp:
            # Both are replaced by whole values; two threads that meet here do the same work twice.
            try:
                self._keys, self._stamp = _parse(self._path), stamp
            except ConfigError:
                log.warning("the file of the master keys does not parse; the last keys stay in use")
                self._stamp = stamp
        return self._keys


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Hold a lock beside the file, as the file itself is replaced."""
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _parse(path: Path) -> MasterKeys:
    try:
        return MasterKeys.parse(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"The file of the master keys cannot be read: {path}") from None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """The identity of the file's content; None when it is not there, so that the keys at hand stay in use."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
