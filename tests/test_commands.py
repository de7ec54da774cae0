"""`flask --app wsgi …` as an administrator types it, in a process of its own, with nothing but DATA_DIR set."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.config import Settings
from app.imaging import phantom, render_png
from app.records import Actor, Upload
from app.security import new_master_key
from app.storage import migrate
from app.usecases.administration import people
from app.usecases.feedback.review import add_feedback
from app.usecases.studies.create import create_study
from tests.support.fakes import FakeClock, FakeDetector, build_fake_services

ROOT = Path(__file__).resolve().parent.parent
Flask = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master_keys").write_text(new_master_key())
    (tmp_path / "keys" / "secret_key").write_text(secrets.token_urlsafe(48))
    return tmp_path


@pytest.fixture
def flask(data_dir: Path) -> Flask:
    # A folder without weights: administration must not need them.
    environ = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), "MODELS_DIR": str(data_dir / "none")}

    def run(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
        return subprocess.run(
            command, cwd=ROOT, env=environ, input=typed, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def test_an_administrator_makes_the_database_people_tokens_and_links(flask: Flask) -> None:
    assert flask("database", "migrate").returncode == 0
    added = flask("people", "add", "Ada", "--role", "clinician", typed="correct horse battery\n")
    assert (added.returncode, added.stderr) == (0, "")
    token = flask("tokens", "add", "Ada").stdout
    assert len(token.strip()) == 43
    assert token.count("\n") == 1
    assert flask("people", "link", "Ada").stdout.startswith("/sign-in/")
    assert flask("audit", "verify").stdout == "The audit record is whole.\n"
    again = flask("people", "add", "Ada", "--role", "admin", "--no-password")
    assert (again.returncode, again.stderr) == (1, "Error: A person of this name exists already.\n")


def test_a_command_before_the_database_is_made_says_so_in_one_line(flask: Flask) -> None:
    refused = flask("tokens", "add", "Ada")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: ")
    assert refused.stderr.count("\n") == 1


def test_serving_without_weights_says_so_in_one_line(flask: Flask) -> None:
    flask("database", "migrate")
    refused = flask("routes")
    assert refused.returncode != 0
    assert "Cannot start: " in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_missing_secret_is_named(flask: Flask, data_dir: Path) -> None:
    (data_dir / "keys" / "secret_key").unlink()
    refused = flask("audit", "verify")
    assert refused.returncode != 0
    assert "SECRET_KEY" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_feedback_is_exported_into_a_new_folder(flask: Flask, data_dir: Path) -> None:
    settings = Settings.from_env({"DATA_DIR": str(data_dir)})
    migrate(settings.database_url)
    (data_dir / "none").mkdir()
    shutil.copy(ROOT / "models" / "model.json", data_dir / "none")
    nothing = flask("feedback", "export", str(data_dir / "set"))
    assert (nothing.returncode, nothing.stderr.count("\n")) == (1, 1)
    assert "nothing was written" in nothing.stderr
    services = build_fake_services(settings, FakeClock(), FakeDetector())
    ada = people.add_person(services, Actor("default", "test"), "Ada", "clinician", None)
    study = create_study(services, ada, [Upload("a.png", render_png(phantom(3, (128, 96)).grey))]).study
    add_feedback(services, ada, study.id, study.images[0].id, [], normal=True)
    services.store.close()

    done = flask("feedback", "export", str(data_dir / "set"))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Images written to {data_dir / 'set'}: 1 for train. Boxes: 0.\n")
    assert json.loads((data_dir / "set" / "manifest.json").read_text())["counts"]["images"] == 1
    again = flask("feedback", "export", str(data_dir / "set"))
    assert (again.returncode, again.stderr) == (
        1,
        f"Error: The folder {data_dir / 'set'} is not empty. Choose another.\n",
    )
    assert flask("feedback", "export", str(data_dir / "other"), "--tenant", "north").returncode == 1


def test_studies_of_another_secret_key_are_sorted_into_the_worklist(flask: Flask, data_dir: Path) -> None:
    settings = Settings.from_env({"DATA_DIR": str(data_dir)})
    migrate(settings.database_url)
    services = build_fake_services(settings, FakeClock(), FakeDetector())
    ada = people.add_person(services, Actor("default", "test"), "Ada", "clinician", None)
    create_study(services, ada, [Upload("a.png", render_png(phantom(3, (128, 96)).grey))])
    services.store.close()
    words = " studies were sorted into the worklist.\n"
    assert flask("worklist", "index").stdout == f"0{words}"

    (data_dir / "keys" / "secret_key").write_text(secrets.token_urlsafe(48))

    assert flask("worklist", "index").stdout == f"1{words}"
    assert flask("worklist", "index").stdout == f"0{words}"


def test_a_webhook_is_added_listed_and_removed(flask: Flask) -> None:
    flask("database", "migrate")
    added = json.loads(flask("webhooks", "add", "https://example.org/hook", "--event", "outcome").stdout)
    assert added["secret"].startswith("whsec_")
    listed = json.loads(flask("webhooks", "list").stdout)
    assert listed == {"id": added["id"], "url": "https://example.org/hook", "events": ["outcome"]}
    assert flask("outbox", "list", "--dead").stdout == ""
    assert flask("webhooks", "remove", added["id"]).returncode == 0
    assert flask("webhooks", "list").stdout == ""
    refused = flask("webhooks", "add", "http://example.org/hook")
    assert (refused.returncode, refused.stderr) == (1, "Error: A webhook needs an address that begins with https://.\n")


def test_the_audit_record_is_forwarded_once_or_fails_in_one_line(flask: Flask) -> None:
    flask("database", "migrate")
    flask("people", "add", "Ada", "--role", "clinician", "--no-password")
    with socket.socket(type=socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(20)
        address = f"syslog+udp://127.0.0.1:{receiver.getsockname()[1]}"
        first, second = flask("audit", "forward", address, "--once"), flask("audit", "forward", address, "--once")
        assert b"AuditMessage" in receiver.recv(65536)
    assert (first.returncode, first.stdout.endswith("entries sent.\n")) == (0, True)
    assert second.stdout == "0 entries sent.\n"
    for wrong in ("syslog://127.0.0.1", "syslog+tcp://127.0.0.1:9"):
        refused = flask("audit", "forward", wrong, "--once")
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)


def test_a_study_is_exported_for_support(flask: Flask, data_dir: Path) -> None:
    settings = Settings.from_env({"DATA_DIR": str(data_dir)})
    migrate(settings.database_url)
    services = build_fake_services(settings, FakeClock(), FakeDetector())
    ada = people.add_person(services, Actor("default", "test"), "Ada", "clinician", None)
    study = create_study(services, ada, [Upload("a.png", render_png(phantom(3, (128, 96)).grey))]).study
    services.store.close()
    done = flask("support", "export", study.id, str(data_dir / "fault"))
    assert done.stdout == f"Images written to {data_dir / 'fault'}: 1, painted over: 0.\n"
    assert sorted(path.name for path in (data_dir / "fault").iterdir()) == ["assessments.json", "image-1.png"]
    again = flask("support", "export", study.id, str(data_dir / "fault"))
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
