"""Share one engine among threads: one worker thread, a bounded queue, batches of equal shape, a deadline."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from app.detection.engines.engine import Engine
from app.errors import Busy, Unavailable

# One turn of the engine takes 0.1 to 2 s; an engine that needs longer than this hangs.
TURN_LIMIT_S = 30.0
_Turn = Future[NDArray[np.float32]]


@dataclass(eq=False)
class _Request:
    """One radiograph that waits for the engine: (H, W) uint8, and the answer once it is there."""

    pixels: NDArray[np.uint8]
    answer: NDArray[np.float32] | None = field(default=None)


@dataclass(frozen=True)
class Load:
    """How busy an engine is: requests waiting or running, how many of them may be, and seconds in turns so far."""

    inside: int
    limit: int
    busy_s: float


class Scheduler:
    """Runs an engine for any number of threads.

    Every request has a turn of its own on the one worker thread. A turn also serves requests of equal shape that wait,
    up to the engine's `max_batch`; their own turns then find the answer ready. So an error of the engine reaches the
    request whose turn it is, and no other.
    """

    def __init__(
        self,
        engine: Engine,
        queue: int,
        turn_limit_s: float = TURN_LIMIT_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """queue: how many requests may be inside, waiting or running, before `Busy`.

        turn_limit_s: seconds after which a turn of the engine counts as hanging. clock: seconds that only grow.
        """
        self._engine = engine
        self._places = BoundedSemaphore(queue)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="detector")
        self._waiting: list[_Request] = []
        self._lock = Lock()
        self._open = True
        self._turn_limit_s, self._clock = turn_limit_s, clock
        self._turn_began_s: float | None = None
        self._limit, self._inside, self._busy_s = queue, 0, 0.0
        self._last_turn: _Turn | None = None

    @property
    def open(self) -> bool:
        """False once `close` was called."""
        return self._open

    @property
    def hanging(self) -> bool:
        """Whether the engine has been in one turn for longer than the limit; False again once it answers."""
        return self._left_s() <= 0

    @property
    def load(self) -> Load:
        """How busy the engine is at this moment."""
        began_s = self._turn_began_s
        running_s = 0.0 if began_s is None else self._clock() - began_s
        with self._lock:
            return Load(self._inside, self._limit, self._busy_s + running_s)

    def run(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Wait for the engine's answer to one radiograph: (H, W) uint8 → (4 + regions, A) float32.

        Raises:
            Busy: the queue is full.
            Unavailable: the scheduler was closed, or the engine hangs.
            RuntimeError: the engine failed on this radiograph.
        """
        if not self._places.acquire(blocking=False):
            raise Busy
        self._count(1)
        try:
            request = _Request(pixels)
            with self._lock:
                if not self._open or self.hanging:
                    raise Unavailable
                self._waiting.append(request)
                turn = self._last_turn = self._worker.submit(self._serve, request)
            if not self._is_over(turn):
                self._abandon(request, turn)
                raise Unavailable
            return turn.result()
        finally:
            self._count(-1)
            self._places.release()

    def close(self) -> None:
        """Take no more requests, answer those that wait, end the thread. A second call does nothing.

        An engine that hangs is left behind, and the requests that wait for it are given up.
        """
        with self._lock:
            self._open = False
            last = self._last_turn
        over = last is None or self._is_over(last)
        self._worker.shutdown(wait=over, cancel_futures=not over)

    def _is_over(self, turn: _Turn) -> bool:
        """Wait for a turn; False when the engine hangs before it is over."""
        while not turn.done():
            left_s = self._left_s()
            if left_s <= 0:
                return False
            wait((turn,), timeout=left_s)
        return True

    def _left_s(self) -> float:
        """Seconds until the turn that the engine is in counts as hanging; the whole limit when it is in none."""
        began_s = self._turn_began_s
        return self._turn_limit_s if began_s is None else self._turn_limit_s - (self._clock() - began_s)

    def _count(self, change: int) -> None:
        with self._lock:
            self._inside += change

    def _abandon(self, request: _Request, turn: _Turn) -> None:
        turn.cancel()
        with self._lock:
            if request in self._waiting:
                self._waiting.remove(request)

    def _infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the engine, timed; on the worker thread."""
        self._turn_began_s = self._clock()
        try:
            return self._engine.infer(pixels)
        finally:
            began_s, self._turn_began_s = self._turn_began_s, None
            with self._lock:
                self._busy_s += self._clock() - began_s

    def _serve(self, request: _Request) -> NDArray[np.float32]:
        """One turn, on the worker thread."""
        if request.answer is None:
            company = self._company(request)
            if company:
                self._serve_together([request, *company])
        if request.answer is None:
            request.answer = self._infer(request.pixels[None])[0]
        return request.answer

    def _company(self, request: _Request) -> list[_Request]:
        """Take the request out of the queue, with those that can share its turn."""
        with self._lock:
            if request not in self._waiting:
                return []
            self._waiting.remove(request)
            alike = [other for other in self._waiting if other.pixels.shape == request.pixels.shape]
            company = alike[: self._engine.max_batch - 1]
            self._waiting = [other for other in self._waiting if other not in company]
            return company

    def _serve_together(self, requests: list[_Request]) -> None:
        """One batch; when it fails nobody is answered, and each runs alone in its own turn."""
        try:
            answers = self._infer(np.stack([request.pixels for request in requests]))
        except RuntimeError:
            return
        for request, answer in zip(requests, answers, strict=True):
            request.answer = answer
