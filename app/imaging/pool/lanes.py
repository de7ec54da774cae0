"""How many files are decoded at a time: a few quick ones, and beside them a few that take long."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Busy


class Lane:
    """A seat in the quick lane, which is given up for one in the slow lane once a file takes long."""

    def __init__(self, quick: threading.BoundedSemaphore, slow: threading.BoundedSemaphore) -> None:
        self._held, self._slow = quick, slow

    def slow_down(self) -> None:
        """Make room in the quick lane, where the slow one has a seat."""
        if self._held is not self._slow and self._slow.acquire(blocking=False):
            self._held.release()
            self._held = self._slow

    def leave(self) -> None:
        """Give the seat up."""
        self._held.release()


class Lanes:
    """Two bounded lanes, so that files which take long leave room for all the others."""

    def __init__(self, quick: int, slow: int, wait_s: float) -> None:
        self._quick, self._slow = threading.BoundedSemaphore(quick), threading.BoundedSemaphore(slow)
        self._wait_s = wait_s

    @contextmanager
    def seat(self) -> Iterator[Lane]:
        """A seat in the quick lane, for the time of the context.

        Raises:
            Busy: none became free in time.
        """
        if not self._quick.acquire(timeout=self._wait_s):
            raise Busy
        lane = Lane(self._quick, self._slow)
        try:
            yield lane
        finally:
            lane.leave()
