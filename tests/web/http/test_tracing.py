"""Traces: none unless a collector is named, and then a span for each request that tells endpoint and status only."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import Settings
from app.services import Services
from app.web import create_app
from scripts.bootstrap.console import ROOT

TRACE = "0af7651916cd43dd8448eb211c80319c"


class Collector(ThreadingHTTPServer):
    """Keeps the bodies that it is sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Taking)


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def traced(settings: Settings, services: Services, collector: Collector) -> Flask:
    return create_app(replace(settings, traces_url=f"http://127.0.0.1:{collector.server_port}/v1/traces"), services)


def spans_of(collector: Collector) -> list:
    import gzip

    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    found = []
    for body in collector.bodies:
        raw = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        sent = ExportTraceServiceRequest.FromString(raw)
        found += [span for part in sent.resource_spans for scope in part.scope_spans for span in scope.spans]
    return found


def test_each_request_is_a_span_of_its_callers_trace_and_tells_no_path(traced: Flask, collector: Collector) -> None:
    client = traced.test_client()
    client.get("/healthz", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    client.get("/sign-in/a-secret-link-token")
    client.get("/studies/0123456789abcdef?named=jane")
    traced.extensions["traces"].close()

    spans = spans_of(collector)

    assert [span.name for span in spans][:2] == ["operations.healthz", "sign_in.link_form"]
    assert spans[0].trace_id.hex() == TRACE
    attributes = {one.key: one.value for one in spans[0].attributes}
    assert attributes["http.response.status_code"].int_value == 200
    assert attributes.keys() == {"http.request.method", "http.response.status_code", "request.id"}
    everything = b"".join(collector.bodies) + b"".join(span.SerializeToString() for span in spans)
    for told in (b"secret-link", b"0123456789abcdef", b"jane"):
        assert told not in everything


def test_without_a_collector_nothing_of_it_is_imported(client: FlaskClient) -> None:
    assert "traces" not in client.application.extensions
    program = "import app.web, sys; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
