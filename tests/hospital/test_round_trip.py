"""From a modality to the archive and back: storescu → node → detector → Orthanc."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from app.exchange_errors import PeerUnavailable
from app.hospital.commands import Archive
from app.hospital.node import Node, NodeSettings
from app.hospital.peer_client import echo, find_studies, store
from app.hospital.peers import Destination, Sender
from app.imaging import phantom
from app.services import Services
from app.usecases.reports.dicom import result_files
from app.usecases.sealed_records import open_study
from app.usecases.studies.pending import infer_pending
from tests.support.image_files import dataset, dicom
from tests.support.orthanc_server import Orthanc, orthanc

TENANT = "default"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with orthanc(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture
def peer(archive: Orthanc) -> Destination:
    return Destination("ORTHANC", "127.0.0.1", archive.dicom_port)


@pytest.fixture
def node(services: Services) -> Iterator[int]:
    settings = NodeSettings("FRACTURES", ("127.0.0.1", 0), (Sender("CR1", "127.0.0.1", TENANT),), 1 << 24)
    server = Node(settings, Archive(services)).start()
    yield server.server_address[1]
    server.shutdown()


def send(path: Path, title: str, port: int) -> None:
    program = shutil.which("storescu")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("storescu (dcmtk) is not installed")
    subprocess.run([program, "-aet", "CR1", "-aec", title, "127.0.0.1", str(port), str(path)], check=True, timeout=60)


def test_results_stand_beside_the_study_in_the_archive(services, node, archive, peer, tmp_path) -> None:
    made = dataset(phantom(3, (120, 160)).grey.astype("u2") * 16)
    made.SOPClassUID, made.Modality = "1.2.840.10008.5.1.4.1.1.1", "CR"
    made.SOPInstanceUID, made.SeriesInstanceUID, made.StudyInstanceUID = (generate_uid() for _ in range(3))
    made.PatientName, made.PatientID = "Doe^Jane", "4711"
    path = tmp_path / "a.dcm"
    path.write_bytes(dicom(made))
    send(path, "ORTHANC", peer.port)
    send(path, "FRACTURES", node)

    assert infer_pending(services)
    row = services.store.studies.page(TENANT, 1).studies[0]
    store(peer, "FRACTURES", result_files(services, TENANT, row.id))

    studies = [archive.get(f"/studies/{one}") for one in archive.get("/studies")]
    (study,) = [one for one in studies if one["MainDicomTags"]["StudyInstanceUID"] == made.StudyInstanceUID]
    series = [archive.get(f"/series/{one}") for one in study["Series"]]
    assert sorted(one["MainDicomTags"]["Modality"] for one in series) == ["CR", "OT", "PR", "SR"]
    (report,) = [one for one in series if one["MainDicomTags"]["Modality"] == "SR"]
    stored = dcmread(BytesIO(archive.file(report["Instances"][0])))
    findings = open_study(services, row).images[0].assessment.findings
    assert len(outlines(stored)) == len(findings) > 0
    for outline, finding in zip(outlines(stored), findings, strict=True):
        x1, y1, x2, y2 = finding.box_px
        assert outline == pytest.approx([x1, y1, x2, y1, x2, y2, x1, y2, x1, y1])


def test_the_archive_is_asked_for_studies(archive, peer, tmp_path) -> None:
    made = dataset(phantom(3, (120, 160)).grey.astype("u2") * 16)
    made.SOPClassUID, made.PatientID, made.PatientName = "1.2.840.10008.5.1.4.1.1.1", "find-me", "Roe^Richard"
    made.SOPInstanceUID, made.SeriesInstanceUID, made.StudyInstanceUID = (generate_uid() for _ in range(3))
    store(peer, "FRACTURES", [dicom(made)])
    keys = Dataset()
    keys.PatientID, keys.StudyInstanceUID, keys.PatientName = "find-me", "", ""
    (found,) = find_studies(peer, "FRACTURES", keys)
    assert (found.StudyInstanceUID, str(found.PatientName)) == (made.StudyInstanceUID, "Roe^Richard")


# pynetdicom leaves the socket of a refused connection to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_peer_that_does_not_answer_is_told_in_one_line(archive, peer) -> None:
    echo(peer, "FRACTURES")
    with pytest.raises(PeerUnavailable):
        echo(Destination("ORTHANC", "127.0.0.1", 9), "FRACTURES")


def outlines(report: Dataset) -> list[list[float]]:
    """The corners of every SCOORD of a report, columns and rows by turns."""
    found = []
    for item in report.get("ContentSequence", []):
        if item.ValueType == "SCOORD":
            found.append([float(value) for value in item.GraphicData])
        found += outlines(item)
    return found
