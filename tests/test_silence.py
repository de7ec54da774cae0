"""No process of the project reaches for a host that nobody configured.

Each command runs under strace with CI unset and an empty home folder. The check looks at every socket that is connected
or sent to, so a question to the resolver counts too.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.imaging import phantom, render_png
from scripts.bootstrap.instance import make_keys
from tests.support.drawn_sets import BOX, kaggle

ROOT = Path(__file__).resolve().parents[1]
# Told by a test runner or a CI machine, and read by libraries that then keep silent of themselves.
QUIETING = re.compile(r"CI|GITHUB_\w+|PYTEST_\w+|YOLO_\w+|NNCF_\w+|\w*TELEMETRY\w*|DO_NOT_TRACK|HF_HUB_OFFLINE")
# The address that a socket is connected or sent to; systemd's resolver is asked over a local socket.
PEER = re.compile(r"sa_family=AF_INET6?,.*|sun_path=\"/run/systemd/resolve/[^\"]*\"")


class Traced:
    """Runs commands and keeps what they tried to reach."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self._trace = folder / "trace"
        program = shutil.which("strace")
        if program is None:
            pytest.fail("strace is missing") if os.environ.get("CI") else pytest.skip("strace is missing")
        calls = "--trace=connect,sendto,sendmsg,sendmmsg"
        self._strace = [program, "--follow-forks", "--seccomp-bpf", "--quiet=all", "--signal=none", calls]

    def command(self, *arguments: str | Path) -> list[str]:
        return [*self._strace, f"--output={self._trace}", sys.executable, *map(str, arguments)]

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not QUIETING.fullmatch(name)}
        return kept | {"HOME": str(self.home), "PYTHONPATH": str(ROOT)} | more

    def run(self, *arguments: str | Path, status: int = 0, **more: str) -> str:
        """Run Python with these arguments to its end; fail when it tried to reach anything, else return its output.

        status: the exit status that it must have.
        """
        environment = self.environment(**more)
        done = subprocess.run(
            self.command(*arguments), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, f"{arguments}: {done.stderr[-2000:]}"
        assert self.peers() == [], arguments
        return done.stdout

    def peers(self) -> list[str]:
        return PEER.findall(self._trace.read_text(encoding="utf-8", errors="replace"))


@pytest.fixture
def traced(tmp_path: Path) -> Traced:
    return Traced(tmp_path)


def test_a_question_to_the_resolver_and_a_datagram_are_seen(traced: Traced) -> None:
    """The check of the check: what it must find, it finds."""
    ask = "import contextlib, socket\nwith contextlib.suppress(OSError): socket.getaddrinfo('host.invalid', 443)"
    send = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'1', ('127.0.0.1', 9))"
    for program in (ask, send):
        subprocess.run(traced.command("-c", program), env=traced.environment(), check=True)
        assert traced.peers()


@pytest.mark.slow
def test_the_app_and_its_administration_reach_nobody(traced: Traced, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    make_keys(data)
    settings = {"DATA_DIR": str(data), "DETECTOR_ENGINE": "openvino", "DETECTOR_THREADS": "1"}
    flask = ("-m", "flask", "--app", "wsgi")
    traced.run(*flask, "database", "migrate", **settings)
    traced.run(*flask, "people", "add", "ada", "--role", "clinician", "--no-password", **settings)
    token = traced.run(*flask, "tokens", "add", "ada", **settings).strip()
    with serving(traced, settings) as address:
        body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        body += render_png(phantom(1).grey) + b"\r\n--b--\r\n"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=b"}
        request = urllib.request.Request(f"{address}/api/v1/studies", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            assert json.load(answer)["images"][0]["findings"] is not None
    assert traced.peers() == []
    folder = tmp_path / "watched"
    folder.mkdir()
    node = {"DICOM_HOST": "127.0.0.1", "DICOM_PORT": "0", "DICOM_SENDERS": "CR1@127.0.0.1=default"}
    for command in (("pacs", "listen"), ("pacs", "watch", folder)):
        listening(traced, (*flask, *command), settings | node)
        assert traced.peers() == [], command
    for command in ("keys rotate", "retention purge", "audit verify", "worklist index"):
        traced.run(*flask, *command.split(), RETENTION_DAYS="1", **settings)
    assert list(traced.home.iterdir()) == []


def listening(traced: Traced, arguments: tuple[str | Path, ...], settings: dict[str, str]) -> None:
    """Run a command that goes on until it is stopped; stop it once it has said that it is ready."""
    environment = traced.environment(**settings)
    with subprocess.Popen(
        traced.command(*arguments), cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as strace:
        assert strace.stdout is not None
        assert strace.stdout.readline()
        (child,) = Path(f"/proc/{strace.pid}/task/{strace.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGTERM)
    assert strace.returncode == 0


@contextmanager
def serving(traced: Traced, settings: dict[str, str]) -> Iterator[str]:
    """The app under gunicorn on a socket of this process, so that no port has to be guessed; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = traced.command("-m", "gunicorn", "--config", "gunicorn.conf.py", "wsgi:app")
        bind, environment = ("--bind", f"fd://{listener.fileno()}"), traced.environment(**settings)
        with subprocess.Popen(
            [*command, *bind], cwd=ROOT, env=environment, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL
        ) as strace:
            try:
                yield f"http://127.0.0.1:{port}"
            finally:
                # strace keeps a signal to itself until what it traces has ended.
                (child,) = Path(f"/proc/{strace.pid}/task/{strace.pid}/children").read_text().split()
                os.kill(int(child), signal.SIGTERM)


@pytest.mark.slow
@pytest.mark.torch
def test_training_export_evaluation_and_benchmark_reach_nobody(traced: Traced, tmp_path: Path) -> None:
    for library in ("torch", "ultralytics", "nncf", "openvino", "onnxruntime"):
        pytest.importorskip(library, reason=f"{library} is not installed")
    raw = kaggle(tmp_path / "raw", [BOX, BOX, ""], [BOX, ""] * 10)
    data, run, models = tmp_path / "set" / "data.yaml", tmp_path / "run", tmp_path / "models"
    models.mkdir()

    def script(name: str, *arguments: str | Path, status: int = 0) -> None:
        traced.run("-m", f"scripts.{name}", *arguments, status=status)

    script("prepare_data", "--kaggle", raw, "--out", data.parent)
    size = ("--model", "n", "--image-size", "64", "--batch", "2", "--epochs", "1", "--threads", "1", "--device", "cpu")
    script("train", "--data", data, "--out", run, *size)
    export = ("--size", "64", "--images", "2", "--most-lost", "100", "--threads", "1")
    script("export", "--weights", run / "final.pt", "--data", data, "--out", models, *export)
    for engine in ("openvino", "torch"):
        report = ("--engine", engine, "--resamples", "0", "--threads", "1", "--report", tmp_path / engine)
        script("evaluate", "--data", data, "--split", "val", "--models-dir", models, *report)
    images = raw / "valid" / "images"
    served = ("--models-dir", models, "--threads", "1")
    script("batch_detect", images, tmp_path / "batch", *served)
    script("benchmark", "steps", "--images", images, *served, "--repeats", "1")
    script("check_scope", "--data", data)
    # Infers every image; what one epoch has learned of drawn ones is then too little to calibrate by.
    script("calibrate", "--data", data, *served, "--dry-run", status=2)
    script("average", "--weights", run / "final.pt", f"{run / 'final.pt'}:0.5", "--out", tmp_path / "average.pt")
    script("grow", "--weights", run / "final.pt", "--size", "s", "--out", tmp_path / "grown.pt")
    both = ("--weights", run / "final.pt", "--classes", run / "final.pt")
    script("join", *both, "--size", "s", "--out", tmp_path / "joined.pt")
    assert not [path for path in traced.home.rglob("*") if re.search("intel|ultralytics", str(path), re.IGNORECASE)]
