"""A study is found in a real Orthanc by DICOMweb and taken, and results are stored there."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from pydicom import dcmread
from pydicom.uid import JPEGLSLossless, generate_uid

from app.config import DicomWebSettings
from app.errors import DifferentPatients, NotFound, TooManyFiles
from app.exchange_errors import ArchiveUnavailable, NothingToTake
from app.hospital.archive_client import DicomWebArchive
from app.hospital.delivery import STOW, add_destination, channel_of, senders
from app.imaging import phantom
from app.records import Actor, Person, Study
from app.services import Services
from app.usecases.administration import people
from app.usecases.dicomweb.archive import ArchiveKeys, ImageNames, take_study
from app.usecases.outbox.deliver import deliver
from app.usecases.reports.dicom import result_files
from app.usecases.sealed_records import open_original, open_study
from app.usecases.studies.pending import infer_pending
from app.usecases.studies.receive import receive
from app.web import create_app
from tests.conftest import Account
from tests.support.access import use_link
from tests.support.image_files import compressed, dataset, dicom
from tests.support.orthanc_server import Orthanc, orthanc
from tests.web.conftest import form_token

TENANT = "default"
CR = "1.2.840.10008.5.1.4.1.1.1"
BASIC = "Basic dGVzdDp0ZXN0"


def radiograph(study_uid: str, **more: object) -> bytes:
    made = dataset(phantom(3, (120, 160)).grey.astype("u2") * 16)
    made.SOPClassUID, made.Modality, made.StudyInstanceUID = CR, "CR", study_uid
    made.SOPInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.PatientName, made.PatientID, made.PatientBirthDate = "Doe^Jane", study_uid[-8:], "19800229"
    made.AccessionNumber, made.StudyDate = study_uid[-10:], "20261101"
    for name, value in more.items():
        setattr(made, name, value)
    return dicom(made)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with orthanc(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture
def archive(server: Orthanc, services: Services) -> DicomWebArchive:
    return DicomWebArchive(f"http://127.0.0.1:{server.http_port}/dicom-web", services.settings.limits.upload_bytes)


@pytest.fixture
def within(services: Services, archive: DicomWebArchive) -> Services:
    """Services whose settings name the archive."""
    settings = replace(services.settings, dicomweb=DicomWebSettings(archive_url(archive)))
    return replace(services, settings=settings)


def archive_url(archive: DicomWebArchive) -> str:
    return vars(archive)["_url"]


@pytest.fixture
def person(ada: Account) -> Person:
    return ada.person


def stored(services: Services) -> list[Study]:
    return [open_study(services, row) for row in services.store.studies.page(TENANT, 10).studies]


def test_a_study_is_found_by_each_key(archive) -> None:
    uid = generate_uid()
    archive.store([radiograph(uid, PatientName="Roe^Richard", StudyDescription="Wrist")])
    for keys in (
        ArchiveKeys(patient_id=uid[-8:]),
        ArchiveKeys(accession_number=uid[-10:]),
        ArchiveKeys(patient_id=uid[-8:], study_date="2026-11-01"),
        ArchiveKeys(patient_name="roe^rich", study_uid=uid),
    ):
        (found,) = archive.find(keys, 10)
        assert (found.study_uid, found.study_date, found.modalities) == (uid, "2026-11-01", ("CR",))
        assert found.patient is not None
        assert (found.patient.name, found.patient.id, found.patient.birth_date) == (
            "Roe^Richard",
            uid[-8:],
            "1980-02-29",
        )
    assert archive.find(ArchiveKeys(patient_id=uid[-8:], study_date="2026-11-02"), 10) == []


def test_a_taken_study_is_stored_as_the_archive_has_it_and_inferred(within, person, archive) -> None:
    uid = generate_uid()
    first, second = radiograph(uid), radiograph(uid)
    packed = compressed(dcmread(BytesIO(second)), JPEGLSLossless)
    archive.store([first, packed])
    study_id = take_study(within, person, archive, uid)
    (study,) = stored(within)
    assert (study.id, study.created_by, [one.assessment.verdict for one in study.images]) == (
        study_id,
        person.id,
        ["pending", "pending"],
    )
    assert study.patient is not None
    assert study.patient.name == "Doe^Jane"
    originals = [dcmread(BytesIO(open_original(within, TENANT, study.id, one.id))) for one in study.images]
    assert JPEGLSLossless in [one.file_meta.TransferSyntaxUID for one in originals]
    while infer_pending(within):
        pass
    assert [one.assessment.verdict for one in stored(within)[0].images] == ["fracture", "fracture"]
    actions = [entry.event.action for entry in within.store.audit.entries(TENANT) if entry.event.actor == person.id]
    assert actions.count("image-received") == 2


def test_taking_again_adds_nothing_and_results_in_the_archive_are_left_out(within, person, archive) -> None:
    uid = generate_uid()
    archive.store([radiograph(uid)])
    study_id = take_study(within, person, archive, uid)
    assert infer_pending(within)
    archive.store(result_files(within, TENANT, study_id))
    assert take_study(within, person, archive, uid) == study_id
    assert [len(study.images) for study in stored(within)] == [1]
    assert not infer_pending(within)


def test_what_cannot_be_taken_is_refused(within, person, archive, account) -> None:
    with pytest.raises(NothingToTake):
        take_study(within, person, archive, generate_uid())
    uid = generate_uid()
    archive.store([radiograph(uid, SOPClassUID="1.2.840.10008.5.1.4.1.1.2", Modality="CT")])
    with pytest.raises(NothingToTake):
        take_study(within, person, archive, uid)
    uid = generate_uid()
    archive.store([radiograph(uid) for _ in range(within.settings.limits.files + 1)])
    with pytest.raises(TooManyFiles):
        take_study(within, person, archive, uid)
    with pytest.raises(NotFound):
        take_study(within, account("Bea", tenant="north").person, archive, uid)
    with pytest.raises(NotFound):
        take_study(within, person, None, uid)
    assert stored(within) == []


def test_an_image_of_another_patient_is_not_stored(within, person, archive) -> None:
    uid = generate_uid()
    archive.store([radiograph(uid)])

    class Mixed(DicomWebArchive):
        def retrieve(self, names) -> bytes:
            return radiograph(uid, PatientID="another", PatientBirthDate="19700101")

    mixed = Mixed(archive_url(archive), within.settings.limits.upload_bytes)
    with pytest.raises(DifferentPatients):
        take_study(within, person, mixed, uid)
    assert stored(within) == []


def test_results_are_delivered_by_stow(within, person, archive, server) -> None:
    uid = generate_uid()
    archive.store([radiograph(uid)])
    address = f"stow+{archive_url(archive)}"
    assert channel_of(address) == STOW
    add_destination(within, Actor(TENANT, "os:test"), address)
    take_study(within, person, archive, uid)
    assert infer_pending(within)
    assert deliver(within, senders(within.settings)) == 1
    assert not within.store.outbox.messages(TENANT, dead=False)
    (study,) = [
        one
        for one in map(server.get, (f"/studies/{each}" for each in server.get("/studies")))
        if one["MainDicomTags"]["StudyInstanceUID"] == uid
    ]
    modalities = sorted(server.get(f"/series/{one}")["MainDicomTags"]["Modality"] for one in study["Series"])
    assert modalities == ["CR", "OT", "PR", "SR"]


@contextmanager
def answering(reply: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[str]]]:
    """A server that answers as told; its address, and the Authorization headers that it was sent."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(self.headers.get("Authorization", ""))
            reply(self)

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/dicom-web", told
        finally:
            server.shutdown()
            thread.join()


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str = "application/dicom+json") -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.mark.parametrize("body", [b"<html>", b'{"00100010": 3}', b'["x"]'])
def test_an_archive_that_answers_nonsense_is_told_in_words(body: bytes) -> None:
    with answering(lambda handler: send(handler, 200, body)) as (url, _), pytest.raises(ArchiveUnavailable):
        DicomWebArchive(url, 1000).find(ArchiveKeys(patient_id="1"), 10)


def test_an_answer_beyond_the_limit_is_cut_off() -> None:
    with answering(lambda handler: send(handler, 200, bytes(200_000), "application/dicom")) as (url, _):
        names = ImageNames("1.2", "1.3", "1.4")
        assert len(DicomWebArchive(url, 200_000).retrieve(names)) == 200_000
        with pytest.raises(ArchiveUnavailable):
            DicomWebArchive(url, 1000).retrieve(names)


@pytest.mark.parametrize("times", [{"timeout_s": 0.2}, {"deadline_s": 0.2}], ids=["silent", "trickling"])
def test_an_archive_that_answers_slowly_is_given_up(times: dict[str, float]) -> None:
    ended = threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        with suppress(OSError):
            while "deadline_s" in times and not ended.wait(0.02):
                handler.wfile.write(b" ")
                handler.wfile.flush()
            ended.wait(30)

    with answering(trickle) as (url, _):
        with pytest.raises(ArchiveUnavailable):
            DicomWebArchive(url, 2_000_000, **times).find(ArchiveKeys(patient_id="1"), 10)
        ended.set()


def test_the_authorization_goes_to_the_configured_archive_alone(within, person, archive) -> None:
    with answering(lambda handler: send(handler, 401, b"")) as (url, told):
        settings = replace(within.settings, dicomweb=DicomWebSettings(url, authorization=BASIC))
        services = replace(within, settings=settings)
        for address in (f"{url}/", url.replace("/dicom-web", "/elsewhere")):
            add_destination(services, Actor(TENANT, "os:test"), f"stow+{address}")
        receive(services, TENANT, radiograph(generate_uid()))
        assert infer_pending(services)
        assert deliver(services, senders(settings)) == 2
    assert sorted(told) == ["", BASIC]
    assert BASIC not in repr(settings)
    assert {one.error for one in services.store.outbox.messages(TENANT, dead=False)} == {"archive-unavailable"}


def test_an_archive_that_does_not_answer_is_told_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ArchiveUnavailable):
        DicomWebArchive(f"http://127.0.0.1:{port}/dicom-web", 1000).find(ArchiveKeys(patient_id="1"), 10)


@pytest.fixture
def browser(within: Services, archive: DicomWebArchive, person: Person) -> FlaskClient:
    client = create_app(within.settings, within, archive).test_client()
    assert use_link(client, people.add_link(within, Actor(TENANT, "test"), person.name)).status_code == 303
    return client


def test_the_page_finds_a_study_and_takes_it(within, browser, archive, caplog) -> None:
    caplog.set_level("INFO")
    uid = generate_uid()
    archive.store([radiograph(uid, PatientName="Findme^Ann")])
    assert "Find in PACS" in browser.get("/").text
    token = form_token(browser, "/archive")
    found = browser.post("/archive/search", data={"csrf_token": token, "patient_name": "Findme, Ann"})
    assert '<th scope="row">Findme, Ann</th>' in found.text
    assert "Findme" not in caplog.text
    taken = browser.post("/archive/take", data={"csrf_token": token, "study_uid": uid})
    (study,) = stored(within)
    assert uid not in caplog.text
    assert (taken.status_code, taken.location) == (303, f"/studies/{study.id}")
    assert "Findme" in browser.get(taken.location).text


def test_an_empty_search_is_refused_and_one_without_a_match_says_so(browser) -> None:
    token = form_token(browser, "/archive")
    assert browser.post("/archive/search", data={"csrf_token": token, "patient_name": "***"}).status_code == 400
    nothing = browser.post("/archive/search", data={"csrf_token": token, "patient_id": "nobody"})
    assert "The archive holds no such study." in nothing.text


def test_without_an_archive_there_is_no_link_and_no_search(signed_in) -> None:
    assert "Find in PACS" not in signed_in.get("/").text
    token = form_token(signed_in)
    data = {"csrf_token": token, "patient_id": "4711"}
    assert signed_in.post("/archive/search", data=data).status_code == 404
