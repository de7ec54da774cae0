"""One connection, with what has arrived of its request and what is left to send of its answer."""

import socket
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from app.admission import Admission
from app.serving.body import Body
from app.serving.exchange import Address, Answer, Writing
from app.serving.heads import Head
from app.serving.patience import Deadline

# A body up to this size is received before the application is asked about its request.
SMALL_BODY_BYTES = 64 * 1024


class State(Enum):
    """The state of a connection. ASKING and ANSWERING wait for a thread, the others for the client."""

    HEAD = "receives a head, or nothing yet"
    ASKING = "waits whether its body may come"
    BODY = "receives a body"
    ANSWERING = "waits for an answer"
    SENDING = "sends an answer"
    DRAINING = "has sent its last answer, and drops what still arrives"
    CLOSED = "is closed"


@dataclass(eq=False)
class Incoming:
    """A request whose head is complete, with what has arrived of its body."""

    head: Head
    admission: Admission
    body: Body = field(default_factory=Body)
    is_begun: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the body has arrived to its end."""
        return self.head.framing.is_over

    @property
    def needs_bytes(self) -> int:
        """How many bytes the body takes in memory, as far as is known."""
        return max(self.head.framing.declared or 0, self.body.length)

    @property
    def is_small(self) -> bool:
        """Whether the body is announced as one that is received without asking."""
        declared = self.head.framing.declared
        return declared is not None and declared <= SMALL_BODY_BYTES

    @property
    def is_proven(self) -> bool:
        """Whether so much of the body has arrived that its client is not one that hardly sends anything."""
        return self.is_whole or self.body.length >= SMALL_BODY_BYTES

    @property
    def is_too_large(self) -> bool:
        """Whether the body is, or will be, longer than it may."""
        return self.needs_bytes > self.admission.body_bytes

    def begin_body(self) -> bytes:
        """Return the part of the body that came with the head."""
        rest = b"" if self.is_begun else self.head.rest
        self.is_begun = True
        return rest


class Connection:
    """A client's connection.

    deadline: of what it waits for. held: bytes that it counts for in memory. seat: the lane in which it has a seat.
    received: bytes that no request has taken yet. rest: makes the rest of the answer. is_continued: a part of it was
    sent.
    """

    def __init__(self, sock: socket.socket, peer: Address, server: Address, now_s: float) -> None:
        self.sock, self.peer, self.server = sock, peer, server
        self.state = State.HEAD
        self.deadline = Deadline.starting(now_s)
        self.received = b""
        self.requests = 0
        self.incoming: Incoming | None = None
        self.held = 0
        self.seat: str | None = None
        self.closes = False
        self.rest: Writing | None = None
        self.is_continued = False
        self._outgoing: deque[memoryview] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether no byte of a request has arrived."""
        return self.state is State.HEAD and not self.received

    @property
    def has_sent_all(self) -> bool:
        """Whether nothing of the answer is left."""
        return not self._outgoing

    def begin_request(self, head: Head, admission: Admission) -> Incoming:
        """Take the head of a request; its body follows."""
        self.requests += 1
        self.received = b""
        self.state = State.BODY
        self.incoming = Incoming(head, admission)
        return self.incoming

    def begin_sending(self, answer: Answer, now_s: float) -> None:
        """Take an answer to be sent."""
        self.state = State.SENDING
        self.deadline = Deadline.starting(now_s)
        self.closes, self.rest = answer.closes, answer.rest
        self._outgoing = deque(memoryview(piece) for piece in answer.pieces if piece)

    def send(self) -> int:
        """Send what the client takes; returns how many bytes.

        Raises:
            BlockingIOError: it takes nothing just now. OSError: the connection is gone.
        """
        piece = self._outgoing[0]
        count = self.sock.send(piece)
        if count == len(piece):
            self._outgoing.popleft()
        else:
            self._outgoing[0] = piece[count:]
        return count

    def begin_next(self, now_s: float, patience_s: float) -> None:
        """Wait for the next request."""
        self.state = State.HEAD
        self.incoming, self.is_continued = None, False
        self.deadline = Deadline.starting(now_s, patience_s)

    def begin_draining(self, now_s: float, patience_s: float) -> None:
        """Say that nothing follows, and wait until the client has stopped sending.

        A connection that is closed with bytes unread is reset, and the client may lose its answer (RFC 9112 section
        9.6).

        Raises:
            OSError: the connection is gone.
        """
        self.forget(State.DRAINING)
        self.deadline = Deadline.starting(now_s, patience_s)
        self.sock.shutdown(socket.SHUT_WR)

    def forget(self, state: State) -> None:
        """Free what it has in memory; nothing more is received or sent."""
        self.state = state
        if self.rest is not None:
            self.rest.end()
            self.rest = None
        self.received, self.incoming = b"", None
        self._outgoing.clear()
