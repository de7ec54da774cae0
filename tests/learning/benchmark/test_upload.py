"""Uploads are timed beside the network alone, load beside decoder and network; refusals are counted as such."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np
import pytest

from app.detection.spec import parse_model_spec
from app.errors import Unavailable
from app.learning.benchmark.load import Load, load_summary, measure_load, refusal_summary
from app.learning.benchmark.samples import Sample
from app.learning.benchmark.served import Address, Answer, Client
from app.learning.benchmark.upload import Subjects, UploadTimes, measure_uploads, upload_summary, upload_table
from app.security import MasterKeys, UploadKeys, new_master_key
from app.services import now
from tests.support.fake_engine import model_json

GREY = np.full((64, 48), 90, np.uint8)
SAMPLES = [Sample(b"one", GREY), Sample(b"two", GREY)]
TIMING = {"open": 1.0, "decode": 2.0, "detect": 30.0, "total": 33.0}


class FakeBare:
    """A network that always takes 40 ms."""

    def run_ms(self, pixels: np.ndarray) -> float:
        assert pixels.ndim == 2
        return 40.0


@contextmanager
def served(status: int) -> Iterator[tuple[Address, list[bytes]]]:
    """A server that opens what it is sent, and answers every upload with one status."""
    keys = UploadKeys(MasterKeys.parse(new_master_key()), now)
    opened: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            key = keys.current("default", "ann")
            self.answer(200, {"kid": key.kid, "public_key": encoded(key.public_key), "info": encoded(key.info)})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            opened.append(keys.open(self.headers["X-Key-Id"], body, "default", "ann"))
            self.answer(status, {"images": [{"timing_ms": TIMING}]})

        def answer(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 503:
                self.send_header("Retry-After", "2")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Address("127.0.0.1", server.server_port, "token"), opened
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def encoded(raw: bytes) -> str:
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_every_sample_is_sent_sealed_and_the_first_round_is_not_counted(tmp_path: Any) -> None:
    spec = parse_model_spec(model_json(), tmp_path)
    with served(201) as (address, opened), Client(address) as client:
        seen: list[tuple[int, ...]] = []
        peers = {"other": lambda image: seen.append(image.shape)}
        subjects = Subjects(client, FakeBare(), peers)  # type: ignore[arg-type]
        times = measure_uploads(subjects, SAMPLES, spec, 2, lambda _: None)
    assert opened == [b"one", b"two"] * 3
    assert len(times.answer) == len(times.bare) == len(times.peers["other"]) == len(times.steps["decode"]) == 4
    assert times.steps["detect"] == [30.0] * 4
    assert seen[0] == (64, 48, 3)


def test_a_server_that_refuses_ends_the_measurement(tmp_path: Any) -> None:
    spec = parse_model_spec(model_json(), tmp_path)
    with served(503) as (address, _), Client(address) as client, pytest.raises(Unavailable):
        measure_uploads(Subjects(client, FakeBare()), SAMPLES, spec, 1, lambda _: None)  # type: ignore[arg-type]


def test_the_limit_and_the_ratios_by_hand() -> None:
    steps = {name: [value] for name, value in TIMING.items()}
    result = upload_summary(UploadTimes([52.0], steps, [40.0], {"other": [104.0]}, ("no torch",)), {"machine": "m"})
    assert result["limit_ms"] == 65.0
    assert result["share_of_limit"] == 0.8
    assert result["times_faster"] == {"other": 2.0}
    assert "no torch" in upload_table(result)
    assert json.loads(json.dumps(result))["machine"] == "m"


def test_all_clients_together_send_what_was_asked_for() -> None:
    with served(201) as (address, opened):
        load = measure_load(address, SAMPLES, clients=3, uploads=7)
    assert len(load.accepted_ms) == len(opened) == 7
    assert set(opened) == {b"one", b"two"}


def test_refusals_are_counted_with_their_retry_after() -> None:
    with served(503) as (address, _):
        result = refusal_summary(measure_load(address, SAMPLES, clients=2, uploads=4))
    assert (result["accepted"], result["refused"], result["with_retry_after"]) == (0, 4, 4)
    assert result["others"] == []


def test_the_share_of_decoder_and_network_alone_by_hand() -> None:
    load = Load(tuple(Answer(201, {}, b"", 100.0) for _ in range(10)), seconds=1.0)
    single = Load((Answer(201, {}, b"", 50.0),), seconds=1.0)
    result = load_summary(load, single, alone=[80.0], clients=4, about={})
    assert result["per_second"] == 10.0
    assert result["share_of_alone"] == 0.8
    assert result["p99_over_queue"] == 0.5
