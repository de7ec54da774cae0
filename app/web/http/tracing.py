"""Traces for an OpenTelemetry collector: one span for each request, by endpoint; never a path, a name or a patient."""

from typing import Any

from flask import Flask, Response, g, request

from app.errors import ConfigError

# Behind this, an export is given up; requests never wait for one.
_EXPORT_WITHIN_S = 5.0


class Traces:
    """Sends spans from a thread of its own; `close` sends what is left and ends it."""

    def __init__(self, url: str) -> None:
        """url: where the collector takes OTLP over HTTP.

        Raises:
            ConfigError: OpenTelemetry is not installed.
        """
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - extra
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415
        except ImportError:
            raise ConfigError("TRACES_URL needs OpenTelemetry: install fracture-detection[tracing].") from None
        self._provider = TracerProvider(resource=Resource.create({"service.name": "fracture-detection"}))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url, timeout=_EXPORT_WITHIN_S)))
        self._tracer = self._provider.get_tracer("app.web")
        self._propagator = TraceContextTextMapPropagator()

    def begin(self) -> None:
        """Begin the span of a request, as a part of the trace that its header `traceparent` names."""
        caller = self._propagator.extract({"traceparent": request.headers.get("traceparent", "")})
        g.span = self._tracer.start_span(request.endpoint or "none", context=caller)

    def finish(self, answer: Response) -> Response:
        """Name what was answered."""
        span: Any = g.get("span")
        if span is not None:
            span.set_attribute("http.request.method", request.method)
            span.set_attribute("http.response.status_code", answer.status_code)
            span.set_attribute("request.id", g.request_id)
        return answer

    def end(self, _error: BaseException | None = None) -> None:
        """End the span of a request."""
        span: Any = g.pop("span", None)
        if span is not None:
            span.end()

    def close(self) -> None:
        """Send what is left, and end the thread."""
        self._provider.shutdown()


def install(app: Flask, url: str) -> None:
    """Trace every request of the application; without a URL nothing is imported, measured or sent."""
    if not url:
        return
    traces = Traces(url)
    app.extensions["traces"] = traces
    app.before_request(traces.begin)
    app.after_request(traces.finish)
    app.teardown_request(traces.end)
