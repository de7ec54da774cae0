"""A server of this code with an empty database, for as long as it is measured."""

import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.bootstrap.console import Progress
from scripts.bootstrap.instance import administer, make_keys, open_data_dir
from scripts.bootstrap.server import HOST, serving, wait_until_ready

_PERSON = "benchmark"


@contextlib.contextmanager
def trial_server(settings: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    """Host, port and a token of a clinician; server and data are gone afterwards.

    settings: variables besides DATA_DIR; those of this process that set up the app are passed over.

    Raises:
        Stop: it does not start, and why.
    """
    python = Path(sys.executable)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        data_dir = Path(folder)
        open_data_dir(data_dir)
        make_keys(data_dir)
        environment = {"PATH": os.environ.get("PATH", os.defpath), "DATA_DIR": str(data_dir), **settings}
        administer(python, environment, "database", "migrate")
        administer(python, environment, "people", "add", _PERSON, "--role", "clinician", "--no-password")
        token = administer(python, environment, "tokens", "add", _PERSON)
        port, log = _free_port(), data_dir / "server.log"
        with serving(python, environment, port, log) as server:
            wait_until_ready(server, port, log, Progress("Starting the server"))
            yield HOST, port, token


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
