"""The web server: started on this machine alone, watched until it is ready, stopped with everything it started."""

import contextlib
import errno
import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.bootstrap.console import Progress, Stop
from scripts.bootstrap.log import last_error
from scripts.bootstrap.process import group

HOST = "127.0.0.1"
READY_WITHIN_S = 180.0
_STEP_S = 0.1


def check_port(port: int) -> None:
    """Make sure that the port is free.

    Raises:
        Stop: another program listens there, or this user may not.
    """
    with socket.socket() as probe:
        # As the server does; else a port whose last connection has just closed looks taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as reason:
            if reason.errno == errno.EADDRINUSE:
                raise Stop(f"Port {port} is in use: stop the program that uses it, or choose another --port.") from None
            raise Stop(f"Port {port} cannot be used: {reason.strerror}. Choose another --port.") from None


@contextlib.contextmanager
def serving(python: Path, environment: Mapping[str, str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Serve on 127.0.0.1 and write what the server says to `log`; the log of the start before is kept beside it."""
    command = [str(python), "-m", "gunicorn", "--config", "gunicorn.conf.py", "--bind", f"{HOST}:{port}", "wsgi:app"]
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with group(command, environment, descriptor) as server:
            yield server
    finally:
        os.close(descriptor)


def wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path, progress: Progress) -> None:
    """Wait until the model is loaded and the database answers.

    Raises:
        Stop: the server ended, or is not ready after `READY_WITHIN_S`.
    """
    until_s = time.monotonic() + READY_WITHIN_S
    while not _is_ready(port):
        if server.poll() is not None:
            raise Stop(ending(log))
        if time.monotonic() > until_s:
            raise Stop(f"The server is not ready after {READY_WITHIN_S:.0f} s. What it said: {log}")
        progress.show("loading the model")
        time.sleep(_STEP_S)
    progress.finish("ready")


def ending(log: Path) -> str:
    """Why the server ended, in its own words."""
    return f"The server ended: {last_error(log.read_text(encoding='utf-8', errors='replace'))} (all it said: {log})"


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
