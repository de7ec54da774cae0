"""All connections of a worker on one thread: receive, hand over, send, and let go of those that are too slow."""

import errno
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Protocol

from gunicorn.config import Config  # type: ignore[import-untyped]

from app.admission import ASKED, REFUSED, Gate, Refusal
from app.serving.body import Body
from app.serving.connection import Connection, Incoming, State
from app.serving.exchange import Address, Answer, Exchange, Writing, WsgiApp
from app.serving.framing import BadFraming
from app.serving.heads import BadHead, parse_head
from app.serving.lanes import Lanes
from app.serving.patience import Deadline
from app.serving.plain_answers import plain_answer
from app.serving.poller import READ, WRITE, Pollable, Poller
from app.serving.room import Room

_log = logging.getLogger(__name__)

# Lanes beside those of the gate: requests whose body may come or not, and requests that are refused.
ASKED_LANE, REFUSED_LANE = "asked", "refused"
_AT_ONCE = 64 * 1024
_ACCEPTED_AT_ONCE = 128
# An answer up to this size always finds room: it may tell of something that was stored.
_SMALL_ANSWER_BYTES = 256 * 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_STATUS_OF_REFUSAL: dict[Refusal, int] = {"busy": 503, "slow": 408, "too-large": 413}
# How long an answered client may go on sending, and a kept connection may bring a last request when the worker stops.
_DRAIN_S, _LAST_REQUEST_S = 5.0, 1.0
_MOST_DRAINED_BYTES = 2 * 1024**3
# How often deadlines are looked at, and how long nothing is accepted after descriptors or connections ran out.
_TICK_S, _PAUSE_S = 0.25, 0.5
_NEVER = float("inf")


class Listener(Pollable, Protocol):
    """A listening socket, or gunicorn's wrapper of one."""

    def accept(self) -> tuple[Any, Any]:
        """Return a new connection and its peer."""

    def getsockname(self) -> Address:
        """Return the server's address."""


class Traffic:
    """Connections, the poller that they wait in, and the lanes that answer them."""

    def __init__(
        self,
        config: Config,
        app: WsgiApp,
        gate: Gate,
        lanes: Lanes,
        poller: Poller,
        *,
        most: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """config: gunicorn's. most: connections at a time. clock: seconds that only grow."""
        self._config, self._app, self._gate, self._lanes = config, app, gate, lanes
        self._poller, self._most, self._clock = poller, most, clock
        self._connections: set[Connection] = set()
        self._room = Room(gate.in_flight_bytes, lanes, self._connections, self._let_go, clock)
        self._done: SimpleQueue[tuple[Connection, Future[Answer]]] = SimpleQueue()
        self._listeners: tuple[Listener, ...] = ()
        self._is_stopping = False
        self._tick_s = self._resume_s = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether no connection is left."""
        return not self._connections

    def listen(self, listeners: Sequence[Listener]) -> None:
        """Accept connections at sockets that do not block."""
        self._listeners = tuple(listeners)
        for listener in self._listeners:
            self._poller.watch(listener, READ, partial(self._accept, listener))

    def turn(self, timeout_s: float = _TICK_S) -> None:
        """Serve what is ready within a moment, and let go of what is too slow."""
        self._poller.wait(timeout_s)
        self._finish_all()
        now_s = self._clock()
        if now_s < self._tick_s:
            return
        self._tick_s = now_s + _TICK_S
        for connection in [one for one in self._connections if one.deadline.at_s <= now_s]:
            self._time_out(connection)
        if self._resume_s and self._resume_s <= now_s and not self._is_stopping:
            self._resume_s = 0.0
            self.listen(self._listeners)

    def _accept(self, listener: Listener) -> None:
        """Accept the connections that wait at a listener."""
        for _ in range(_ACCEPTED_AT_ONCE):
            if len(self._connections) >= self._most and not self._drop_one():
                self._pause()
                return
            try:
                sock, peer = listener.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE) and not self._drop_one():
                    self._pause()
                return
            sock.setblocking(False)
            connection = Connection(sock, peer, listener.getsockname(), self._clock())
            self._connections.add(connection)
            self._receive_more(connection)

    def _pause(self) -> None:
        """Accept nothing for a while."""
        self._resume_s = self._clock() + _PAUSE_S
        for listener in self._listeners:
            self._poller.forget(listener)

    def stop(self) -> None:
        """Accept what has connected and no more; serve what has begun, and on idle connections what is on its way."""
        for listener in self._listeners:
            self._accept(listener)
            self._poller.forget(listener)
        self._is_stopping = True
        last_s = self._clock() + _LAST_REQUEST_S
        for connection in self._connections:
            if connection.is_idle:
                connection.deadline.at_s = min(connection.deadline.at_s, last_s)

    def close(self) -> None:
        """Close what is left."""
        for connection in list(self._connections):
            self._close(connection)

    # Receiving -------------------------------------------------------------------------------------------------------

    def _receive_more(self, connection: Connection) -> None:
        self._poller.watch(connection.sock, READ, partial(self._receive, connection))

    def _receive(self, connection: Connection) -> None:
        """Take what a client has sent."""
        incoming = connection.incoming
        try:
            data = connection.sock.recv(incoming.head.framing.at_once if incoming else _AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(connection)
            return
        if connection.is_idle:
            # The time of a request counts from its first byte.
            connection.deadline = Deadline.starting(self._clock())
        connection.deadline.pass_bytes(len(data), self._clock())
        if incoming is not None:
            self._take_body(connection, incoming, data)
        elif connection.state is State.HEAD:
            connection.received += data
            self._take_head(connection)
        elif connection.deadline.passed > _MOST_DRAINED_BYTES:
            self._close(connection)

    def _take_head(self, connection: Connection) -> None:
        """Begin a request if its head is complete."""
        try:
            head = parse_head(self._config, connection.peer, connection.received, connection.requests + 1)
        except BadHead as bad:
            self._send(connection, plain_answer(bad.status, connection.received))
            return
        if head is None:
            return
        admission = self._gate.admit(head.request.method, head.request.path, head.content_type)
        incoming = connection.begin_request(head, admission)
        if incoming.is_too_large:
            self._refuse(connection, incoming, "too-large")
        elif incoming.is_small:
            self._expect_body(connection, incoming)
        else:
            self._ask(connection, incoming)

    def _take_body(self, connection: Connection, incoming: Incoming, data: bytes) -> None:
        """Append to the body; hand the request over when it is whole."""
        try:
            connection.received = incoming.head.framing.feed(data, incoming.body)
        except BadFraming:
            self._send(connection, plain_answer(400, b""))
            return
        if incoming.is_too_large:
            self._refuse(connection, incoming, "too-large")
        elif not self._claim_room(connection, incoming):
            self._refuse(connection, incoming, "busy")
        elif incoming.is_whole:
            self._answer(connection, incoming)

    def _claim_room(self, connection: Connection, incoming: Incoming) -> bool:
        """Take room for a body: for all of it, and a seat, once a part has come that a slow client does not send."""
        if not incoming.is_proven:
            return self._room.hold(connection, incoming.body.length)
        is_held = self._room.hold(connection, incoming.needs_bytes)
        return is_held and self._room.seat(connection, incoming.admission.lane)

    def _expect_body(self, connection: Connection, incoming: Incoming) -> None:
        """Receive the body, of which a part may be here; tell the client to send it if it waits for that."""
        self._room.unseat(connection)
        connection.state = State.BODY
        connection.deadline = Deadline.starting(self._clock())
        rest = incoming.begin_body()
        if incoming.head.expects_continue and not rest:
            with suppress(OSError):
                connection.sock.send(_CONTINUE)
        self._receive_more(connection)
        self._take_body(connection, incoming, rest)

    # Answering -------------------------------------------------------------------------------------------------------

    def _ask(self, connection: Connection, incoming: Incoming) -> None:
        """Ask the application whether a large body may come, if there is room for it now."""
        has_room = self._room.hold(connection, incoming.needs_bytes) and self._room.seat(
            connection, incoming.admission.lane
        )
        # The room is not kept: a client that sends nothing would keep it from others.
        self._room.release(connection)
        if not has_room or not self._room.seat(connection, ASKED_LANE):
            self._refuse(connection, incoming, "busy")
        else:
            connection.state = State.ASKING
            self._hand_over(connection, incoming, ASKED_LANE, {ASKED: True})

    def _answer(self, connection: Connection, incoming: Incoming) -> None:
        """Hand a whole request to its lane."""
        if not self._room.seat(connection, incoming.admission.lane):
            self._refuse(connection, incoming, "busy")
            return
        connection.state = State.ANSWERING
        self._hand_over(connection, incoming, incoming.admission.lane, {})

    def _refuse(self, connection: Connection, incoming: Incoming, why: Refusal) -> None:
        """Have the application say why a request is refused; it needs no body for that."""
        self._room.release(connection)
        incoming.body = Body()
        if not self._room.seat(connection, REFUSED_LANE):
            self._send(connection, plain_answer(_STATUS_OF_REFUSAL[why], incoming.head.start))
            return
        connection.state = State.ANSWERING
        self._hand_over(connection, incoming, REFUSED_LANE, {REFUSED: why})

    def _hand_over(self, connection: Connection, incoming: Incoming, lane: str, marks: dict[str, object]) -> None:
        """Have a thread of a lane work on a request, or with marks on its head alone."""
        self._poller.forget(connection.sock)
        connection.deadline.at_s = _NEVER
        exchange = Exchange(
            config=self._config,
            request=incoming.head.request,
            peer=connection.peer,
            server=connection.server,
            body=Body() if marks else incoming.body,
            marks=marks,
            keeps=incoming.is_whole and not self._is_stopping,
        )
        self._lanes.submit(lane, partial(exchange.run, self._app), partial(self._report, connection))

    def _report(self, connection: Connection, done: Future[Answer]) -> None:
        """Pass an answer on; on the thread that made it."""
        self._done.put((connection, done))
        self._poller.wake()

    def _finish_all(self) -> None:
        """Send the answers that are ready."""
        with suppress(Empty):
            while True:
                self._finish(*self._done.get_nowait())

    def _finish(self, connection: Connection, done: Future[Answer]) -> None:
        if connection.state is State.CLOSED or connection.incoming is None:
            return
        if error := done.exception():
            _log.error("a request failed outside the application: %s", type(error).__name__)
            self._fail(connection, connection.incoming)
            return
        answer = done.result()
        if answer.is_admitted:
            self._expect_body(connection, connection.incoming)
            return
        self._room.release(connection)
        is_small = answer.length <= _SMALL_ANSWER_BYTES or connection.is_continued
        if not self._room.hold(connection, answer.length) and not is_small:
            if answer.rest is not None:
                answer.rest.end()
            answer = plain_answer(503, connection.incoming.head.start)
        self._send(connection, answer)

    def _fail(self, connection: Connection, incoming: Incoming) -> None:
        """End a request that cannot be answered; a client that has a part of the answer sees that it is cut."""
        if connection.is_continued:
            self._close(connection)
        else:
            self._send(connection, plain_answer(500, incoming.head.start))

    def _continue_answer(self, connection: Connection, rest: Writing, lane: str) -> None:
        """Have a thread make more of an answer, once all that was made is sent."""
        connection.state, connection.rest, connection.is_continued = State.ANSWERING, None, True
        self._poller.forget(connection.sock)
        connection.deadline.at_s = _NEVER
        self._lanes.submit(lane, rest.write, partial(self._report, connection))

    # Sending ---------------------------------------------------------------------------------------------------------

    def _send(self, connection: Connection, answer: Answer) -> None:
        """Send an answer, as fast as the client takes it."""
        self._room.unseat(connection)
        connection.begin_sending(answer, self._clock())
        self._poller.watch(connection.sock, WRITE, partial(self._send_more, connection))
        self._send_more(connection)

    def _send_more(self, connection: Connection) -> None:
        try:
            while not connection.has_sent_all:
                connection.deadline.pass_bytes(connection.send(), self._clock())
        except BlockingIOError:
            return
        except OSError:
            self._close(connection)
            return
        if connection.rest is not None and connection.incoming is not None:
            self._continue_answer(connection, connection.rest, connection.incoming.admission.lane)
        else:
            self._end_answer(connection)

    def _end_answer(self, connection: Connection) -> None:
        """Go on to the next request, or to the end."""
        self._room.release(connection)
        now_s = self._clock()
        if connection.closes or self._is_stopping:
            try:
                connection.begin_draining(now_s, _DRAIN_S)
            except OSError:
                self._close(connection)
                return
            self._receive_more(connection)
            return
        connection.begin_next(now_s, self._config.keepalive)
        self._receive_more(connection)
        if connection.received:
            connection.deadline = Deadline.starting(now_s)
            self._take_head(connection)

    # Letting go ------------------------------------------------------------------------------------------------------

    def _time_out(self, connection: Connection) -> None:
        """End what took too long: with 408 where a request has begun, without a word elsewhere."""
        if connection.state is State.BODY and connection.incoming is not None:
            self._refuse(connection, connection.incoming, "slow")
        elif connection.state is State.HEAD and connection.received:
            self._send(connection, plain_answer(408, connection.received))
        else:
            self._close(connection)

    def _let_go(self, connection: Connection) -> None:
        """Free what a slow connection holds."""
        if connection.state is State.BODY and connection.incoming is not None:
            self._refuse(connection, connection.incoming, "busy")
        else:
            self._close(connection)

    def _drop_one(self) -> bool:
        """Close the connection that waits longest for a head; False where there is none."""
        waiting = (one for one in self._connections if one.state in (State.HEAD, State.DRAINING))
        oldest = min(waiting, key=lambda one: one.deadline.at_s, default=None)
        if oldest is not None:
            self._close(oldest)
        return oldest is not None

    def _close(self, connection: Connection) -> None:
        self._room.release(connection)
        self._poller.forget(connection.sock)
        self._connections.discard(connection)
        connection.forget(State.CLOSED)
        connection.sock.close()
