"""Choose the form of an answer by the Accept header, and write answers of several parts.

Source: DICOM PS3.18 8.7 (media types and transfer syntaxes); RFC 2387 (multipart/related).
"""

import re
import secrets
from collections.abc import Iterable, Iterator
from itertools import chain

from flask import Response, request

from app.exchange_errors import NotAcceptable

DICOM = "application/dicom"
OCTETS = "application/octet-stream"
# PS3.18 table 8.7.3-5: media types of compressed frames.
_FRAME_TYPES = {
    "1.2.840.10008.1.2.4.50": "image/jpeg",
    "1.2.840.10008.1.2.4.51": "image/jpeg",
    "1.2.840.10008.1.2.4.57": "image/jpeg",
    "1.2.840.10008.1.2.4.70": "image/jpeg",
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
    "1.2.840.10008.1.2.5": "image/dicom-rle",
}
_RANGES = re.compile(r'(?:[^,"]|"[^"]*")+')
# Viewers send media types also without the quotes that a slash needs.
_OPTIONS = re.compile(r';\s*([\w-]+)\s*=\s*(?:"([^"]*)"|([^;"\s]*))')
Part = tuple[str, bytes]


def accepts_single_file() -> bool:
    """Whether a client wants one file as it is, not in a part."""
    return any(kind == DICOM for kind, _ in _ranges())


def check_file(transfer_syntax: str) -> None:
    """Check that a client takes files in this transfer syntax.

    Raises:
        NotAcceptable: it asks for another one; objects are sent as they are stored.
    """
    if not any(_takes(kind, options, DICOM, transfer_syntax) for kind, options in _ranges()):
        raise NotAcceptable


def frame_type(transfer_syntax: str) -> str:
    """The media type in which a client takes a frame of this transfer syntax.

    Raises:
        NotAcceptable: it takes none that the frame is stored in.
    """
    own = _FRAME_TYPES.get(transfer_syntax, OCTETS)
    for media_type in dict.fromkeys((own, OCTETS)):
        for kind, options in _ranges():
            # Without a transfer syntax, octets are uncompressed.
            is_plain = media_type == OCTETS != own and "transfer-syntax" not in options
            if not is_plain and _takes(kind, options, media_type, transfer_syntax):
                return media_type
    raise NotAcceptable


def multipart(parts: Iterable[Part], media_type: str) -> Response:
    """An answer of several parts, each with its content type; made while it is sent, but for the first."""
    remaining = iter(parts)
    first = next(remaining)
    boundary = secrets.token_hex(16)
    answer = Response(_written(chain([first], remaining), boundary))
    answer.headers["Content-Type"] = f'multipart/related; type="{media_type}"; boundary={boundary}'
    return answer


def _written(parts: Iterable[Part], boundary: str) -> Iterator[bytes]:
    for content_type, body in parts:
        yield f"--{boundary}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        yield body
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _ranges() -> list[tuple[str, dict[str, str]]]:
    """The ranges of the Accept header with their parameters; everything where there is none."""
    header = request.headers.get("Accept") or "*/*"
    return [_range(part) for part in _RANGES.findall(header)]


def _range(text: str) -> tuple[str, dict[str, str]]:
    options = {name.lower(): quoted or plain for name, quoted, plain in _OPTIONS.findall(text)}
    return text.partition(";")[0].strip().lower(), options


def _takes(kind: str, options: dict[str, str], media_type: str, transfer_syntax: str) -> bool:
    if kind in ("*/*", "multipart/*", media_type):
        is_type = True
    else:
        is_type = kind == "multipart/related" and options.get("type", media_type) in (media_type, "*/*")
    return is_type and options.get("transfer-syntax", "*") in ("*", transfer_syntax)
