"""Counters for Prometheus, in a registry of their own: numbers only, never a name or an id."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from app.records import StudyImage
from app.usecases.studies.create import Submission

CONTENT_TYPE = CONTENT_TYPE_LATEST

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What this application counts."""

    def __init__(self) -> None:
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
        self._assessments.labels(image.assessment.verdict).inc()
        for step, took_ms in (("open", timing.open), ("decode", timing.decode), ("detect", timing.detect)):
            self._steps.labels(step).observe(took_ms / 1000)

    def text(self) -> bytes:
        """Everything so far, in the Prometheus text format."""
        return generate_latest(self._registry)
