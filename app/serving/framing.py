"""The end of a request's body in the bytes that arrive: by its length, or chunked.

Source: RFC 9112 sections 6 and 7.1. A head that names both, or another coding, was refused by gunicorn's parser before.
"""

import re
from typing import Protocol

from app.serving.body import Body

# The digits of a size, and an extension of no meaning.
_SIZE_LINE = re.compile(rb"([0-9a-fA-F]{1,16})(?:[ \t]*;[\t !-~\x80-\xff]*)?")
_LONGEST_LINE = 1024
_LONGEST_TRAILERS = 8192
_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*")


class BadFraming(Exception):
    """A chunked body that does not follow RFC 9112."""


class Framing(Protocol):
    """Takes the bytes of a connection until the body has ended.

    declared: bytes that the head announces, None where it does not. at_once: bytes that it takes in one turn.
    """

    declared: int | None
    at_once: int
    is_over: bool

    def feed(self, data: bytes, body: Body) -> bytes:
        """Append what belongs to the body; returns what follows it.

        Raises:
            BadFraming: the bytes are no body of this kind.
        """


class ByLength:
    """A body of a known length."""

    at_once = 256 * 1024

    def __init__(self, length: int) -> None:
        self.declared: int | None = length
        self._left = length
        self.is_over = length == 0

    def feed(self, data: bytes, body: Body) -> bytes:
        """Append what belongs to the body; returns what follows it."""
        taken = data[: self._left]
        self._left -= len(taken)
        self.is_over = self._left == 0
        body.append(taken)
        return data[len(taken) :]


class Chunked:
    """A body in chunks, each with its size before it; trailers are checked for their form and dropped."""

    # Chunks of one byte take a thousand times as long as whole ones; others get their turn in between.
    at_once = 16 * 1024

    def __init__(self) -> None:
        self.declared: int | None = None
        self.is_over = False
        self._rest = b""
        self._left = 0
        self._ends_chunk = False
        self._in_trailers = False
        self._trailers = 0

    def feed(self, data: bytes, body: Body) -> bytes:
        """Append what belongs to the body; returns what follows it.

        Raises:
            BadFraming: a size, the end of a chunk or a trailer is not well formed, or too long.
        """
        data, at = self._rest + data, 0
        while not self.is_over and at < len(data):
            if self._left:
                taken = data[at : at + self._left]
                body.append(taken)
                self._left -= len(taken)
                at += len(taken)
                continue
            end = data.find(b"\r\n", at, at + _LONGEST_LINE)
            if end < 0:
                if len(data) - at >= _LONGEST_LINE:
                    raise BadFraming
                break
            self._take(data[at:end])
            at = end + 2
        rest = data[at:]
        self._rest = b"" if self.is_over else rest
        return rest if self.is_over else b""

    def _take(self, line: bytes) -> None:
        """Take one line between chunks: the empty one after a chunk, a size, or a trailer."""
        if self._in_trailers:
            self._take_trailer(line)
        elif self._ends_chunk:
            if line:
                raise BadFraming
            self._ends_chunk = False
        else:
            found = _SIZE_LINE.fullmatch(line)
            if found is None:
                raise BadFraming
            self._left = int(found[1], 16)
            self._ends_chunk, self._in_trailers = self._left > 0, self._left == 0

    def _take_trailer(self, line: bytes) -> None:
        self._trailers += len(line) + 2
        if self._trailers > _LONGEST_TRAILERS or (line and not _TRAILER.fullmatch(line)):
            raise BadFraming
        self.is_over = not line
