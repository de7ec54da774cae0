"""One network, one thread that owns it, a bounded queue; what waits together runs together."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock

import numpy as np
from numpy.typing import NDArray

from app.detection.engine import Engine
from app.errors import Busy, Unavailable


@dataclass(eq=False)
class _Request:
    """One radiograph that waits for the network: (H, W) uint8, and the answer once it is there."""

    pixels: NDArray[np.uint8]
    answer: NDArray[np.float32] | None = field(default=None)


class Scheduler:
    """Runs an engine for any number of threads.

    Every request has a turn of its own on the one worker thread. A turn also serves requests of equal shape that wait,
    up to the engine's `max_batch`; their own turns then find the answer ready. So an error of the engine reaches the
    request whose turn it is, and no other.
    """

    def __init__(self, engine: Engine, queue: int) -> None:
        """queue: how many requests may be inside, waiting or running, before `Busy`."""
        self._engine = engine
        self._places = BoundedSemaphore(queue)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="detector")
        self._waiting: list[_Request] = []
        self._lock = Lock()
        self._open = True

    @property
    def open(self) -> bool:
        """False once `close` was called."""
        return self._open

    def run(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Wait for the network's answer to one radiograph: (H, W) uint8 → (4 + regions, A) float32.

        Raises:
            Busy: the queue is full.
            Unavailable: the scheduler was closed.
            RuntimeError: the engine failed on this radiograph.
        """
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            request = _Request(pixels)
            with self._lock:
                if not self._open:
                    raise Unavailable
                self._waiting.append(request)
                turn = self._worker.submit(self._serve, request)
            return turn.result()
        finally:
            self._places.release()

    def close(self) -> None:
        """Take no more requests, answer those that wait, end the thread. A second call does nothing."""
        with self._lock:
            self._open = False
        self._worker.shutdown(wait=True)

    def _serve(self, request: _Request) -> NDArray[np.float32]:
        """One turn, on the worker thread."""
        if request.answer is None:
            company = self._company(request)
            if company:
                self._serve_together([request, *company])
        if request.answer is None:
            request.answer = self._engine.infer(request.pixels[None])[0]
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
            answers = self._engine.infer(np.stack([request.pixels for request in requests]))
        except RuntimeError:
            return
        for request, answer in zip(requests, answers, strict=True):
            request.answer = answer
