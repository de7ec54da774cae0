"""Threads for requests that are whole: lanes that cannot take each other's threads, each with a bounded queue."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from app.serving.exchange import Answer

Job = Callable[[], Answer]


@dataclass(frozen=True)
class Width:
    """threads: how many requests a lane works on. most: how many have a seat in it, before it or on a thread."""

    threads: int
    most: int


class Lanes:
    """A pool of threads for each lane. Seats are taken and left by one thread."""

    def __init__(self, widths: Mapping[str, Width]) -> None:
        self._widths = dict(widths)
        self._seated = dict.fromkeys(widths, 0)
        self._pools = {
            name: ThreadPoolExecutor(width.threads, thread_name_prefix=name) for name, width in widths.items()
        }

    def is_full(self, name: str) -> bool:
        """Whether a lane has no seat left."""
        return self._seated[name] >= self._widths[name].most

    def take(self, name: str) -> bool:
        """Take a seat; False where there is none."""
        if self.is_full(name):
            return False
        self._seated[name] += 1
        return True

    def leave(self, name: str) -> None:
        """Give up a seat."""
        self._seated[name] -= 1

    def submit(self, name: str, job: Job, when_done: Callable[[Future[Answer]], None]) -> None:
        """Run `job` on a thread of the lane, after those before it; `when_done` is called on that thread."""
        self._pools[name].submit(job).add_done_callback(when_done)

    def close(self) -> None:
        """Take no more jobs, and drop those that wait."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
