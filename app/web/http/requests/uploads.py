"""Files out of a request, in memory only and never more of them than the limits allow."""

import base64
import binascii
import io
from typing import IO

from flask import Request, current_app, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import UnsupportedMediaType

from app.config import Limits
from app.errors import BadRequest, NoFile, TooManyFiles, UploadTooLarge
from app.records import Upload
from app.web.http.multipart import UploadFormParser

SEALED = "application/hpke"
MULTIPART = "multipart/form-data"

# enc (65 bytes for P-256) and tag (16 bytes) of an HPKE message, with room to spare.
SEAL_OVERHEAD_BYTES = 256
MULTIPART_OVERHEAD_BYTES = 64 * 1024
LARGEST_PLAIN_FORM_BYTES = 64 * 1024


class BoundedBytes(io.BytesIO):
    """Keeps the first `most` bytes written and one more, so that a reader can tell that there was more."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._room = most + 1

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Take what fits; say that everything was taken, so that the parser goes on to the next file."""
        kept = memoryview(data)[: self._room]
        self._room -= super().write(kept)
        return len(data)


class UploadRequest(Request):
    """A request whose files stay in memory: Werkzeug's own would spool them to a temporary file."""

    form_data_parser_class = UploadFormParser

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        limits: Limits = current_app.extensions["limits"]
        return BoundedBytes(limits.upload_bytes)


def body_limit(mimetype: str, limits: Limits) -> int:
    """How many bytes a request body of this kind may have, chunked or not."""
    if mimetype == MULTIPART:
        return min(limits.upload_bytes * limits.files + MULTIPART_OVERHEAD_BYTES, limits.in_flight_bytes)
    if mimetype == SEALED:
        return limits.upload_bytes + SEAL_OVERHEAD_BYTES
    return LARGEST_PLAIN_FORM_BYTES


def read_uploads(limits: Limits) -> tuple[Upload, ...]:
    """The files of the current request, as they came.

    A file that is longer than `limits.upload_bytes` keeps one byte more than that: enough for the use case to refuse
    it by name and keep the others.

    Raises:
        BadRequest: a header is missing or wrong. NoFile: nothing was sent. TooManyFiles: more than `limits.files`.
        UploadTooLarge: a sealed body is longer than the largest file can make it.
        UnsupportedMediaType: neither multipart nor application/hpke.
    """
    if request.mimetype == SEALED:
        return (_sealed_upload(limits),)
    if request.mimetype == MULTIPART:
        return _form_uploads(limits)
    # Told from the headers: the body of another type may be longer than what is read of it.
    if request.content_length or "Transfer-Encoding" in request.headers:
        raise UnsupportedMediaType
    raise NoFile


def repeat_key() -> str:
    """The Idempotency-Key of the current request, "" without one."""
    return request.headers.get("Idempotency-Key", "").strip().strip('"')


def _form_uploads(limits: Limits) -> tuple[Upload, ...]:
    # A browser sends one part without name and content when no file was chosen.
    files = [part for part in request.files.getlist("file") if part.filename]
    if not files:
        raise NoFile
    if len(files) > limits.files:
        raise TooManyFiles("At most %(count)s files can be sent at once.", count=limits.files)
    return tuple(Upload(name=part.filename or "", body=_content(part)) for part in files)


def _content(part: FileStorage) -> bytes:
    """The bytes of a part, which is closed, so that they are in memory once."""
    with part.stream as stream:
        return stream.getvalue() if isinstance(stream, BoundedBytes) else stream.read()


def _sealed_upload(limits: Limits) -> Upload:
    kid = request.headers.get("X-Key-Id", "")
    if not kid:
        raise BadRequest("The header X-Key-Id is missing.")
    body = request.get_data(cache=False)
    if not body:
        raise NoFile
    # A body of unknown length is cut at the limit without a word.
    if len(body) >= body_limit(SEALED, limits):
        raise UploadTooLarge
    return Upload(name="", body=body, sealed_for=kid, sealed_name=_sealed_name())


def _sealed_name() -> bytes | None:
    text = request.headers.get("X-Sealed-Name", "")
    if not text:
        return None
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("The header X-Sealed-Name is not base64url.") from None
