"""Deliver results to other systems: the outbox's channels `dicom`, `stow` (DICOMweb), `hl7` (MLLP) and `fhir`."""

import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from types import MappingProxyType
from urllib.parse import urlsplit

from app.config import Settings
from app.errors import BadRequest, ConfigError
from app.exchange_errors import ArchiveUnavailable, PeerUnavailable
from app.hospital.archive_client import DicomWebArchive
from app.hospital.peer_client import store
from app.hospital.peers import parse_destination
from app.records import Actor
from app.services import RecordServices
from app.storage import MessageRow, SubscriptionRow
from app.usecases.outbox.deliver import DeliveryFailed, Sender
from app.usecases.outbox.messages import subscribe
from app.usecases.reports.dicom import result_files
from app.usecases.reports.records import fhir_transaction, oru_of

DICOM, STOW, HL7, FHIR = "dicom", "stow", "hl7", "fhir"
_STOW_PREFIX = "stow+"
_TIMEOUT_S = 20.0
# Minimal Lower Layer Protocol (HL7 v2.5, appendix C): block start, block end.
_START, _END = b"\x0b", b"\x1c\r"
_LONGEST_ANSWER = 64 * 1024
_ACCEPTED = (b"MSA|AA|", b"MSA|CA|")


def add_destination(services: RecordServices, actor: Actor, address: str) -> SubscriptionRow:
    """Deliver the results of a tenant's studies to an address of one of the forms that `channel_of` knows.

    Raises:
        BadRequest: an address of another form.
    """
    return subscribe(services, actor, channel_of(address), address)


def channel_of(address: str) -> str:
    """The channel of `AE@HOST:PORT`, `stow+http(s)://…`, `mllp://HOST:PORT` or `http(s)://…` (FHIR).

    Raises:
        BadRequest: an address of another form.
    """
    try:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.hostname:
            return FHIR
        if parts.scheme in ("stow+http", "stow+https") and parts.hostname:
            return STOW
        if parts.scheme == "mllp" and parts.hostname and parts.port:
            return HL7
        parse_destination(address)
    except (ValueError, ConfigError):
        raise BadRequest(
            "A destination is AE@HOST:PORT, mllp://HOST:PORT, the https:// base of a FHIR server, "
            "or stow+https://… for DICOMweb."
        ) from None
    return DICOM


def senders(settings: Settings) -> Mapping[str, Sender]:
    """The sender of each channel."""

    def send_dicom(services: RecordServices, message: MessageRow, subscription: SubscriptionRow) -> None:
        files = result_files(services, message.tenant, message.study)
        try:
            store(parse_destination(subscription.address), settings.dicom.ae_title, files)
        except PeerUnavailable:
            raise DeliveryFailed("peer-unavailable") from None

    def send_stow(services: RecordServices, message: MessageRow, subscription: SubscriptionRow) -> None:
        files = result_files(services, message.tenant, message.study)
        try:
            _archive_at(settings, subscription.address.removeprefix(_STOW_PREFIX)).store(files)
        except ArchiveUnavailable:
            raise DeliveryFailed("archive-unavailable") from None

    return MappingProxyType({DICOM: send_dicom, STOW: send_stow, HL7: send_hl7, FHIR: send_fhir})


def send_hl7(services: RecordServices, message: MessageRow, subscription: SubscriptionRow) -> None:
    """Send an ORU^R01 over MLLP and wait for its acknowledgement.

    Raises:
        DeliveryFailed: no connection, no answer in time, or an answer that is no acceptance.
    """
    text = oru_of(services, message.tenant, message.study).encode()
    parts = urlsplit(subscription.address)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=_TIMEOUT_S) as connection:
            connection.sendall(_START + text + _END)
            answer = _block(connection.recv)
    except OSError:
        raise DeliveryFailed("no-answer") from None
    if not any(accepted in answer for accepted in _ACCEPTED):
        raise DeliveryFailed("not-accepted")


def send_fhir(services: RecordServices, message: MessageRow, subscription: SubscriptionRow) -> None:
    """POST the study as a FHIR transaction.

    Raises:
        DeliveryFailed: the server does not answer with 2xx in time.
    """
    body = fhir_transaction(services, message.tenant, message.study).encode()
    headers = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
    request = urllib.request.Request(subscription.address, body, headers, method="POST")  # noqa: S310 - checked when added
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S):  # noqa: S310 - checked when added
            return
    except urllib.error.HTTPError as refusal:
        refusal.close()
        raise DeliveryFailed(f"http-{refusal.code}") from None
    except (OSError, HTTPException, ValueError):
        raise DeliveryFailed("no-answer") from None


def _archive_at(settings: Settings, url: str) -> DicomWebArchive:
    """The archive at an address; what authorizes us to the configured one is told to no other."""
    configured = settings.dicomweb
    if url.rstrip("/") == configured.url:
        return DicomWebArchive(configured.url, settings.limits.upload_bytes, configured.authorization, configured.ca)
    return DicomWebArchive(url, settings.limits.upload_bytes, ca=configured.ca)


def _block(receive: Callable[[int], bytes]) -> bytes:
    """One MLLP block without its frame; what came when the connection ends or the block is too long."""
    received = b""
    while _END not in received and len(received) < _LONGEST_ANSWER:
        part = receive(4096)
        if not part:
            break
        received += part
    return received.partition(_START)[2].partition(_END)[0]
