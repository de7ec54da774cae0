"""An installation of its own, served by gunicorn for as long as it is measured."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.config import Settings
from app.records import Actor
from app.services import build_record_services
from app.storage import migrate
from app.usecases.administration.people import add_person
from app.usecases.administration.tokens import add_token
from scripts.bootstrap.instance import make_keys
from scripts.pressure.client import ask

ROOT = Path(__file__).resolve().parents[2]
_READY_WITHIN_S, _STOPPED_WITHIN_S = 180.0, 60.0


@dataclass(frozen=True)
class Served:
    """A server that listens. address: host and port. token: of a person who may upload. log: what it says."""

    address: tuple[str, int]
    token: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def worker_pid(self) -> int:
        """The process that answers requests."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return int(children.split()[0])


@contextmanager
def serving(application: str = "wsgi:app", **settings: str) -> Iterator[Served]:
    """Serve `application` on a port of its own, with a new database; everything is removed afterwards.

    settings: variables of the environment, beside DATA_DIR.
    """
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        data = Path(folder)
        token = _installation(data)
        command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", application]
        command += ["--bind", f"fd://{listener.fileno()}"]
        environment = {**os.environ, "DATA_DIR": str(data), **settings}
        log = data / "log"
        with (
            log.open("wb") as said,
            subprocess.Popen(
                command, cwd=ROOT, env=environment, pass_fds=[listener.fileno()], stdout=said, stderr=said
            ) as process,
        ):
            try:
                yield Served(listener.getsockname(), token, process, log)
            finally:
                process.terminate()
                process.wait(_STOPPED_WITHIN_S)


def wait_until_ready(served: Served) -> bool:
    """Whether the server is ready in time."""
    until_s = time.monotonic() + _READY_WITHIN_S
    while served.process.poll() is None and time.monotonic() < until_s:
        if ask(served.address, "GET", "/readyz").status == 200:
            return True
        time.sleep(0.2)
    return False


def _installation(data: Path) -> str:
    """Make keys, a database and a person in a folder; returns the person's token."""
    make_keys(data)
    settings = Settings.from_env({"DATA_DIR": str(data)})
    migrate(settings.database_url)
    services = build_record_services(settings)
    add_person(services, Actor("default", "os:pressure"), "ada", "clinician", None)
    token = add_token(services, Actor("default", "os:pressure"), "ada", days=None, scopes=())
    services.store.close()
    return token
