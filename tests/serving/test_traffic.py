"""Connections wait in the poller, deadlines move with bytes only, and past each bound the answer is 503."""

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from threading import Event

import pytest
from gunicorn.config import Config

from app.admission import ADMITTED, ASKED, REFUSED, Admission, Gate, Lane
from app.serving.lanes import Lanes, Width
from app.serving.patience import PATIENCE_S, STEP_BYTES
from app.serving.poller import Poller
from app.serving.traffic import ASKED_LANE, REFUSED_LANE, Traffic

KIB = 1024
IN_FLIGHT = 1024 * KIB
GET = b"GET /light HTTP/1.1\r\nHost: a\r\n\r\n"


def post(path: str, length: int, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: a", f"Content-Length: {length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class App:
    """Answers with the length of the body, or with what the server refuses; `/heavy` waits until it may go on."""

    def __init__(self) -> None:
        self.go = Event()
        self.go.set()
        self.answer = b""
        self.parts: Iterator[bytes] | None = None
        self.lets_in = True
        self.asked = 0

    def __call__(self, environ: dict, start_response: Callable[..., object]) -> Iterable[bytes]:
        status, content, headers = "200 OK", self.answer, []
        if environ.get(ASKED):
            self.asked += 1
            environ[ADMITTED] = self.lets_in
            status, content = "401 Unauthorized", b""
        elif why := environ.get(REFUSED):
            status = {"busy": "503 Busy", "slow": "408 Slow", "too-large": "413 Large"}[why]
            headers = [("Retry-After", "5")] if why == "busy" else []
        else:
            if environ["PATH_INFO"] == "/heavy":
                self.go.wait(60)
            content = content or str(len(environ["wsgi.input"].read())).encode()
        if self.parts is not None and not {ASKED, REFUSED} & environ.keys():
            start_response("200 OK", [])
            return self.parts
        start_response(status, [("Content-Length", str(len(content))), *headers])
        return [content]


class Client:
    """The other end of a connection."""

    def __init__(self, bench: "Bench", sent: bytes) -> None:
        self.bench = bench
        self.sock = socket.create_connection(bench.listener.getsockname())
        self.sock.setblocking(False)
        self.got = b""
        self.is_ended = False
        bench.clients.append(self)
        self.send(sent)

    def send(self, data: bytes) -> None:
        while data:
            try:
                data = data[self.sock.send(data) :]
            except BlockingIOError:
                self.bench.turn()
            except (ConnectionResetError, BrokenPipeError):
                return

    def receive(self) -> None:
        try:
            data = self.sock.recv(1 << 20)
            self.got += data
            self.is_ended = not data
        except BlockingIOError:
            pass
        except ConnectionResetError:
            self.is_ended = True

    def status(self, number: int = 1) -> int:
        """The status of the `number`-th answer, once it is there."""
        self.bench.until(lambda: self.receive() or self.got.count(b"HTTP/1.1 ") >= number or self.is_ended)
        return int(self.got.split(b"HTTP/1.1 ")[number][:3])

    def end(self) -> bytes:
        """All that came until the server ended the connection."""
        self.bench.until(lambda: self.receive() or self.is_ended)
        return self.got


class Bench:
    """Traffic on a socket of its own, with a clock that is set."""

    def __init__(self) -> None:
        self.app = App()
        self.now_s = 1000.0
        self.clients: list[Client] = []
        self.pipe = os.pipe()
        for end in self.pipe:
            os.set_blocking(end, False)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.listener.setblocking(False)
        widths = {"urgent": Width(1, 9), "light": Width(2, 9), "heavy": Width(2, 3)}
        self.lanes = Lanes({**widths, ASKED_LANE: Width(1, 9), REFUSED_LANE: Width(1, 9)})
        config = Config()
        config.set("keepalive", 30)
        gate = Gate(self.admit, IN_FLIGHT, heavy=3)
        self.poller = Poller(self.pipe)
        self.traffic = Traffic(config, self.app, gate, self.lanes, self.poller, most=60, clock=lambda: self.now_s)
        self.traffic.listen([self.listener])

    @staticmethod
    def admit(method: str, path: str, content_type: str) -> Admission:
        lanes: dict[str, Lane] = {"/heavy": "heavy", "/urgent": "urgent"}
        return Admission(lanes.get(path, "light"), 2 * IN_FLIGHT)

    def turn(self) -> None:
        self.now_s += 0.001
        self.traffic.turn(0.001)

    def until(self, condition: Callable[[], object]) -> None:
        for _ in range(20_000):
            if condition():
                return
            self.turn()
        pytest.fail("it did not happen")

    def wait(self, seconds: float) -> None:
        """Let time pass, and what was sent arrive."""
        for _ in range(20):
            self.turn()
        self.now_s += seconds
        self.turn()

    def close(self) -> None:
        self.app.go.set()
        for client in self.clients:
            client.sock.close()
        self.traffic.close()
        self.poller.close()
        self.lanes.close()
        self.listener.close()
        for end in self.pipe:
            os.close(end)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


def test_requests_on_one_connection_are_answered_in_their_order(bench: Bench) -> None:
    client = Client(bench, GET + post("/light", 3) + b"abc" + GET)
    assert client.status(3) == 200
    assert [part[-1:] for part in client.got.split(b"HTTP/1.1 ")[1:]] == [b"0", b"3", b"0"]


def test_more_silent_and_slow_connections_than_threads_leave_the_others_alone(bench: Bench) -> None:
    slow = [Client(bench, begun) for begun in (b"", GET[:-2], post("/heavy", 50 * KIB)) for _ in range(10)]
    assert Client(bench, GET).status() == 200
    assert Client(bench, post("/heavy", 3) + b"abc").status() == 200
    assert not any(client.got for client in slow)


def test_an_idle_connection_ends_without_a_word_and_a_begun_request_with_408(bench: Bench) -> None:
    idle, head, body = Client(bench, b""), Client(bench, GET[:-2]), Client(bench, post("/light", 9) + b"abc")
    bench.wait(PATIENCE_S - 1)
    bench.wait(2)
    assert idle.end() == b""
    assert head.end().startswith(b"HTTP/1.1 408")
    assert body.end().startswith(b"HTTP/1.1 408")


def test_a_slow_head_of_the_api_is_answered_in_json(bench: Bench) -> None:
    client = Client(bench, b"GET /api/v1/studies HTTP/1.1\r\nHost: a\r\n")
    bench.wait(PATIENCE_S + 1)
    assert b'{"error": {"code": "slow-request"' in client.end()


def test_the_deadline_moves_while_bytes_arrive_and_not_for_a_drip(bench: Bench) -> None:
    steps = 4
    steady = Client(bench, post("/light", steps * STEP_BYTES))
    drip = Client(bench, post("/light", STEP_BYTES))
    for _ in range(steps - 1):
        steady.send(bytes(STEP_BYTES))
        drip.send(b"x")
        bench.wait(PATIENCE_S * 0.6)
    assert drip.status() == 408
    steady.send(bytes(STEP_BYTES))
    assert steady.status() == 200


def test_a_client_that_stops_reading_its_answer_is_let_go(bench: Bench) -> None:
    bench.app.answer = bytes(64 * KIB * KIB)
    client = Client(bench, GET)
    bench.wait(PATIENCE_S + 1)
    assert len(client.end()) < 64 * KIB * KIB


def test_an_answer_is_made_while_it_is_sent_and_no_further_ahead(bench: Bench) -> None:
    made, ended = [], []

    def parts() -> Iterator[bytes]:
        try:
            for number in range(40):
                made.append(number)
                yield bytes([number]) * KIB * KIB
        finally:
            ended.append(True)

    bench.app.parts = parts()
    client = Client(bench, GET)
    for _ in range(200):
        bench.turn()
    # What the kernel takes is made, and 4 MiB more.
    assert 4 <= len(made) < 30
    bench.until(lambda: client.receive() or client.got.endswith(b"\r\n0\r\n\r\n"))
    assert client.got.count(bytes([39])) >= KIB * KIB
    assert ended == [True]
    bench.app.parts = None
    client.send(GET)
    bench.until(lambda: client.receive() or client.got.endswith(b"\r\n\r\n0"))


def test_an_answer_that_is_not_taken_frees_what_it_needs(bench: Bench) -> None:
    ended = []

    def parts() -> Iterator[bytes]:
        try:
            while True:
                yield bytes(KIB * KIB)
        finally:
            ended.append(True)

    bench.app.parts = parts()
    client = Client(bench, GET)
    bench.wait(PATIENCE_S + 1)
    client.end()
    assert ended == [True]


def test_past_the_bound_of_heavy_requests_the_answer_is_503_before_the_body_comes(bench: Bench) -> None:
    bench.app.go.clear()
    working = [Client(bench, post("/heavy", 3) + b"abc") for _ in range(3)]
    bench.wait(0)
    refused = Client(bench, post("/heavy", 900 * KIB))
    assert refused.status() == 503
    assert b"Retry-After: 5" in refused.got
    assert bench.app.asked == 0
    assert Client(bench, GET).status() == 200
    bench.app.go.set()
    assert [client.status() for client in working] == [200] * 3


def test_past_the_bound_in_bytes_the_answer_is_503(bench: Bench) -> None:
    first = Client(bench, post("/light", 900 * KIB) + bytes(800 * KIB))
    bench.until(lambda: bench.app.asked == 1)
    bench.wait(0)
    assert Client(bench, post("/light", 300 * KIB)).status() == 503
    first.send(bytes(100 * KIB))
    assert first.status() == 200
    assert Client(bench, post("/light", 300 * KIB) + bytes(300 * KIB)).status() == 200


def test_a_slow_body_gives_way_when_memory_is_short(bench: Bench) -> None:
    slow = Client(bench, post("/light", 900 * KIB) + bytes(100 * KIB))
    bench.until(lambda: bench.app.asked == 1)
    bench.wait(5)
    assert Client(bench, post("/light", 300 * KIB) + bytes(300 * KIB)).status() == 200
    assert slow.status() == 503


def test_a_large_body_is_received_only_from_a_client_that_may_send_it(bench: Bench) -> None:
    bench.app.lets_in = False
    stranger = Client(bench, post("/heavy", 900 * KIB))
    assert stranger.status() == 401
    bench.app.lets_in = True
    known = Client(bench, post("/heavy", 900 * KIB, "Expect: 100-continue"))
    assert known.status() == 100
    known.send(bytes(900 * KIB))
    assert known.status(2) == 200


def test_a_body_beyond_its_limit_is_refused_by_its_head_and_as_it_comes(bench: Bench) -> None:
    assert Client(bench, post("/light", 3 * IN_FLIGHT)).status() == 413
    chunked = Client(bench, b"POST /light HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunked.send((b"10000\r\n" + bytes(64 * KIB) + b"\r\n") * 40)
    assert chunked.status() in (413, 503)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: brotli\r\n\r\n", 501),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 9000, 431),
        (b"GET / HTTP/1.1\r\nExpect: tea\r\n\r\n", 417),
    ],
)
def test_a_malformed_request_is_refused_and_its_connection_ends(bench: Bench, sent: bytes, status: int) -> None:
    client = Client(bench, sent + GET)
    client.end()
    assert client.status() == status
    assert client.got.count(b"HTTP/1.1 ") == 1


def test_the_oldest_idle_connection_gives_way_to_a_new_one(bench: Bench) -> None:
    idle = []
    for _ in range(60):
        idle.append(Client(bench, b""))
        bench.turn()
    assert Client(bench, GET).status() == 200
    idle[0].end()
    assert not idle[30].is_ended


def test_what_was_accepted_is_finished_after_a_stop(bench: Bench) -> None:
    bench.app.go.clear()
    working = Client(bench, post("/heavy", 3) + b"abc")
    half = Client(bench, post("/light", 6) + b"abc")
    idle = Client(bench, b"")
    bench.wait(0)
    bench.traffic.stop()
    half.send(b"def")
    assert half.status() == 200
    assert b"Connection: close" in half.got
    bench.app.go.set()
    assert working.status() == 200
    bench.wait(2)
    assert idle.end() == b""
    for client in (working, half):
        client.sock.close()
    bench.until(lambda: bench.traffic.is_empty)
