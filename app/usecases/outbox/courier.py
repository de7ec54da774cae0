"""Deliver the outbox beside the web server, in a thread of its own."""

import logging
import threading
from collections.abc import Mapping

from app.errors import Unavailable
from app.services import RecordServices
from app.usecases.outbox.deliver import Sender, deliver

log = logging.getLogger(__name__)

PAUSE_S = 5.0


class Courier:
    """A thread that sends what is due until it is stopped; several processes may each have one."""

    def __init__(self, services: RecordServices, senders: Mapping[str, Sender], pause_s: float = PAUSE_S) -> None:
        self._services, self._senders, self._pause_s = services, senders, pause_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the message that is being sent."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                tried = deliver(self._services, self._senders)
            except Unavailable:
                log.warning("the outbox cannot be delivered: the database does not answer")
                tried = 0
            if not tried:
                self._stopped.wait(self._pause_s)
