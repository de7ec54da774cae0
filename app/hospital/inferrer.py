"""Infer what other systems sent, in a thread beside the web server, which holds the detector."""

import logging
from threading import Event, Thread

from app.errors import Busy, FractureError
from app.services import Services
from app.usecases.studies.pending import infer_pending

logger = logging.getLogger(__name__)

PAUSE_S = 2.0


class Inferrer:
    """A thread that infers pending images until it is stopped; every serving process may have one."""

    def __init__(self, services: Services, pause_s: float = PAUSE_S) -> None:
        self._services = services
        self._pause_s = pause_s
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="inferrer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the image at hand."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            if not self._infer_one():
                self._stopped.wait(self._pause_s)

    def _infer_one(self) -> bool:
        """Whether there was an image to infer; a failure of the server is logged by its code, and tried again."""
        try:
            return infer_pending(self._services)
        except Busy:
            return False
        except FractureError as failure:
            logger.warning("a pending image could not be inferred: %s", failure.code)
            return False
