"""Send messages by syslog: RFC 5424 over TLS (RFC 5425), TCP (RFC 6587, octet counting) or UDP (RFC 5426).

Source: DICOM PS3.15 A.6 for the priority and the message id.
"""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol, cast
from urllib.parse import urlsplit

from app.errors import BadRequest, ConfigError
from app.exchange_errors import PeerUnavailable

Transport = Literal["tls", "tcp", "udp"]
_SCHEMES = {"syslog+tls": 6514, "syslog+tcp": 601, "syslog+udp": 514}
_TIMEOUT_S, _ALERT_S = 20.0, 0.5
# Facility 10 (security), severity 5 (notice), as PS3.15 A.6 wants.
_PRIORITY = 10 * 8 + 5
_MESSAGE_ID = "DICOM+RFC3881"
_BOM = b"\xef\xbb\xbf"
_UNKNOWN = "-"


@dataclass(frozen=True)
class Receiver:
    """A syslog receiver. ca, certificate, key: PEM files for TLS; ca None for the usual authorities."""

    transport: Transport
    host: str
    port: int
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def address(self) -> str:
        """Its address, by which the place in the record is remembered."""
        return f"syslog+{self.transport}://{self.host}:{self.port}"


class Send(Protocol):
    """Sends one message."""

    def __call__(self, body: bytes, at: datetime) -> None:
        """Send a message that tells of a moment."""


def parse_receiver(
    text: str, *, ca: Path | None = None, certificate: Path | None = None, key: Path | None = None
) -> Receiver:
    """A receiver from `syslog+tls://HOST[:PORT]`, `syslog+tcp://…` or `syslog+udp://…`.

    Raises:
        BadRequest: an address of another form.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.path.strip("/"):
        raise BadRequest("A syslog receiver is written syslog+tls://HOST:PORT, syslog+tcp://… or syslog+udp://….")
    transport = cast(Transport, parts.scheme.removeprefix("syslog+"))
    return Receiver(transport, parts.hostname, port or _SCHEMES[parts.scheme], ca, certificate, key)


@contextmanager
def sending(receiver: Receiver) -> Iterator[Send]:
    """A connection to a receiver, and the function that sends on it.

    Raises:
        PeerUnavailable: it does not answer, or the connection broke.
        ConfigError: the files for TLS cannot be used.
    """
    context = _context(receiver) if receiver.transport == "tls" else None
    try:
        with _connected(receiver, context) as connection:
            is_counted = receiver.transport != "udp"

            def send(body: bytes, at: datetime) -> None:
                line = frame(body, at)
                connection.sendall(f"{len(line)} ".encode() + line if is_counted else line)

            yield send
            if receiver.transport == "tls":
                _hear_alert(connection)
    except OSError:
        raise PeerUnavailable from None


def _hear_alert(connection: socket.socket) -> None:
    """Wait a moment for an alert: under TLS 1.3 a receiver refuses a certificate only after the handshake.

    Raises:
        OSError: it refused, or closed the connection.
    """
    connection.settimeout(_ALERT_S)
    try:
        if not connection.recv(1):
            raise ConnectionResetError
    except TimeoutError:
        return


def frame(body: bytes, at: datetime) -> bytes:
    """A message in the form of RFC 5424: no structured data, text in UTF-8."""
    host = socket.gethostname().encode("ascii", "replace").decode().replace(" ", "-")[:255] or _UNKNOWN
    when = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    head = f"<{_PRIORITY}>1 {when} {host} fracture-detection {os.getpid()} {_MESSAGE_ID} -"
    return head.encode() + b" " + _BOM + body


def _connected(receiver: Receiver, context: ssl.SSLContext | None) -> socket.socket:
    kind = socket.SOCK_DGRAM if receiver.transport == "udp" else socket.SOCK_STREAM
    family, _, _, _, address = socket.getaddrinfo(receiver.host, receiver.port, type=kind)[0]
    plain = socket.socket(family, kind)
    try:
        plain.settimeout(_TIMEOUT_S)
        plain.connect(address)
        return context.wrap_socket(plain, server_hostname=receiver.host) if context else plain
    except OSError:
        plain.close()
        raise


def _context(receiver: Receiver) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=receiver.ca)
        if receiver.certificate is not None:
            context.load_cert_chain(receiver.certificate, receiver.key)
    except (OSError, ssl.SSLError):
        raise ConfigError(
            "The files for TLS to the syslog receiver cannot be read, or do not fit each other."
        ) from None
    return context
