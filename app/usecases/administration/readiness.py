"""Tell whether the application is ready at once, however long a check takes."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import monotonic

from app.services import Services
from app.usecases.administration.health import Cause, checks_of

_log = logging.getLogger(__name__)

# A database that is busy with a large write answers late, and is ready all the same.
_PATIENCE_S, _KEPT_S = 0.4, 10.0
_FIRST_PATIENCE_S = 5.0


@dataclass(frozen=True)
class _Result:
    """The result of a check, and when it began."""

    works: bool
    began_s: float


class _Check:
    """One check, of which one run is under way at a time; those who ask meanwhile share it."""

    def __init__(self, check: Callable[[], bool], clock: Callable[[], float]) -> None:
        self._check, self._clock = check, clock
        self._lock = Lock()
        self._running: Event | None = None
        self._last = _Result(works=False, began_s=float("-inf"))

    def works(self, patience_s: float) -> bool:
        """Return the result within `patience_s`; the last one where it is late, if that is not long ago.

        Before anything is known there is more time.
        """
        is_known = self._last.began_s > float("-inf")
        self._started().wait(patience_s if is_known else _FIRST_PATIENCE_S)
        with self._lock:
            return self._last.works and self._clock() - self._last.began_s < _KEPT_S

    def _started(self) -> Event:
        with self._lock:
            if self._running is None:
                self._running = Event()
                Thread(target=self._run, args=(self._running,), name="readiness", daemon=True).start()
            return self._running

    def _run(self, over: Event) -> None:
        began_s, works = self._clock(), False
        try:
            works = self._check()
        finally:
            with self._lock:
                self._last, self._running = _Result(works, began_s), None
            over.set()


class Readiness:
    """The parts of the application that do not work, told within a second. Safe to share between threads."""

    def __init__(
        self, services: Services, patience_s: float = _PATIENCE_S, clock: Callable[[], float] = monotonic
    ) -> None:
        """patience_s: how long the answer may take for each part. clock: seconds that only grow."""
        self._checks = {cause: _Check(check, clock) for cause, check in checks_of(services).items()}
        self._patience_s = patience_s

    def failing(self) -> tuple[Cause, ...]:
        """The parts that do not work just now; none when the application is ready. Each cause is logged.

        A part whose check hangs does not work once its last success is ten seconds old.
        """
        causes = tuple(cause for cause, check in self._checks.items() if not check.works(self._patience_s))
        for cause in causes:
            _log.warning("not ready: %s", cause)
        return causes
