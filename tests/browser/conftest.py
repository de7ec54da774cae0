"""A real Chromium, and the real application under gunicorn with the real weights."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from app.config import Settings
from app.records import Actor, Role
from app.security import new_master_key
from app.services import build_record_services
from app.storage import migrate
from app.usecases.administration import people, tokens
from tests.support.access import enter
from tests.support.browsing import Program, Server, Watched, Workplace, visiting

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY_WITHIN_S = 120
# As many radiographs as are drawn to find two with a box.
MOST_DRAWN = 20


def missing(what: str) -> None:
    """Skip with the name of what is missing; in CI nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The served weights, with a threshold so low that they mark something on a drawn radiograph."""
    models = ROOT / "models"
    if not (models / "model.json").exists():
        missing("models/model.json")
    eager = tmp_path_factory.mktemp("models")
    for path in models.iterdir():
        (eager / path.name).symlink_to(path)
    spec = json.loads((models / "model.json").read_text())
    spec["thresholds"]["possible"] = 0.002
    (eager / "model.json").unlink()
    (eager / "model.json").write_text(json.dumps(spec))
    return eager


@pytest.fixture(scope="session")
def server(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The application as the launcher starts it, on a free port, with a new database."""
    if not (ROOT / "static" / "vendor" / "hpke" / "hpke.js").exists():
        missing("static/vendor (python3 scripts/vendor.py)")
    folder = tmp_path_factory.mktemp("server")
    environment = {
        **os.environ,
        "DATA_DIR": str(folder),
        "MASTER_KEYS": new_master_key(),
        "SECRET_KEY": secrets.token_hex(32),
        "MAX_UPLOAD_MB": "1",
        "MODELS_DIR": str(models_dir),
    }
    settings = Settings.from_env(environment)
    migrate(settings.database_url)
    services = build_record_services(settings)
    people.add_person(services, Actor("default", "test"), "admin", "admin", None)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, "wsgi:app"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}/readyz", process, folder / "log")
            yield Server(f"http://127.0.0.1:{port}", services, environment)
        finally:
            process.terminate()
            process.wait(30)
            services.store.close()


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until_s = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until_s:
        if process.poll() is not None:
            pytest.fail(f"the server ended: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"the server is not ready: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def radiographs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two drawn radiographs on which the model marks something."""
    ask = _asker(server)
    found: list[Path] = []
    for path in _drawn(tmp_path_factory.mktemp("radiographs")):
        if ask(path):
            found.append(path)
        if len(found) == 2:
            return found
    return pytest.fail("the model marks nothing on any of these radiographs")


def _drawn(folder: Path) -> Iterator[Path]:
    from app.imaging import phantom, render_png

    for seed in range(MOST_DRAWN):
        path = folder / f"drawn-{seed}.png"
        path.write_bytes(render_png(phantom(seed).grey))
        yield path


def _asker(server: Server) -> Callable[[Path], bool]:
    """Asks the running application whether it marks anything, and leaves no study behind."""
    program = Program(server.url, server.token())

    def ask(path: Path) -> bool:
        study = program.send(path)
        program.call("DELETE", f"/studies/{study['id']}")
        return bool(study["images"][0]["findings"])

    return ask


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without any of its own traffic."""
    if not CHROMIUM.exists():
        missing(str(CHROMIUM))
    # What a page does at once may take a busy machine longer than Playwright's five seconds.
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def workplace(browser: Browser, server: Server, radiographs: list[Path]) -> Workplace:
    """Two studies and an answer to one of them, and a third in the bin; nobody changes what is there."""

    def signed_in(tenant: str, name: str, role: Role) -> Any:
        with browser.new_context(base_url=server.url) as context:
            enter(context.new_page(), server.person(tenant, name, role))
            return context.storage_state()

    admin = signed_in("workplace", "Ada", "admin")
    program = Program(server.url, tokens.add_token(server.services, Actor("workplace", "test"), "Ada"))
    study, alone = program.send(*radiographs), program.send(radiographs[0])
    program.call("DELETE", f"/studies/{program.send(radiographs[0])['id']}")
    for image in study["images"]:
        marks = [{**found, "answer": "confirmed"} for found in image["findings"]]
        answer = [{name: mark[name] for name in ("region", "box_px", "answer")} for mark in marks]
        said = json.dumps({"findings": answer, "comment": "Clear"}).encode()
        program.call("POST", f"/studies/{study['id']}/images/{image['id']}/feedback", said)
    return Workplace(
        admin,
        signed_in("workplace", "Cleo", "clinician"),
        signed_in("elsewhere", "Nora", "admin"),
        f"/studies/{study['id']}",
        f"/studies/{alone['id']}",
        f"/studies/{study['id']}/images/{study['images'][0]['id']}/why/0",
    )


@pytest.fixture(params=[True, False], ids=["javascript", "no-javascript"])
def any_visit(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Watched]:
    """A signed-in page, with and without JavaScript."""
    yield from visiting(browser, server, java_script_enabled=request.param)


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Watched]:
    """A signed-in page with JavaScript."""
    yield from visiting(browser, server)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A file that says it is a JPEG and ends there."""
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF and nothing more")
    return path
