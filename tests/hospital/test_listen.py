"""The node as a process of its own: what it acknowledged survives a kill."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.uid import generate_uid

from app.config import Settings
from app.imaging import phantom
from app.services import build_record_services
from app.storage import migrate
from app.usecases.studies.receive import is_stored
from tests.support.image_files import dataset, dicom

ROOT = Path(__file__).resolve().parents[2]
TENANT = "default"


def environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "MASTER_KEYS": settings.master_keys,
        "SECRET_KEY": settings.secret_key,
        "DICOM_HOST": "127.0.0.1",
        "DICOM_PORT": "0",
        "DICOM_SENDERS": f"CR1@127.0.0.1={TENANT}",
    }


@contextmanager
def listening(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its port, once it says that it listens."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "pacs", "listen"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.search(r"listens on 127\.0\.0\.1:(\d+)", line)
        assert match, line + process.communicate(timeout=10)[1]
        yield process, match[1]
    finally:
        process.kill()
        process.communicate(timeout=30)


def send(path: Path, port: str) -> int:
    program = shutil.which("storescu")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("storescu (dcmtk) is not installed")
    command = [program, "-aet", "CR1", "-aec", "FRACTURES", "127.0.0.1", port, str(path)]
    return subprocess.run(command, check=False, timeout=60, capture_output=True).returncode


def file(folder: Path, uid: str) -> Path:
    made = dataset(phantom(3, (120, 160)).grey.astype("u2") * 16)
    made.SOPClassUID, made.SeriesInstanceUID, made.StudyInstanceUID = "1.2.840.10008.5.1.4.1.1.1", "1.2.3.4", "1.2.3"
    made.SOPInstanceUID = uid
    path = folder / f"{uid}.dcm"
    path.write_bytes(dicom(made))
    return path


def test_what_was_acknowledged_is_stored_once_whenever_the_node_is_killed(settings, empty_database, tmp_path) -> None:
    migrate(settings.database_url)
    uids = [generate_uid() for _ in range(3)]
    acknowledged = []
    for uid in uids:
        path = file(tmp_path, uid)
        with listening(settings) as (process, port):
            if send(path, port) == 0:
                acknowledged.append(uid)
            os.kill(process.pid, signal.SIGKILL)
    services = build_record_services(settings)
    assert acknowledged == uids
    assert all(is_stored(services, TENANT, uid) for uid in uids)
    with listening(settings) as (process, port):
        assert send(file(tmp_path, uids[0]), port) == 0
        process.terminate()
        assert process.wait(20) == 0
    (study,) = services.store.studies.page(TENANT, 10).studies
    assert len(study.images) == 3
    services.store.close()


def test_a_node_that_knows_nobody_does_not_start(settings, empty_database) -> None:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "pacs", "listen"]
    environ = environment(settings) | {"DICOM_SENDERS": ""}
    answer = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode == 1
    assert answer.stderr.strip() == "Error: Set DICOM_SENDERS: nobody may send otherwise."
