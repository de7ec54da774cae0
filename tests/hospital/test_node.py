"""The DICOM node, as DCMTK's programs and a strange peer meet it."""

import gc
import os
import shutil
import socket
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel

from app.errors import DamagedImage, FractureError, Unavailable, UnsupportedImage
from app.exchange_errors import DuplicateInstance, OwnResult
from app.hospital.node import Node, NodeSettings, status_of
from app.hospital.peers import Sender
from app.imaging import phantom
from tests.support.image_files import dataset, dicom

SENDERS = (Sender("MODALITY", "127.0.0.1", "north"), Sender("ELSEWHERE", "10.1.1.1", "south"))


class FakeArchive:
    """Keeps what it receives, or fails as told."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.stored: set[tuple[str, str]] = set()
        self.failure: FractureError | None = None

    def receive(self, tenant: str, raw: bytes) -> None:
        if self.failure:
            raise self.failure
        self.received.append((tenant, raw))

    def is_stored(self, tenant: str, sop_instance_uid: str) -> bool:
        return (tenant, sop_instance_uid) in self.stored


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Collect the sockets of associations that broke off: pynetdicom leaves them to the collector."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def archive() -> FakeArchive:
    return FakeArchive()


@contextmanager
def listening(archive: FakeArchive, most_bytes: int = 1 << 20) -> Iterator[int]:
    """A node on a port that the system chooses."""
    node = Node(NodeSettings("FRACTURES", ("127.0.0.1", 0), SENDERS, most_bytes), archive)
    server = node.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


@pytest.fixture
def port(archive: FakeArchive) -> Iterator[int]:
    with listening(archive) as port:
        yield port


@pytest.fixture
def run() -> Callable[..., subprocess.CompletedProcess[str]]:
    def dcmtk(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        if shutil.which(program) is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} (dcmtk) is not installed")
        return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)

    return dcmtk


def file(folder: Path, **more: object) -> Path:
    made = dataset(phantom(3, (120, 160)).grey.astype("u2") * 16)
    made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    made.SOPInstanceUID, made.SeriesInstanceUID, made.StudyInstanceUID = (generate_uid() for _ in range(3))
    for name, value in more.items():
        setattr(made, name, value)
    path = folder / "a.dcm"
    path.write_bytes(dicom(made))
    return path


def peer(port: int, title: str = "MODALITY", called: str = "FRACTURES") -> list[str]:
    return ["-aet", title, "-aec", called, "127.0.0.1", str(port)]


def test_a_configured_peer_is_answered_and_a_stranger_is_rejected(port, run) -> None:
    assert run("echoscu", *peer(port)).returncode == 0
    for title, called in (("NOBODY", "FRACTURES"), ("ELSEWHERE", "FRACTURES"), ("MODALITY", "OTHER")):
        answer = run("echoscu", *peer(port, title, called))
        assert answer.returncode != 0
        assert "Rejected" in answer.stderr


def test_an_object_arrives_whole_under_the_tenant_of_its_sender(port, run, archive, tmp_path) -> None:
    path = file(tmp_path)
    assert run("storescu", *peer(port), str(path)).returncode == 0
    ((tenant, raw),) = archive.received
    assert tenant == "north"
    received = tmp_path / "received.dcm"
    received.write_bytes(raw)
    dumps = [run("dcmdump", "-q", "+P", "PixelData", "+L", str(each)).stdout for each in (path, received)]
    assert dumps[0] == dumps[1] != ""


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (DamagedImage(), 0xC000),
        (UnsupportedImage(), 0xC000),
        (OwnResult(), 0xC000),
        (DuplicateInstance(), 0x0111),
        (Unavailable(), 0xA700),
    ],
)
def test_each_failure_has_its_status(failure: FractureError, status: int) -> None:
    assert status_of(failure) == status


def test_a_refused_object_is_not_acknowledged_and_the_next_one_is_taken(port, run, archive, tmp_path) -> None:
    archive.failure = Unavailable()
    assert run("storescu", *peer(port), str(file(tmp_path))).returncode != 0
    assert not archive.received
    archive.failure = None
    assert run("storescu", *peer(port), str(file(tmp_path))).returncode == 0
    assert len(archive.received) == 1


def test_an_object_beyond_the_limit_is_cut_off_and_the_node_lives(run, archive, tmp_path) -> None:
    with listening(archive, most_bytes=4096) as port:
        path = file(tmp_path, PixelData=bytes(2 * 12 * 4096), Rows=64, Columns=768)
        assert run("storescu", *peer(port), str(path)).returncode != 0
        assert not archive.received
        assert run("echoscu", *peer(port)).returncode == 0


def test_rubbish_and_an_association_dropped_half_way_stop_nobody(port, run) -> None:
    for sent in (b"\x01\x00\x00\x00\x00\xff", b"GET / HTTP/1.1\r\n\r\n", b""):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(sent)
    assert run("echoscu", *peer(port)).returncode == 0


def test_an_object_that_breaks_off_half_way_is_not_stored_and_the_next_one_is(port, run, archive, tmp_path) -> None:
    ae = AE("MODALITY")
    ae.add_requested_context("1.2.840.10008.5.1.4.1.1.1")
    association = ae.associate("127.0.0.1", port, ae_title="FRACTURES")
    assert association.is_established
    connection = association.dul.socket.socket
    # A P-DATA-TF (PS3.8 9.3.5) that announces more than it has.
    connection.sendall(b"\x04\x00" + (1 << 20).to_bytes(4, "big") + bytes(1000))
    connection.shutdown(socket.SHUT_RDWR)
    association.release()
    assert run("storescu", *peer(port), str(file(tmp_path))).returncode == 0
    assert len(archive.received) == 1


def test_the_log_names_an_object_by_a_digest_of_its_uid(port, run, archive, tmp_path, caplog) -> None:
    caplog.set_level("INFO", logger="app.hospital")
    path = file(tmp_path, PatientName="Doe^Jane")
    assert run("storescu", *peer(port), str(path)).returncode == 0
    uid = run("dcmdump", "-q", "-Un", "+P", "SOPInstanceUID", str(path)).stdout.split("[")[1].split("]")[0]
    assert "stored" in caplog.text
    assert uid not in caplog.text
    assert "Doe" not in caplog.text


def test_storage_commitment_tells_what_is_stored_and_what_is_not(port, archive) -> None:
    known, unknown = generate_uid(), generate_uid()
    archive.stored.add(("north", known))
    reports: list[Dataset] = []
    came = Event()

    def take(event: evt.Event) -> tuple[int, None]:
        reports.append(event.event_information)
        came.set()
        return 0x0000, None

    ae = AE("MODALITY")
    ae.add_requested_context(StorageCommitmentPushModel)
    association = ae.associate("127.0.0.1", port, ae_title="FRACTURES", evt_handlers=[(evt.EVT_N_EVENT_REPORT, take)])
    assert association.is_established
    request = Dataset()
    request.TransactionUID = generate_uid()
    request.ReferencedSOPSequence = []
    for uid in (known, unknown):
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1", uid
        request.ReferencedSOPSequence.append(item)
    status, _ = association.send_n_action(request, 1, StorageCommitmentPushModel, "1.2.840.10008.1.20.1.1")
    assert status.Status == 0
    assert came.wait(20)
    association.release()
    (report,) = reports
    assert report.TransactionUID == request.TransactionUID
    assert [one.ReferencedSOPInstanceUID for one in report.ReferencedSOPSequence] == [known]
    assert [one.ReferencedSOPInstanceUID for one in report.FailedSOPSequence] == [unknown]
