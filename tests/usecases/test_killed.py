"""A process that is killed (SIGKILL) in the middle of anything loses nothing acknowledged and leaves nothing by halves.

`KILL_CYCLES=500 python -m pytest -s tests/usecases/test_killed.py` runs as many cycles, for docs/reliability.md.
"""

import os
import random
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.config import Settings
from app.records import Actor
from app.security import KeyFile, Vault, new_master_key
from app.services import Services
from app.storage import StudyRow, migrate
from app.usecases.administration import people
from app.usecases.administration.audit_record import broken_entry
from app.usecases.sealed_records import open_original, open_study
from tests.support.fakes import FakeClock, FakeDetector, build_fake_services

ROOT = Path(__file__).resolve().parents[2]
CYCLES = int(os.environ.get("KILL_CYCLES", "5"))
LONGEST_ACTING_S = 1.0


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master_keys").write_text(f"{new_master_key()}\n")
    (tmp_path / "keys" / "secret_key").write_text(secrets.token_hex(32))
    settings = Settings.from_env({"DATA_DIR": str(tmp_path)})
    migrate(settings.database_url)
    services = opened(tmp_path)
    people.add_person(services, Actor("default", "os:test"), "Ada", "clinician", None)
    services.store.close()
    return tmp_path


def opened(data_dir: Path) -> Services:
    settings = Settings.from_env({"DATA_DIR": str(data_dir)})
    keys = KeyFile(data_dir / "keys" / "master_keys")
    return replace(build_fake_services(settings, FakeClock(), FakeDetector()), keys=keys, vault=Vault(keys))


def act_until_killed(data_dir: Path) -> list[tuple[str, str]]:
    """What a process acknowledged before it was killed at a random moment."""
    command = [sys.executable, "-m", "tests.support.acting_process", str(data_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        try:
            process.wait(random.uniform(0, LONGEST_ACTING_S))
        except subprocess.TimeoutExpired:
            process.kill()
        lines = process.stdout.read().splitlines()
    assert process.returncode < 0, "the process ended by itself"
    return [(line.split()[0], line.split()[1]) for line in lines if len(line.split()) == 2]


@pytest.mark.timeout(3600)
def test_nothing_acknowledged_is_lost_and_no_act_is_without_its_entry(data_dir: Path) -> None:
    acknowledged: list[tuple[str, str]] = []
    began = time.monotonic()
    for _ in range(CYCLES):
        acknowledged += act_until_killed(data_dir)
        check(data_dir, acknowledged)
    counts = {act: sum(one == act for one, _ in acknowledged) for act in ("created", "deleted", "rotated")}
    sys.stdout.write(f"{CYCLES} cycles, {time.monotonic() - began:.0f} s, acknowledged: {counts}\n")


def check(data_dir: Path, acknowledged: list[tuple[str, str]]) -> None:
    services = opened(data_dir)
    events = [entry.event for entry in services.store.audit.entries("default")]
    subjects = {action: {event.subject for event in events if event.action == action} for action in ACTIONS}
    stored = {row.id: row for row in all_studies(services)}
    # Each act has its entry, and each entry its act.
    assert set(stored) == subjects["study-created"] - subjects["study-deleted"]
    assert {key.kid for key in list(services.keys)[:-1]} <= subjects["master-key-added"]
    assert broken_entry(services, "default") is None
    # What was acknowledged is there.
    for act, subject in acknowledged:
        assert subject in subjects[ACTIONS_OF[act]], (act, subject)
    # Nothing is there by halves.
    for row in stored.values():
        study = open_study(services, row)
        assert len(study.images) == 1
        assert open_original(services, "default", row.id, study.images[0].id).startswith(b"\x89PNG")
    services.store.close()


ACTIONS_OF = {"created": "study-created", "deleted": "study-deleted", "rotated": "master-key-added"}
ACTIONS = tuple(ACTIONS_OF.values())


def all_studies(services: Services) -> Iterator[StudyRow]:
    after = None
    while True:
        page = services.store.studies.page("default", 100, after)
        yield from page.studies
        if page.next is None:
            return
        after = page.next
