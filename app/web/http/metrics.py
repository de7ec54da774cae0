"""Counters and gauges for Prometheus, in a registry of their own: numbers only, never a name or an id."""

import math
from collections import deque
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.detection import Detector, Reference, drift
from app.errors import Unavailable
from app.records import StudyImage
from app.usecases.studies.create import Submission

CONTENT_TYPE = CONTENT_TYPE_LATEST

# The latest images whose scores are compared with the reference.
_WINDOW = 500

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class State(Collector):
    """Metrics of a moment: the load of the engine, the model that serves, and images that wait."""

    def __init__(self, detector: Detector, pending: Callable[[], int]) -> None:
        """pending: how many received images wait for inference."""  # fmt: skip
        self._detector, self._pending = detector, pending

    def collect(self) -> Iterator[Metric]:
        """The metrics, as the Prometheus client asks for them."""
        load, version = self._detector.load, self._detector.version
        yield GaugeMetricFamily("fracture_queue_depth", "Images that wait for the engine or are in it.", load.inside)
        yield GaugeMetricFamily("fracture_queue_limit", "Images that may; others are answered 503.", load.limit)
        yield CounterMetricFamily("fracture_engine_busy_seconds", "Time that the engine has computed.", load.busy_s)
        model = GaugeMetricFamily(
            "fracture_model_info", "The model that serves.", labels=("name", "version", "sha256", "engine")
        )
        model.add_metric((version.name, version.version, version.sha256, self._detector.engine_name), 1)
        yield model
        yield GaugeMetricFamily(
            "fracture_pending_images", "Received images that wait for inference, of all processes.", self._waiting()
        )

    def _waiting(self) -> float:
        try:
            return self._pending()
        except Unavailable:
            return math.nan


class Metrics:
    """Counters, gauges and histograms of this application."""

    def __init__(self, reference: Reference | None = None, state: State | None = None) -> None:
        """reference: scores of validation images; None where `model.json` has none."""  # fmt: skip
        self._reference, self._scores = reference, deque[float](maxlen=_WINDOW)
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        if state is not None:
            self._registry.register(state)
        self._requests = Histogram(
            "fracture_request_seconds",
            "Time to answer a request.",
            ("endpoint", "method", "status"),
            registry=self._registry,
            buckets=SECONDS,
        )
        self._assessments = Counter(
            "fracture_assessments", "Images that were assessed, by verdict.", ("verdict",), registry=self._registry
        )
        self._steps = Histogram(
            "fracture_step_seconds",
            "Time of one step of an inference.",
            ("step",),
            registry=self._registry,
            buckets=SECONDS,
        )
        self._rejected = Counter(
            "fracture_rejected_files", "Files refused, by code.", ("code",), registry=self._registry
        )

        distance = Gauge(
            "fracture_score_drift",
            "Kolmogorov-Smirnov distance of the latest images' scores from those of validation; NaN for too few.",
            registry=self._registry,
        )
        distance.set_function(self._drift)

    def answered(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.labels(endpoint, method, str(status)).observe(seconds)

    def counted(self, submission: Submission, sent: int) -> Submission:
        """Count what was read and what was refused of the `sent` files; the same submission is handed back."""
        read = sent - len(submission.rejected)
        for image in submission.study.images[-read:]:
            self._count_assessment(image)
        for rejected in submission.rejected:
            self._rejected.labels(rejected.why.code).inc()
        return submission

    def _count_assessment(self, image: StudyImage) -> None:
        timing = image.assessment.timing_ms
        self._scores.append(image.assessment.score)
        self._assessments.labels(image.assessment.verdict).inc()
        for step, took_ms in (("open", timing.open), ("decode", timing.decode), ("detect", timing.detect)):
            self._steps.labels(step).observe(took_ms / 1000)

    def _drift(self) -> float:
        found = drift(tuple(self._scores), self._reference) if self._reference else None
        return found.distance if found else math.nan

    def text(self) -> bytes:
        """Everything so far, in the Prometheus text format."""
        return generate_latest(self._registry)
