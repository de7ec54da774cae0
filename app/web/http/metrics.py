"""Counters and gauges for Prometheus, in a registry of their own: numbers only, never a name or an id."""

import math
from collections import deque

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from app.detection import Reference, drift
from app.records import StudyImage
from app.usecases.studies.create import Submission

CONTENT_TYPE = CONTENT_TYPE_LATEST

# The latest images whose scores are compared with the reference.
_WINDOW = 500

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters, gauges and histograms of this application."""

    def __init__(self, reference: Reference | None = None) -> None:
        """reference: scores of validation images; None where `model.json` has none."""  # fmt: skip
        self._reference, self._scores = reference, deque[float](maxlen=_WINDOW)
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "fracture_request_seconds",
            "Time to answer a request.",
            ("endpoint", "method", "status"),
            registry=self._registry,
            buckets=SECONDS,
        )
        self._assessments = Counter(
            "fracture_readings", "Radiographs read, by verdict.", ("verdict",), registry=self._registry
        )
        self._steps = Histogram(
            "fracture_step_seconds",
            "Time of one step of a reading.",
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
