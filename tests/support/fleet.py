"""Several web processes over one PostgreSQL, behind the nginx of deploy/nginx.conf."""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from scripts.bootstrap.process import group

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 240.0
# nginx tells which process has answered.
ANSWERED_BY = "X-Answered-By"


def require_nginx() -> str:
    """Path of nginx; without it the test is skipped, and fails in CI."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        missing = "nginx (Debian package nginx-light) is not installed"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return found


class Fleet:
    """Web processes with the same environment, one on each port."""

    def __init__(self, environment: Mapping[str, str], count: int, folder: Path) -> None:
        self.ports = free_ports(count)
        self._environment, self._folder = environment, folder
        self._running: dict[int, tuple[ExitStack, subprocess.Popen[bytes]]] = {}

    def start(self, port: int) -> None:
        """Start the process of a port; `wait_until_ready` says when it serves."""
        command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
        with ExitStack() as stack:
            output = stack.enter_context(self.log(port).open("wb"))
            process = stack.enter_context(group([*command, "wsgi:app"], self._environment, output.fileno()))
            self._running[port] = stack.pop_all(), process

    def kill(self, port: int) -> None:
        """End the process of a port and its children at once, as a machine does that loses its power."""
        stack, process = self._running.pop(port)
        os.killpg(process.pid, signal.SIGKILL)
        stack.close()

    def wait_until_ready(self, port: int) -> None:
        until_s = time.monotonic() + READY_WITHIN_S
        while not _is_ready(f"http://127.0.0.1:{port}/readyz"):
            said = self.log(port).read_text(errors="replace")
            assert self._running[port][1].poll() is None, said
            assert time.monotonic() < until_s, said
            time.sleep(0.1)

    def log(self, port: int) -> Path:
        """What the process of a port says."""
        return self._folder / f"{port}.log"

    def close(self) -> None:
        """End all processes."""
        for stack, _ in self._running.values():
            stack.close()


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nothing listens on."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@contextmanager
def balancer(ports: Sequence[int], folder: Path) -> Iterator[str]:
    """The proxy of deploy/nginx.conf before the processes of `ports`; gives its https address."""
    program, (tls_port, port) = require_nginx(), free_ports(2)
    make_certificate(folder)
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    servers = "".join(f"server 127.0.0.1:{each};\n" for each in ports)
    header = f"proxy_pass http://fractures;\nadd_header {ANSWERED_BY} $upstream_addr always;"
    for old, new in (
        ("server app:8000;", servers),
        ("proxy_pass http://fractures;", header),
        ("listen 8443 ssl;", f"listen 127.0.0.1:{tls_port} ssl;"),
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        (" /tmp/", f" {folder}/"),
        ("/run/secrets/", f"{folder}/"),
        ("worker_processes auto;", "worker_processes 1;"),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    user = "user root; " if os.geteuid() == 0 else ""
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", f"{user}daemon off;"]
    with (folder / "nginx.log").open("wb") as output, group(command, os.environ, output.fileno()) as process:
        until_s = time.monotonic() + 30
        while not _is_open(tls_port):
            assert process.poll() is None and time.monotonic() < until_s, (folder / "nginx.log").read_text()
            time.sleep(0.05)
        yield f"https://127.0.0.1:{tls_port}"


def make_certificate(folder: Path) -> None:
    """A self-signed certificate and its key, as the files `tls_certificate` and `tls_key`."""
    names = ("-keyout", folder / "tls_key", "-out", folder / "tls_certificate", "-subj", "/CN=127.0.0.1")
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    subprocess.run(["openssl", "req", "-x509", *kind, *names], check=True, capture_output=True)


def any_certificate() -> ssl.SSLContext:
    """TLS to a proxy with a certificate that nobody signed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def form_token(page: str) -> str:
    """The token of the first form of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, "the page holds no form"
    return found[1]


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return False
    except OSError:
        return False
