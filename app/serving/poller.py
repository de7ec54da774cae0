"""Wait for sockets, and be woken by other threads."""

import os
import selectors
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
Callback = Callable[[], None]


class Pollable(Protocol):
    """A socket, or gunicorn's wrapper of one."""

    def fileno(self) -> int:
        """Return the file descriptor."""


class Poller:
    """Calls back for sockets that are ready. Everything but `wake` is for one thread."""

    def __init__(self, wake_fds: tuple[int, int]) -> None:
        """wake_fds: both ends of a pipe that does not block, to read from and to write to."""
        self._selector = selectors.DefaultSelector()
        self._read_fd, self._write_fd = wake_fds
        self._selector.register(self._read_fd, READ, self._drain)

    def watch(self, source: Pollable, event: int, callback: Callback) -> None:
        """Call back whenever `source` can be read from, or written to; instead of what was watched for before."""
        if source in self._selector.get_map():
            self._selector.modify(source, event, callback)
        else:
            self._selector.register(source, event, callback)

    def forget(self, source: Pollable) -> None:
        """Call back no more."""
        if source in self._selector.get_map():
            self._selector.unregister(source)

    def wait(self, timeout_s: float) -> None:
        """Call back for all that is ready, within `timeout_s` seconds."""
        for key, _ in self._selector.select(timeout_s):
            # An earlier callback of this turn may have closed it, and the descriptor may be another's by now.
            current = self._selector.get_map().get(key.fd)
            if current is not None and current.data is key.data:
                key.data()

    def wake(self) -> None:
        """End `wait`; from any thread."""
        # A full pipe wakes as well.
        with suppress(BlockingIOError):
            os.write(self._write_fd, b".")

    def close(self) -> None:
        """Forget everything."""
        self._selector.close()

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._read_fd, 4096)
