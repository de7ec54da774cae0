"""gunicorn's worker: one thread for all connections, lanes of threads for whole requests."""

import os
import resource
from time import monotonic

from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]

from app.admission import EXTENSION, Gate
from app.errors import ConfigError
from app.serving.allocator import give_memory_back
from app.serving.lanes import Lanes, Width
from app.serving.poller import Poller
from app.serving.traffic import ASKED_LANE, REFUSED_LANE, Traffic

_MOST_DESCRIPTORS = 16_384
# Descriptors that are not connections: the database, decoders, files.
_OTHER_DESCRIPTORS = 256
_MOST_LIGHT = 256
_FEWEST_HEAVY = 4
_SIDE_LANES = {"urgent": Width(2, 64), ASKED_LANE: Width(4, 4096), REFUSED_LANE: Width(1, 64)}


class PollingWorker(Worker):  # type: ignore[misc]
    """Serves any number of slow connections without a thread for each.

    `threads` are for light requests, and as many or fewer for heavy ones; `worker_connections` bounds connections, and
    `keepalive` is the patience with an idle one. The application hands its rules of admission over as an extension.
    """

    @classmethod
    def check_config(cls, config: Config, log: Logger) -> None:
        """Refuse what this worker does not do.

        Raises:
            ConfigError: TLS is to end here.
        """
        if config.is_ssl:
            raise ConfigError("This worker does not end TLS: put a proxy in front of it.")

    def run(self) -> None:
        """Serve until a signal says otherwise, then finish what was accepted."""
        give_memory_back()
        gate: Gate = self.wsgi.extensions[EXTENSION]
        lanes = Lanes(self._widths(gate))
        poller = Poller(tuple(self.PIPE))
        most = min(self.cfg.worker_connections, _raised_descriptor_limit() - _OTHER_DESCRIPTORS)
        traffic = Traffic(self.cfg, self.wsgi, gate, lanes, poller, most=most)
        for listener in self.sockets:
            listener.setblocking(False)
        traffic.listen(self.sockets)
        while self.alive and self.ppid == os.getppid():
            self.notify()
            traffic.turn()
        traffic.stop()
        until_s = monotonic() + self.cfg.graceful_timeout
        while not traffic.is_empty and monotonic() < until_s:
            self.notify()
            traffic.turn()
        traffic.close()
        lanes.close()
        poller.close()

    def _widths(self, gate: Gate) -> dict[str, Width]:
        # An upload in work takes some 50 MB beside its body; more of them than cores are not faster.
        heavy = min(self.cfg.threads, max(_FEWEST_HEAVY, os.cpu_count() or 1))
        return {"light": Width(self.cfg.threads, _MOST_LIGHT), "heavy": Width(heavy, gate.heavy), **_SIDE_LANES}


def _raised_descriptor_limit() -> int:
    """Let this process have as many descriptors as it may; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
