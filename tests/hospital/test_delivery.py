"""Results reach other systems through the outbox: a real Orthanc, an HL7 receiver, a FHIR server."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fhir.resources.R4B.bundle import Bundle
from hl7apy.parser import parse_message

from app import imaging
from app.errors import BadRequest
from app.hospital.delivery import DICOM, FHIR, HL7, add_destination, channel_of, senders
from app.records import Actor, Person, Upload
from app.services import Services
from app.usecases.outbox.deliver import deliver
from app.usecases.studies.create import create_study
from tests.support.orthanc_server import orthanc

TENANT = "default"
ADMIN = Actor(TENANT, "os:test")
FILE = Upload("a.png", imaging.render_png(imaging.phantom(3, (160, 128)).grey))


class Hl7Receiver:
    """Takes one message after another and answers each with the code that it is told."""

    def __init__(self) -> None:
        self.code = "AA"
        self.messages: list[str] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"mllp://127.0.0.1:{self.socket.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                received = b""
                while b"\x1c\r" not in received:
                    received += connection.recv(4096)
                self.messages.append(received[1:-2].decode())
                connection.sendall(f"\x0bMSH|^~\\&|||||||ACK|1|P|2.5\rMSA|{self.code}|1\r\x1c\r".encode())


@pytest.fixture
def hl7() -> Iterator[Hl7Receiver]:
    receiver = Hl7Receiver()
    thread = threading.Thread(target=receiver.serve)
    thread.start()
    yield receiver
    receiver.socket.shutdown(socket.SHUT_RDWR)
    receiver.socket.close()
    thread.join()


@pytest.fixture
def person(account) -> Person:
    return account("Ada").person


def study(services: Services, person: Person) -> str:
    return create_study(services, person, [FILE]).study.id


def test_each_address_has_its_channel_and_others_are_refused() -> None:
    assert channel_of("PACS@pacs.example:104") == DICOM
    assert channel_of("mllp://ris.example:2575") == HL7
    assert channel_of("https://fhir.example/r4") == FHIR
    for address in ("PACS", "mllp://ris.example", "ftp://x/", "https://", "PACS@h:99999", ""):
        with pytest.raises(BadRequest):
            channel_of(address)


def test_an_inferred_study_reaches_an_archive(services: Services, person: Person, tmp_path) -> None:
    with orthanc(tmp_path) as archive:
        add_destination(services, ADMIN, f"ORTHANC@127.0.0.1:{archive.dicom_port}")
        study(services, person)
        assert deliver(services, senders(services.settings)) == 1
        assert not services.store.outbox.messages(TENANT, dead=False)
        series = [archive.get(f"/series/{one}") for one in archive.get("/series")]
        assert sorted(one["MainDicomTags"]["Modality"] for one in series) == ["OT", "SR"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_archive_that_is_away_is_tried_again_later(services: Services, person: Person, clock) -> None:
    add_destination(services, ADMIN, "ORTHANC@127.0.0.1:9")
    study(services, person)
    deliver(services, senders(services.settings))
    (message,) = services.store.outbox.messages(TENANT, dead=False)
    assert (message.attempts, message.error) == (1, "peer-unavailable")
    assert message.due_at > clock()


def test_a_message_is_sent_until_it_is_accepted(services: Services, person: Person, clock, hl7) -> None:
    add_destination(services, ADMIN, hl7.address)
    study_id = study(services, person)
    hl7.code = "AE"
    deliver(services, senders(services.settings))
    assert services.store.outbox.messages(TENANT, dead=False)[0].error == "not-accepted"
    hl7.code = "AA"
    clock.pass_(minutes=10)
    deliver(services, senders(services.settings))
    assert not services.store.outbox.messages(TENANT, dead=False)
    assert len(hl7.messages) == 2
    assert parse_message(hl7.messages[1], find_groups=False).obr.obr_3.value == study_id


def test_a_fhir_server_gets_a_transaction_that_names_each_resource(services: Services, person: Person) -> None:
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        add_destination(services, ADMIN, f"http://127.0.0.1:{server.server_port}/r4")
        study(services, person)
        deliver(services, senders(services.settings))
        server.shutdown()
        thread.join()
    (body,) = got
    assert Bundle.model_validate_json(body).type == "transaction"
    entries = json.loads(body)["entry"]
    resources = [entry["resource"] for entry in entries]
    assert [entry["request"]["url"] for entry in entries] == [f"{one['resourceType']}/{one['id']}" for one in resources]
    assert {entry["request"]["method"] for entry in entries} == {"PUT"}
