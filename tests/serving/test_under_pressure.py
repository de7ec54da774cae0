"""A tenth of what `python -m scripts.pressure` measures, against a real gunicorn with a fake detector."""

import re
import signal
import socket
from collections.abc import Iterator

import pytest

from scripts.pressure.__main__ import measured
from scripts.pressure.client import ask, at_once, image_path, noisy_png, upload
from scripts.pressure.crowd import Crowd, Target
from scripts.pressure.served import Served, serving, wait_until_ready

pytestmark = pytest.mark.slow

APPLICATION = "tests.support.served:app"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(APPLICATION) as server:
        assert wait_until_ready(server), server.log.read_text()
        yield server


@pytest.fixture(scope="module")
def png() -> bytes:
    return noisy_png((600, 500))


def test_it_serves_others_while_more_connections_than_threads_are_slow(served: Served, png: bytes) -> None:
    first = upload(served.address, served.token, [png])
    target = Target(served.address, served.token, image_path(first.body))
    with Crowd({"idle": 50, "slow-head": 50, "slow-body": 50, "slow-reader": 10}, target):
        assert ask(served.address, "GET", "/healthz").status == 200
        assert ask(served.address, "GET", "/readyz").status == 200
        assert upload(served.address, served.token, [png]).status == 201


def test_clients_at_once_are_served_or_told_to_come_back(served: Served, png: bytes) -> None:
    answers = at_once(served.address, served.token, png, 40)
    assert {answer.status for answer in answers} <= {201, 503}
    assert sum(answer.status == 201 for answer in answers) >= 32
    assert all(answer.retry_after for answer in answers if answer.status == 503)


def test_a_request_of_twenty_large_files_is_refused_without_taking_them_in(served: Served) -> None:
    answer = upload(served.address, served.token, [bytes(16 * 1024 * 1024)] * 20)
    assert answer.status == 413
    assert b"upload-too-large" in answer.body


def test_the_command_prints_a_line_for_each_pressure(served: Served) -> None:
    lines = dict(measured(served, share=0.004, uploads=1))
    assert re.match(r"upload [\d.]+ s, /readyz 1 of 1", lines["none"])
    assert "2 idle, 2 slow-head, 2 slow-body, 1 slow-reader" in lines
    assert lines["20 files of 64 MiB in one request"].startswith("1 × 413")


def test_an_upload_that_was_begun_is_finished_after_the_signal_to_stop(png: bytes) -> None:
    with serving(APPLICATION) as server:
        assert wait_until_ready(server), server.log.read_text()
        with socket.create_connection(server.address, timeout=60) as sock:
            body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + png + b"\r\n--b--\r\n"
            head = f"POST /api/v1/studies HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.token}\r\n"
            head += f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n"
            # An interim answer tells that the server waits for the body.
            sock.sendall(head.encode() + b"Expect: 100-continue\r\n\r\n")
            assert sock.recv(100).startswith(b"HTTP/1.1 100")
            server.process.send_signal(signal.SIGTERM)
            sock.sendall(body)
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 201")
        assert server.process.wait(60) == 0
