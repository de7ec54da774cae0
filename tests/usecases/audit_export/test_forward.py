"""Entries arrive at syslog receivers once and in order, as DICOM audit messages without patient data."""

import base64
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from app.errors import BadRequest, ConfigError
from app.exchange_errors import PeerUnavailable
from app.records import Actor, AuditEvent, Upload
from app.services import Services
from app.usecases.administration import people
from app.usecases.audit_export.forward import forward
from app.usecases.audit_export.messages import audit_message
from app.usecases.audit_export.syslog import Receiver, parse_receiver
from app.usecases.studies.create import create_study
from tests.support.certificates import Authority
from tests.web.api.test_dicom_results import radiograph

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
HEAD = re.compile(rb"<85>1 (\S+) \S+ fracture-detection \d+ DICOM\+RFC3881 - \xef\xbb\xbf(.*)", re.DOTALL)


class StreamReceiver:
    """Takes connections one after the other and keeps the octet-counted messages of each."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.messages: list[bytes] = []
        self._came = threading.Condition()
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with suppress(OSError), closing(self._wrapped(connection)) as stream:
                self._take(stream)
            connection.close()

    def _wrapped(self, connection: socket.socket) -> socket.socket:
        return self._context.wrap_socket(connection, server_side=True) if self._context else connection

    def _take(self, stream: socket.socket) -> None:
        rest = b""
        while part := stream.recv(65536):
            rest += part
            while (size := re.match(rb"(\d+) ", rest)) and len(rest) >= size.end() + int(size[1]):
                end = size.end() + int(size[1])
                with self._came:
                    self.messages.append(rest[size.end() : end])
                    self._came.notify()
                rest = rest[end:]

    def first(self, count: int) -> list[bytes]:
        """The messages, once so many have come: a connection may still wait to be accepted when its sender is done."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.messages) >= count, timeout=20)
            return list(self.messages)

    def stop(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def tcp() -> Iterator[StreamReceiver]:
    receiver = StreamReceiver()
    yield receiver
    receiver.stop()


def parsed(line: bytes) -> Element:
    match = HEAD.fullmatch(line)
    assert match, line[:120]
    return fromstring(match[2])


def told(message: Element) -> tuple[str, int]:
    """Action and sequence of an entry, by its message."""
    details = {
        one.get("type"): base64.b64decode(one.get("value", "")) for one in message.iter("ParticipantObjectDetail")
    }
    return details["action"].decode(), int(details["sequence"])


def entries(services: Services) -> list[tuple[str, int]]:
    return [(one.event.action, one.event.sequence) for one in services.store.audit.entries("default")]


def wait_for(receiver: StreamReceiver, count: int) -> list[bytes]:
    messages = receiver.first(count)
    receiver.stop()
    assert len(receiver.messages) == count
    return messages


def test_every_entry_arrives_once_and_in_order(services: Services, ada, tcp: StreamReceiver) -> None:
    receiver = parse_receiver(f"syslog+tcp://127.0.0.1:{tcp.port}")
    first = forward(services, receiver)
    create_study(services, ada.person, [Upload("Doe.dcm", radiograph())])
    second = forward(services, receiver)
    assert forward(services, receiver) == 0
    assert (first > 0, second) == (True, 1)
    lines = wait_for(tcp, first + second)
    assert [told(parsed(line)) for line in lines] == entries(services)
    for secret in (b"Doe", b"Jane", b"4711"):
        assert not any(secret in line for line in lines)


def test_a_receiver_that_is_away_gets_everything_later(services: Services, ada, tcp: StreamReceiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(PeerUnavailable):
        forward(services, Receiver("tcp", "127.0.0.1", port))
    assert forward(services, Receiver("tcp", "127.0.0.1", tcp.port)) == len(entries(services))
    assert len(wait_for(tcp, len(entries(services)))) > 0


def test_a_datagram_holds_one_message(services: Services, ada) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(20)
        sent = forward(services, parse_receiver(f"syslog+udp://127.0.0.1:{receiver.getsockname()[1]}"))
        lines = [receiver.recv(65536) for _ in range(sent)]
    assert [told(parsed(line)) for line in lines] == entries(services)


@pytest.fixture
def hospital(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "hospital")


@pytest.fixture
def tls(hospital: Authority) -> Iterator[StreamReceiver]:
    key, certificate = hospital.issue("receiver")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=hospital.certificate)
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    receiver = StreamReceiver(context)
    yield receiver
    receiver.stop()


def test_over_tls_both_sides_show_a_certificate(services: Services, ada, tls, hospital) -> None:
    key, certificate = hospital.issue("sender")
    address = f"syslog+tls://127.0.0.1:{tls.port}"
    receiver = parse_receiver(address, ca=hospital.certificate, certificate=certificate, key=key)
    sent = forward(services, receiver)
    assert [told(parsed(line)) for line in wait_for(tls, sent)] == entries(services)


def test_over_tls_a_stranger_on_either_side_gets_nothing(services: Services, ada, tls, hospital, tmp_path) -> None:
    strange = Authority(tmp_path, "strange")
    key, certificate = hospital.issue("sender")
    address = f"syslog+tls://127.0.0.1:{tls.port}"
    with pytest.raises(PeerUnavailable):
        forward(services, parse_receiver(address, ca=strange.certificate, certificate=certificate, key=key))
    with pytest.raises(PeerUnavailable):
        forward(services, parse_receiver(address, ca=hospital.certificate))
    assert services.store.audit.exported("default", address) == 0
    with pytest.raises(ConfigError):
        forward(services, parse_receiver(address, ca=tmp_path / "none.pem"))


@pytest.mark.parametrize(
    "address", ["", "host:514", "syslog://h", "syslog+tls://", "syslog+tcp://h:x", "syslog+udp://h/p"]
)
def test_an_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(BadRequest):
        parse_receiver(address)


def test_ports_are_those_of_the_standards() -> None:
    assert [parse_receiver(f"syslog+{one}://h").port for one in ("tls", "tcp", "udp")] == [6514, 601, 514]


@pytest.mark.parametrize(
    ("action", "event", "act", "outcome"),
    [
        ("signed-in", "110114", "E", "0"),
        ("sign-in-refused", "110114", "E", "4"),
        ("refused", "110113", "E", "4"),
        ("role-set-admin", "110113", "U", "0"),
        ("study-viewed", "110103", "R", "0"),
        ("study-deleted", "110105", "D", "0"),
        ("image-received", "110104", "C", "0"),
        ("feedback-exported", "110106", "R", "0"),
        ("archive-searched", "110112", "E", "0"),
        ("audit-viewed", "110101", "R", "0"),
        ("an-action-of-tomorrow", "110100", "E", "0"),
    ],
)
def test_each_action_is_an_event_of_the_standard(action: str, event: str, act: str, outcome: str) -> None:
    message = fromstring(audit_message(AuditEvent("north", 7, AT, "p1", action, "s<1>")))
    about = message.find("EventIdentification")
    assert about is not None
    assert about.find("EventID").get("csd-code") == event  # type: ignore[union-attr]
    assert (about.get("EventActionCode"), about.get("EventOutcomeIndicator")) == (act, outcome)
    assert about.get("EventDateTime") == "2026-11-23T09:30:00.000+00:00"
    assert message.find("ActiveParticipant").get("UserID") == "p1"  # type: ignore[union-attr]
    assert message.find("AuditSourceIdentification").get("AuditEnterpriseSiteID") == "north"  # type: ignore[union-attr]
    assert message.find("ParticipantObjectIdentification").get("ParticipantObjectID") == "s<1>"  # type: ignore[union-attr]
    assert told(message) == (action, 7)


def test_tenants_are_forwarded_each_from_its_own_place(services: Services, account: Callable[..., object], tcp) -> None:
    account("Ada")
    account("Bea", tenant="north")
    receiver = Receiver("tcp", "127.0.0.1", tcp.port)
    sent = forward(services, receiver)
    people.add_person(services, Actor("north", "os:test"), "Cleo", "reader", None)
    assert forward(services, receiver) == 1
    sites = [
        parsed(line).find("AuditSourceIdentification").get("AuditEnterpriseSiteID")  # type: ignore[union-attr]
        for line in wait_for(tcp, sent + 1)
    ]
    assert sites[-1] == "north"
    assert set(sites) == {"default", "north"}
