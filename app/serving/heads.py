"""The head of a request, by gunicorn's own parser, from bytes that are there already."""

from dataclasses import dataclass

from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http.body import ChunkedReader, LengthReader  # type: ignore[import-untyped]
from gunicorn.http.errors import (  # type: ignore[import-untyped]
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    NoMoreData,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.http.message import Request  # type: ignore[import-untyped]
from gunicorn.http.unreader import IterUnreader  # type: ignore[import-untyped]

from app.serving.exchange import Address
from app.serving.framing import ByLength, Chunked, Framing

LONGEST_HEAD_BYTES = 64 * 1024
_STATUS_OF_ERROR: tuple[tuple[type[Exception], int], ...] = (
    (LimitRequestLine, 414),
    (LimitRequestHeaders, 431),
    (ExpectationFailed, 417),
    (UnsupportedTransferCoding, 501),
)


class BadHead(Exception):
    """A head that is not HTTP/1, or too large. status: the answer to it."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, eq=False)
class Head:
    """A request without its body.

    request: gunicorn's object. rest: the bytes that came after it. expects_continue: the client waits for
    `100 Continue` before it sends the body.
    """

    request: Request
    framing: Framing
    rest: bytes
    expects_continue: bool

    @property
    def content_type(self) -> str:
        """The content type without its parameters, in lower case; "" without one."""
        values = [value for name, value in self.request.headers if name == "CONTENT-TYPE"]
        return values[0].partition(";")[0].strip().lower() if values else ""

    @property
    def start(self) -> bytes:
        """The request line, without its version."""
        return f"{self.request.method} {self.request.uri}".encode()


def parse_head(config: Config, peer: Address, received: bytes, number: int) -> Head | None:
    """Parse the head of a connection's `number`-th request; None while it is incomplete.

    Raises:
        BadHead: it is malformed or too large.
    """
    if not _may_be_complete(received):
        if len(received) > LONGEST_HEAD_BYTES:
            raise BadHead(431)
        return None
    unreader = IterUnreader([received])
    try:
        request = Request(config, unreader, peer, number)
    except NoMoreData:
        return None
    except ParseException as error:
        raise BadHead(next((code for kind, code in _STATUS_OF_ERROR if isinstance(error, kind)), 400)) from None
    expects_continue = bool(request._expected_100_continue)
    # Else gunicorn tells the client to go on once more, when the body is here.
    request._expected_100_continue = False
    return Head(request, _framing(request), unreader.take_buffered(), expects_continue)


def _may_be_complete(received: bytes) -> bool:
    """Whether the parser would come to an end: an empty line, or a line feed alone, which it refuses."""
    return b"\r\n\r\n" in received or received.count(b"\n") != received.count(b"\r\n")


def _framing(request: Request) -> Framing:
    reader = request.body.reader
    if isinstance(reader, ChunkedReader):
        return Chunked()
    # Without a length there is no body (RFC 9112 section 6.3).
    return ByLength(reader.length if isinstance(reader, LengthReader) else 0)
