"""A DICOM node: verification, storage of radiographs, storage commitment.

An object is acknowledged once it is stored, sealed, with its audit entry; it never lies on disk in plain text. The
detector runs elsewhere: web processes lease what is pending.

Source: DICOM PS3.4 A (verification), B (storage), J (storage commitment push model); PS3.8 for associations.
"""

import hashlib
import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import Protocol

from pydicom.dataset import Dataset
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.events import Event
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    SecondaryCaptureImageStorage,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    Verification,
    XRayRadiofluoroscopicImageStorage,
)
from pynetdicom.transport import ThreadedAssociationServer

from app.errors import DamagedImage, FractureError, UnsupportedImage
from app.exchange_errors import DuplicateInstance, OwnResult
from app.hospital import statuses
from app.hospital.peers import Sender, sender_of

logger = logging.getLogger(__name__)

STORAGE_CLASSES = (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    SecondaryCaptureImageStorage,
    XRayRadiofluoroscopicImageStorage,
)
# In the order of preference.
TRANSFER_SYNTAXES: tuple[UID, ...] = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLosslessSV1,
    JPEGLossless,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEG2000,
    JPEGLSNearLossless,
)


class Archive(Protocol):
    """The part of the application that the node hands objects to."""

    def receive(self, tenant: str, raw: bytes) -> None:
        """Store one DICOM file, sealed, to be inferred.

        Raises:
            FractureError: it is not stored.
        """

    def is_stored(self, tenant: str, sop_instance_uid: str) -> bool:
        """Whether an object of this UID is stored."""


@dataclass(frozen=True)
class NodeSettings:
    """How the node listens.

    listen: (address, port). most_bytes: the largest object. tls: for mutual TLS, or None.
    """

    ae_title: str
    listen: tuple[str, int]
    senders: Sequence[Sender]
    most_bytes: int
    most_associations: int = 20
    tls: ssl.SSLContext | None = None


class Node:
    """Receives radiographs; safe under the threads of its associations."""

    def __init__(self, settings: NodeSettings, archive: Archive) -> None:
        self._settings = settings
        self._archive = archive
        self._reports: dict[Association, Dataset] = {}
        self._ae = AE(settings.ae_title)
        self._ae.maximum_associations = settings.most_associations
        self._ae.require_called_aet = True
        self._ae.network_timeout = 60
        self._ae.add_supported_context(Verification)
        self._ae.add_supported_context(StorageCommitmentPushModel)
        for storage_class in STORAGE_CLASSES:
            self._ae.add_supported_context(storage_class, list(TRANSFER_SYNTAXES))

    def start(self) -> ThreadedAssociationServer:
        """Listen in threads until `shutdown` of the returned server.

        Raises:
            OSError: the address cannot be bound.
        """
        handlers: list[tuple[object, Callable[[Event], object]]] = [
            (evt.EVT_REQUESTED, self._admit),
            (evt.EVT_PDU_RECV, self._bound),
            (evt.EVT_C_ECHO, self._echo),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_N_ACTION, self._commit),
            (evt.EVT_PDU_SENT, self._report),
            (evt.EVT_CONN_CLOSE, self._forget),
        ]
        server = self._ae.start_server(
            self._settings.listen,
            block=False,
            ssl_context=self._settings.tls,
            evt_handlers=handlers,  # type: ignore[arg-type]
        )
        if server is None:
            raise OSError("The DICOM node did not start.")
        return server

    def _admit(self, event: Event) -> None:
        """Reject an association of a peer that is not configured (PS3.8 9.3.4: calling AE title not recognized)."""
        if self._sender(event) is None:
            logger.warning("DICOM association rejected: the peer is not among the senders")
            event.assoc.acse.send_reject(0x01, 0x01, 0x03)
            event.assoc.kill()

    def _bound(self, event: Event) -> None:
        """Abort an association whose object grows past the limit, before memory does."""
        message = event.assoc.dimse.message
        received = message.data_set if message is not None else None
        if received is not None and received.tell() > self._settings.most_bytes:
            logger.warning("DICOM association aborted: an object is larger than MAX_UPLOAD_MB")
            event.assoc.abort()

    def _echo(self, _event: Event) -> int:
        return statuses.SUCCESS

    def _store(self, event: Event) -> int:
        sender = self._sender(event)
        if sender is None:
            return statuses.NOT_AUTHORIZED
        uid = uid_digest(str(getattr(event.request, "AffectedSOPInstanceUID", "")))
        try:
            self._archive.receive(sender.tenant, event.encoded_dataset())
        except FractureError as failure:
            logger.warning("DICOM object %s not stored: %s", uid, failure.code)
            return status_of(failure)
        logger.info("DICOM object %s stored", uid)
        return statuses.SUCCESS

    def _commit(self, event: Event) -> tuple[int, Dataset | None]:
        """Answer a storage commitment request, then report what is stored on the same association (PS3.4 J.3)."""
        sender = self._sender(event)
        if sender is None:
            return statuses.NOT_AUTHORIZED, None
        self._reports[event.assoc] = self._commitment(sender.tenant, event.action_information)
        return statuses.SUCCESS, None

    def _report(self, event: Event) -> None:
        """Send the report once the response to its request is out: a peer that waits for one refuses the other."""
        report = self._reports.pop(event.assoc, None)
        if report is not None:
            Reporter(event.assoc, report).start()

    def _forget(self, event: Event) -> None:
        self._reports.pop(event.assoc, None)

    def _commitment(self, tenant: str, request: Dataset) -> Dataset:
        stored, failed = [], []
        for item in request.ReferencedSOPSequence:
            reference = Dataset()
            reference.ReferencedSOPClassUID = item.ReferencedSOPClassUID
            reference.ReferencedSOPInstanceUID = item.ReferencedSOPInstanceUID
            if self._archive.is_stored(tenant, str(item.ReferencedSOPInstanceUID)):
                stored.append(reference)
            else:
                reference.FailureReason = statuses.NO_SUCH_OBJECT
                failed.append(reference)
        report = Dataset()
        report.TransactionUID = request.TransactionUID
        if stored:
            report.ReferencedSOPSequence = stored
        if failed:
            report.FailedSOPSequence = failed
        return report

    def _sender(self, event: Event) -> Sender | None:
        requestor = event.assoc.requestor
        # `requestor.ae_title` is set only after the association was admitted.
        title = requestor.primitive.calling_ae_title if requestor.primitive else ""
        return sender_of(self._settings.senders, str(title).strip(), requestor.address or "")


class Reporter(Thread):
    """Sends the result of a storage commitment once the response to the request is out."""

    def __init__(self, association: Association, report: Dataset) -> None:
        super().__init__(daemon=True, name="storage-commitment")
        self._association = association
        self._report = report

    def run(self) -> None:
        """Send the N-EVENT-REPORT: type 1 when everything is stored, 2 when something is not."""
        kind = 2 if "FailedSOPSequence" in self._report else 1
        try:
            self._association.send_n_event_report(
                self._report, kind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
            )
        except (RuntimeError, ValueError):
            logger.warning("DICOM storage commitment: the peer took no report on its association")


def status_of(failure: FractureError) -> int:
    """The status of a C-STORE response for a failure."""
    if isinstance(failure, DuplicateInstance):
        return statuses.DUPLICATE_INSTANCE
    if isinstance(failure, DamagedImage | UnsupportedImage | OwnResult):
        return statuses.CANNOT_UNDERSTAND
    return statuses.OUT_OF_RESOURCES


def uid_digest(uid: str) -> str:
    """A short digest by which the log names an object: a UID may lead to a patient."""
    return hashlib.sha256(uid.encode()).hexdigest()[:12]
