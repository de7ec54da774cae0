"""Send objects to a peer (C-STORE), and ask it for studies (C-FIND).

Source: DICOM PS3.4 B (storage), C (query; study root information model).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from app.exchange_errors import PeerUnavailable
from app.hospital.peers import Destination

# PS3.7 C: a status whose first hexadecimal digit is B is a warning; the object is stored.
_WARNINGS = range(0xB000, 0xC000)
_PENDING = (0xFF00, 0xFF01)
_TIMEOUT_S = 30


def store(destination: Destination, calling_title: str, files: Sequence[bytes]) -> None:
    """Send DICOM files to a peer, all on one association.

    Raises:
        PeerUnavailable: the peer does not answer, or refuses one of them; those before it are stored there.
    """
    objects = [dcmread(BytesIO(file)) for file in files]
    with _association(destination, calling_title, {one.SOPClassUID for one in objects}) as association:
        for one in objects:
            status = association.send_c_store(one).get("Status")
            if status is None or (status != 0 and status not in _WARNINGS):
                raise PeerUnavailable


def echo(destination: Destination, calling_title: str) -> None:
    """Verify that a peer answers.

    Raises:
        PeerUnavailable: it does not.
    """
    with _association(destination, calling_title, {Verification}) as association:
        if association.send_c_echo().get("Status") != 0:
            raise PeerUnavailable


def find_studies(destination: Destination, calling_title: str, keys: Dataset) -> Iterator[Dataset]:
    """The studies of a peer that match; `keys` holds matching keys, and empty ones for what is to be returned.

    Raises:
        PeerUnavailable: the peer does not answer, or refuses the query.
    """
    keys.QueryRetrieveLevel = "STUDY"
    model = StudyRootQueryRetrieveInformationModelFind
    with _association(destination, calling_title, {model}) as association:
        for status, found in association.send_c_find(keys, model):
            if status.get("Status") in _PENDING and found is not None:
                yield found
            elif status.get("Status") != 0:
                raise PeerUnavailable


@contextmanager
def _association(destination: Destination, calling_title: str, classes: set[UID]) -> Iterator[Association]:
    ae = AE(calling_title)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = _TIMEOUT_S
    for sop_class in sorted(classes):
        ae.add_requested_context(sop_class, ExplicitVRLittleEndian)
    association = ae.associate(destination.host, destination.port, ae_title=destination.ae_title)
    if not association.is_established:
        raise PeerUnavailable
    try:
        if len(association.accepted_contexts) < len(classes):
            raise PeerUnavailable
        yield association
    except (RuntimeError, ValueError) as error:
        # The association was lost in the middle, or a response did not make sense.
        raise PeerUnavailable from error
    finally:
        association.release()
