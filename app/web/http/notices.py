"""Notices that one request leaves for the next, in this process's memory: no file name in a cookie or on a disk."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True)
class RefusedFile:
    """The name of a file that was not stored, and the reason in the language of its sender."""

    name: str
    message: str


class Notices:
    """Refused files by person and study; safe under threads, bounded in memory, and each is given out once."""

    def __init__(
        self, lifetime_s: float = 600.0, most_keys: int = 1000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lifetime_s = lifetime_s
        self._most_keys = most_keys
        self._clock = clock
        self._kept: OrderedDict[tuple[str, ...], tuple[float, tuple[RefusedFile, ...]]] = OrderedDict()
        self._lock = Lock()

    def leave(self, refused: Sequence[RefusedFile], *key: str) -> None:
        """Keep `refused` for the next `take` of `key`; the oldest of too many is dropped."""
        with self._lock:
            self._kept[key] = self._clock(), tuple(refused)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most_keys:
                self._kept.popitem(last=False)

    def take(self, *key: str) -> tuple[RefusedFile, ...]:
        """Remove and return what was left for `key`; nothing once `lifetime_s` has passed."""
        with self._lock:
            left_at, refused = self._kept.pop(key, (0.0, ()))
        return refused if refused and self._clock() - left_at < self._lifetime_s else ()
