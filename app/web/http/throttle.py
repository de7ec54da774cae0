"""Slows down whoever guesses passwords: so many attempts in so many seconds for one name from one address."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from app.errors import TooManyAttempts


class Throttle:
    """Counts attempts in this process; safe under threads, and bounded in memory."""

    def __init__(
        self,
        attempts: int = 8,
        window_s: float = 300.0,
        most_keys: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._attempts = attempts
        self._window_s = window_s
        self._most_keys = most_keys
        self._clock = clock
        self._times: OrderedDict[tuple[str, ...], list[float]] = OrderedDict()
        self._lock = Lock()

    def attempt(self, *key: str) -> None:
        """Count one attempt.

        Raises:
            TooManyAttempts: this key has used up its attempts within the window.
        """
        now = self._clock()
        with self._lock:
            recent = [then for then in self._times.pop(key, []) if now - then < self._window_s]
            self._times[key] = recent
            if len(recent) >= self._attempts:
                raise TooManyAttempts
            recent.append(now)
            while len(self._times) > self._most_keys:
                self._times.popitem(last=False)

    def succeeded(self, *key: str) -> None:
        """Forget this key: whoever it was, they knew the password."""
        with self._lock:
            self._times.pop(key, None)
