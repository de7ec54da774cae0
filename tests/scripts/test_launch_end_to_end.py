"""The launcher as a person uses it: start, open the link, send an X-ray, read the page, stop, start again."""

import http.cookiejar
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

from app.imaging import phantom, render_png
from scripts.bootstrap.console import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]


class Launched:
    """A launcher that runs, and what it has printed."""

    def __init__(self, data_dir, port):
        self.port = port
        self.lines = []
        command = [
            sys.executable,
            "scripts/launch.py",
            "--no-browser",
            "--data-dir",
            str(data_dir),
            "--port",
            str(port),
        ]
        self.process = subprocess.Popen(
            [*command, "--engine", "openvino"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def link(self):
        """The sign-in link, once it is printed."""
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if found := re.search(rf"http://127\.0\.0\.1:{self.port}/sign-in/\S+", line):
                return found[0]
        raise AssertionError("\n".join(self.lines))

    def stop(self, number):
        """Ask it to stop; its status and the rest of what it said."""
        self.process.send_signal(number)
        self.lines += self.process.stdout.read().splitlines()
        return self.process.wait(timeout=30)


@contextmanager
def launched(data_dir, port):
    launcher = Launched(data_dir, port)
    try:
        yield launcher
    finally:
        if launcher.process.poll() is None:
            launcher.process.send_signal(signal.SIGTERM)
            launcher.process.wait(timeout=30)
        launcher.process.stdout.close()


class Browser:
    """As much of a browser as forms and cookies need."""

    def __init__(self):
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)

    def get(self, url):
        with self._opener.open(url, timeout=60) as answer:
            return answer.status, answer.url, answer.read().decode()

    def press(self, url):
        """Open a page and send its form, which has a form token and nothing else."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(url)[2])[1]
        with self._opener.open(url, data=f"csrf_token={token}".encode(), timeout=60) as answer:
            return answer.status, answer.url, answer.read().decode()

    def send_file(self, url, name, content, fields):
        """Send a form with one file, as `multipart/form-data`."""
        boundary = secrets.token_hex(16)
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = "".join(parts).encode() + head.encode() + b"Content-Type: image/png\r\n\r\n" + content
        body += f"\r\n--{boundary}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        request = urllib.request.Request(url, data=body, headers=kind)
        with self._opener.open(request, timeout=60) as answer:
            return answer.status, answer.url, answer.read().decode()


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processes_with(text):
    """The ids of the running processes whose environment holds a text; Linux only."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as environment:
                if text.encode() in environment.read():
                    found.append(int(pid))
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    return found


def check_documented_program(data_dir, port, tmp_path, x_ray):
    """The program in docs/api.md that seals an upload does what it says."""
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    start = text.index("    import base64")
    program = tmp_path / "seal.py"
    program.write_text(textwrap.dedent(text[start : text.index("Run it with")]))
    image = tmp_path / "wrist.png"
    image.write_bytes(x_ray)
    environment = {**os.environ, "DATA_DIR": str(data_dir)}

    def flask(*arguments):
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout

    flask("people", "add", "robot", "--role", "clinician", "--no-password")
    token = flask("tokens", "add", "robot").strip()
    command = [sys.executable, str(program), f"http://127.0.0.1:{port}/api/v1", token, str(image)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout)["images"][0]["verdict"] in {"fracture", "possible", "none"}


def test_a_person_starts_it_sends_an_x_ray_reads_the_page_and_stops_it(tmp_path, port):
    data_dir = tmp_path / "data"
    with launched(data_dir, port) as app:
        link = app.link()
        browser = Browser()
        status, url, page = browser.press(link)
        assert (status, url) == (200, f"http://127.0.0.1:{port}/")

        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        action = re.search(r'<form class="uploader"[^>]* action="([^"]+)"', page)[1]
        x_ray = render_png(phantom(7).grey)
        name = "Jane Doe wrist.png"
        status, url, page = browser.send_file(f"http://127.0.0.1:{port}{action}", name, x_ray, {"csrf_token": token})
        assert status == 200
        assert re.fullmatch(rf"http://127\.0\.0\.1:{port}/studies/[0-9a-f]{{32}}", url)
        assert "does not diagnose" in page

        with pytest.raises(urllib.error.HTTPError) as used:
            Browser().press(link)
        assert used.value.code == 401
        used.value.close()

        check_documented_program(data_dir, port, tmp_path, x_ray)
        assert len(processes_with(f"DATA_DIR={data_dir}")) >= 2
        assert app.stop(signal.SIGINT) == 0
    assert not processes_with(f"DATA_DIR={data_dir}")
    assert sum("/sign-in/" in line for line in app.lines) == 1
    log = (data_dir / "server.log").read_text()
    assert "Jane" not in log
    assert link.rsplit("/", 1)[1] not in log
    stored = b"".join(path.read_bytes() for path in data_dir.glob("fractures.db*"))
    assert b"Jane" not in stored
    assert x_ray[:64] not in stored

    started_s = time.monotonic()
    with launched(data_dir, port) as again:
        assert again.link() != link
        assert time.monotonic() - started_s < 60
        assert not any("Installing" in line or "Made new keys" in line for line in again.lines)
        assert again.stop(signal.SIGTERM) == 0
    assert not processes_with(f"DATA_DIR={data_dir}")


def test_altered_weights_end_the_start_with_one_line(tmp_path, port):
    models = tmp_path / "models"
    models.mkdir()
    (models / "model.json").write_text("{}")
    command = [sys.executable, "scripts/launch.py", "--no-browser", "--data-dir", str(tmp_path / "data")]
    answer = subprocess.run(
        [*command, "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "MODELS_DIR": str(models)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("Error: The server ended: ")
    assert answer.stderr.count("\n") == 1
    assert "sign-in" not in answer.stdout
    assert not processes_with(f"DATA_DIR={tmp_path / 'data'}")
