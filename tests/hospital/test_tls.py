"""Mutual TLS of the node, as DCMTK's storescu meets it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.config import DicomSettings
from app.errors import ConfigError
from app.hospital.node import Node, NodeSettings
from app.hospital.peers import Sender
from app.hospital.tls import mutual_tls
from tests.hospital.test_node import FakeArchive, file
from tests.support.certificates import Authority

SENDERS = (Sender("MODALITY", "127.0.0.1", "north"),)


@pytest.fixture
def hospital(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "hospital")


@pytest.fixture
def settings(tmp_path: Path, hospital: Authority) -> DicomSettings:
    key, certificate = hospital.issue("node")
    return DicomSettings(tls_certificate=certificate, tls_key=key, tls_ca=hospital.certificate)


@pytest.fixture
def archive() -> FakeArchive:
    return FakeArchive()


@pytest.fixture
def port(settings: DicomSettings, archive: FakeArchive) -> Iterator[int]:
    node = Node(NodeSettings("FRACTURES", ("127.0.0.1", 0), SENDERS, 1 << 20, tls=mutual_tls(settings)), archive)
    server = node.start()
    yield server.server_address[1]
    server.shutdown()


def send(port: int, path: Path, *options: str | Path) -> int:
    """Send with storescu, verified against the given certificates; its exit status."""
    program = shutil.which("storescu")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("storescu (dcmtk) is not installed")
    peer = ("-aet", "MODALITY", "-aec", "FRACTURES", "127.0.0.1", str(port), str(path))
    command = [program, "-to", "10", "-ta", "10", "-td", "10", *map(str, options), *peer]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode


def test_a_peer_with_a_certificate_of_the_hospital_sends(port, hospital, archive, tmp_path) -> None:
    key, certificate = hospital.issue("modality")
    assert send(port, file(tmp_path), "+tls", key, certificate, "+cf", hospital.certificate) == 0
    assert [tenant for tenant, _ in archive.received] == ["north"]


# pynetdicom leaves the socket of a refused connection to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_stranger_an_anonymous_and_a_plain_peer_are_refused_and_the_node_lives(
    port, hospital, archive, tmp_path
) -> None:
    strange = Authority(tmp_path, "strange")
    key, certificate = strange.issue("stranger")
    path = file(tmp_path)
    assert send(port, path, "+tls", key, certificate, "+cf", hospital.certificate) != 0
    assert send(port, path, "+tla", "+cf", hospital.certificate) != 0
    assert send(port, path) != 0
    assert archive.received == []
    key, certificate = hospital.issue("modality")
    assert send(port, path, "+tls", key, certificate, "+cf", hospital.certificate) == 0


def test_a_peer_does_not_take_a_node_of_another_authority(port, hospital, archive, tmp_path) -> None:
    strange = Authority(tmp_path, "strange")
    key, certificate = hospital.issue("modality")
    assert send(port, file(tmp_path), "+tls", key, certificate, "+cf", strange.certificate) != 0
    assert archive.received == []


def test_files_that_are_missing_or_do_not_fit_stop_the_start(settings, hospital, tmp_path) -> None:
    other_key, _ = hospital.issue("other")
    for wrong in (
        replace(settings, tls_key=None),
        replace(settings, tls_key=other_key),
        replace(settings, tls_ca=tmp_path / "none.pem"),
    ):
        with pytest.raises(ConfigError):
            mutual_tls(wrong)
    assert mutual_tls(DicomSettings()) is None
