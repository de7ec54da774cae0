"""One request, whole in memory, and its answer: the work of a thread of a lane."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http.message import Request  # type: ignore[import-untyped]
from gunicorn.http.wsgi import Response, create  # type: ignore[import-untyped]

from app.admission import ADMITTED
from app.serving.body import Body

# A host and a port, or the path of a socket.
Address = tuple[Any, ...] | str
WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


# An answer that is made while it is sent has little more than so many bytes in memory at a time.
_AT_ONCE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, eq=False)
class Answer:
    """The bytes of an answer, in pieces.

    closes: whether the connection ends with it. is_admitted: the application wants the body; there are no bytes then.
    rest: makes what follows these pieces.
    """

    pieces: tuple[bytes, ...]
    closes: bool
    is_admitted: bool = False
    rest: "Writing | None" = None

    @property
    def length(self) -> int:
        """How many bytes there are."""
        return sum(len(piece) for piece in self.pieces)


class _Pieces:
    """Takes the place of the socket that gunicorn's response writes to."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.kept.append(data)

    def take(self) -> tuple[bytes, ...]:
        taken = tuple(self.kept)
        self.kept.clear()
        return taken


class Writing:
    """An answer that is being made: so much at a time as is sent at a time, each time on any thread."""

    def __init__(self, response: Response, pieces: _Pieces, parts: Iterable[bytes]) -> None:
        """response: gunicorn's, which writes to `pieces`. parts: from the application."""
        self._response, self._pieces = response, pieces
        self._parts, self._iterator = parts, iter(parts)

    def write(self) -> Answer:
        """Make the next pieces; an error is not caught here."""
        is_over = True
        try:
            for part in self._iterator:
                self._response.write(part)
                if sum(map(len, self._pieces.kept)) >= _AT_ONCE_BYTES and self._response.sent != self._length:
                    is_over = False
                    break
            else:
                self._response.close()
        finally:
            if is_over:
                self.end()
        return Answer(self._pieces.take(), self._response.should_close(), rest=None if is_over else self)

    def end(self) -> None:
        """Let the application free what the answer needs."""
        if close := getattr(self._parts, "close", None):
            close()

    @property
    def _length(self) -> int | None:
        length: int | None = self._response.response_length
        return length


@dataclass(frozen=True, eq=False)
class Exchange:
    """A request that can be answered without waiting for its client.

    peer, server: addresses of both ends. body: what has arrived of the body. marks: what is added to the WSGI
    environment.
    """

    config: Config
    request: Request
    peer: Address
    server: Address
    body: Body
    marks: Mapping[str, object]
    keeps: bool

    def run(self, app: WsgiApp) -> Answer:
        """Answer by the application; an error is not caught here."""
        pieces = _Pieces()
        self.request.body = self.body
        response, environ = create(self.request, pieces, self.peer, self.server, self.config)
        environ["wsgi.multithread"] = True
        environ.update(self.marks)
        if not self.keeps:
            response.force_close()
        answer = Writing(response, pieces, app(environ, response.start_response)).write()
        return Answer((), closes=False, is_admitted=True) if environ.get(ADMITTED) else answer
