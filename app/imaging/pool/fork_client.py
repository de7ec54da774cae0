"""The server's side of the forkserver: starts it, asks it for decoder processes, ends it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.imaging.pool.channel import PID, READY

_ROOT = Path(__file__).resolve().parents[3]
# The import path is handed over by argument: the environment of the server holds its keys.
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from app.imaging.pool import forkserver; forkserver.run(sys.argv)"
)
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Keep freed memory, which the next array gets without a page fault for each 4 KiB of it.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
    # Ask for huge pages: an image of 9 megapixels and 16 bits costs 1,400 page faults instead of 16,000.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
_START_S = 60.0
_STOP_S = 5.0
_NICE = 10


@dataclass(frozen=True)
class Child:
    """A decoder process that waits for its file, or decodes it."""

    pid: int
    pid_descriptor: int
    channel: socket.socket

    def lower_priority(self) -> None:
        """Let others go first, where it has not ended by itself."""
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, _NICE)

    def end(self) -> None:
        """Kill it, where it has not ended by itself, and forget it."""
        # The descriptor cannot mean another process, as a number that is in use again could.
        with suppress(OSError):
            signal.pidfd_send_signal(self.pid_descriptor, signal.SIGKILL)
        os.close(self.pid_descriptor)
        self.channel.close()


class ForkServer:
    """A running forkserver; safe to use from several threads."""

    def __init__(self, decoder: str, settings: dict[str, int]) -> None:
        """Start it without waiting until it has loaded the decoders.

        decoder, settings: as `app.imaging.pool.forkserver.run` takes them.
        """
        ours, theirs = socket.socketpair()
        ours.settimeout(_START_S)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, str(_ROOT), str(theirs.fileno()), decoder, json.dumps(settings)],
                env=_ENVIRONMENT,
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._control = ours
        self._lock = threading.Lock()
        self._is_ready = False

    def fork(self) -> Child:
        """A new decoder process.

        Raises:
            OSError: the forkserver has ended, or cannot fork.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._lock:
                if not self._is_ready:
                    self._receive(len(READY))
                    self._is_ready = True
                socket.send_fds(self._control, [b"F"], [theirs.fileno()])
                pid = PID.unpack(self._receive(PID.size))[0]
                return Child(pid, os.pidfd_open(pid), ours)
        except OSError:
            ours.close()
            raise

    def close(self) -> None:
        """End the forkserver; children that have a file finish it."""
        self._control.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _receive(self, count: int) -> bytes:
        parts = b""
        while len(parts) < count:
            part = self._control.recv(count - len(parts))
            if not part:
                raise ConnectionResetError
            parts += part
        return parts
