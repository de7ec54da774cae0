"""An archive by DICOMweb: search it, retrieve images, store results.

Source: DICOM PS3.18 10.4 (WADO-RS), 10.5 (STOW-RS), 10.6 (QIDO-RS).
"""

import logging
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from dicomweb_client.web import DICOMwebClient
from pydicom import dcmread
from pydicom.dataset import Dataset
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from app.config import Settings
from app.exchange_errors import ArchiveUnavailable
from app.hospital.node import STORAGE_CLASSES
from app.records import Patient
from app.usecases.dicomweb.archive import ArchiveKeys, ArchiveStudy, ImageNames
from app.usecases.patients.identity import iso_date

# For the next bytes, and for a whole answer, however slowly it comes.
_TIMEOUT_S, _DEADLINE_S = 20.0, 120.0
_MULTIPART_BYTES = 64 * 1024
_STORED_AS_IT_IS = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_BOUNDARY = re.compile(r'boundary="?([^";]+)')
_FAILURES = (RequestException, HTTPError, ValueError, KeyError, TypeError, AttributeError, LookupError)


class _BoundedAdapter(HTTPAdapter):
    """Takes answers of a bounded size within a bounded time."""

    def __init__(self, most_bytes: int, deadline_s: float) -> None:
        super().__init__()
        self._most_bytes = most_bytes
        self._deadline_s = deadline_s

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:  # noqa: ANN401 - as the base has it
        """Send a request and read the whole answer.

        Raises:
            RequestException, HTTPError: no whole answer in time, or a larger one.
        """
        # The client names the host without its port; the connection knows it whole.
        request.headers.pop("Host", None)
        # A wildcard may stand as it is (RFC 3986, sub-delims); Orthanc 1.12 does not decode it otherwise.
        request.url = (request.url or "").replace("%2A", "*")
        ends = time.monotonic() + self._deadline_s
        answer = super().send(request, *args, **{**options, "stream": True})
        body = bytearray()
        with answer:
            while part := answer.raw.read1(1 << 16, decode_content=True):
                body += part
                if len(body) > self._most_bytes or time.monotonic() > ends:
                    raise RequestException
        answer._content = bytes(body)
        answer._content_consumed = True
        return answer


class DicomWebArchive:
    """An archive by the base address of its DICOMweb service.

    most_bytes: of one image. authorization: value of the header of this name, "" for none. ca: PEM file of authorities.
    timeout_s: for the next bytes of an answer. deadline_s: for all of it.
    """

    def __init__(
        self,
        url: str,
        most_bytes: int,
        authorization: str = "",
        ca: Path | None = None,
        *,
        timeout_s: float = _TIMEOUT_S,
        deadline_s: float = _DEADLINE_S,
    ) -> None:
        self._url = url
        self._timeout_s, self._deadline_s = timeout_s, deadline_s
        self._most_bytes = most_bytes
        self._authorization = authorization
        self._ca = ca
        # It logs addresses with UIDs and names of patients in them.
        logging.getLogger("dicomweb_client").setLevel(logging.CRITICAL)

    def find(self, keys: ArchiveKeys, most: int) -> list[ArchiveStudy]:
        """At most `most` studies that match; a name matches by its beginning.

        Raises:
            ArchiveUnavailable: it does not answer.
        """
        filters = {
            "PatientID": keys.patient_id,
            # Between the parts of a name, too: a caret would be encoded.
            "PatientName": f"{keys.patient_name}*".replace("^", "*") if keys.patient_name else "",
            "AccessionNumber": keys.accession_number,
            "StudyDate": keys.study_date.replace("-", ""),
            "StudyInstanceUID": keys.study_uid,
        }
        given = {name: value for name, value in filters.items() if value}
        fields = ["StudyDescription", "ModalitiesInStudy"]
        with self._client() as (client, _):
            found = client.search_for_studies(limit=most, fields=fields, search_filters=given)
            return [_study(Dataset.from_json(one)) for one in found[:most]]

    def images(self, study_uid: str) -> list[ImageNames]:
        """The images of a study that the DICOM node would take too.

        Raises:
            ArchiveUnavailable: it does not answer.
        """
        with self._client() as (client, _):
            found = [Dataset.from_json(one) for one in client.search_for_instances(study_uid)]
            return [
                ImageNames(study_uid, str(one.SeriesInstanceUID), str(one.SOPInstanceUID))
                for one in found
                if one.SOPClassUID in STORAGE_CLASSES
            ]

    def retrieve(self, names: ImageNames) -> bytes:
        """The file of an image as the archive stores it; the bytes are not parsed here.

        Raises:
            ArchiveUnavailable: it does not answer, or sends more than `most_bytes`.
        """
        path = f"/studies/{names.study}/series/{names.series}/instances/{names.instance}"
        with self._client() as (_, session):
            answer = session.get(self._url + path, headers={"Accept": _STORED_AS_IT_IS}, timeout=self._timeout_s)
            answer.raise_for_status()
            return _first_part(answer.headers["Content-Type"], answer.content)

    def store(self, files: Sequence[bytes]) -> None:
        """Store DICOM files.

        Raises:
            ArchiveUnavailable: it does not answer, or does not store each of them.
        """
        with self._client() as (client, _):
            answer = client.store_instances([dcmread(BytesIO(file)) for file in files])
            if answer.get("FailedSOPSequence") or len(answer.ReferencedSOPSequence) != len(files):
                raise ArchiveUnavailable

    @contextmanager
    def _client(self) -> Iterator[tuple[DICOMwebClient, Session]]:
        with Session() as session:
            # Neither proxies nor passwords out of the environment or a home folder.
            session.trust_env = False
            session.verify = str(self._ca) if self._ca else True
            if self._authorization:
                session.headers["Authorization"] = self._authorization
            for scheme in ("http://", "https://"):
                session.mount(scheme, _BoundedAdapter(self._most_bytes + _MULTIPART_BYTES, self._deadline_s))
            client = DICOMwebClient(
                self._url, session=session, permissive_uid=True, timeout=self._timeout_s, chunk_size=1 << 30
            )
            client.set_http_retry_params(retry=False)
            try:
                yield client, session
            except _FAILURES as failure:
                raise ArchiveUnavailable from failure


def archive_of(settings: Settings) -> DicomWebArchive | None:
    """The archive of the settings; None where they name none."""
    dicomweb = settings.dicomweb
    if not dicomweb.url:
        return None
    return DicomWebArchive(dicomweb.url, settings.limits.upload_bytes, dicomweb.authorization, dicomweb.ca)


def _study(found: Dataset) -> ArchiveStudy:
    def text(keyword: str) -> str:
        return str(found.get(keyword) or "").strip()

    modalities = found.get("ModalitiesInStudy") or ()
    patient = Patient(
        text("PatientName"),
        text("PatientID") or None,
        iso_date(text("PatientBirthDate")) or None,
        text("PatientSex") or None,
    )
    return ArchiveStudy(
        study_uid=text("StudyInstanceUID"),
        patient=patient if patient != Patient("") else None,
        study_date=iso_date(text("StudyDate")),
        accession_number=text("AccessionNumber"),
        modalities=(modalities,) if isinstance(modalities, str) else tuple(str(one) for one in modalities),
        description=text("StudyDescription"),
    )


def _first_part(content_type: str, body: bytes) -> bytes:
    """The first part of a multipart answer; the body itself where it is a single file.

    Raises:
        ValueError: there is none.
    """
    if not content_type.lower().startswith("multipart/"):
        return body
    boundary = _BOUNDARY.search(content_type)
    parts = body.split(b"--" + boundary[1].encode()) if boundary else []
    if len(parts) < 2:
        raise ValueError(content_type)
    return parts[1].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
