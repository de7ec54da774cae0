"""The way of a radiograph: from the bytes of a file to an `Assessment`.

Uploads, the drawn sample, folders, the benchmark and the evaluation all go this way.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

from app import imaging
from app.config import Limits
from app.detection import Judgement, ModelSpec, judge
from app.records import Assessment, Detection, ModelInput, ModelVersion, Radiograph, Timing


class Finder(Protocol):
    """The part of `app.detection.Detector` that inference needs."""

    @property
    def spec(self) -> ModelSpec:
        """Regions, input size and calibration."""

    @property
    def version(self) -> ModelVersion:
        """The weights in use."""

    def detect(self, model_input: ModelInput) -> tuple[Detection, ...]:
        """Raw detections in one radiograph."""


@dataclass(frozen=True, eq=False)
class Inference:
    """The assessment of one file, with everything that it was made from; all of it in plain text."""

    raw: bytes = field(repr=False)
    radiograph: Radiograph
    detections: tuple[Detection, ...]
    assessment: Assessment


def infer(detector: Finder, open_file: Callable[[], bytes], limits: Limits, remarks: tuple[str, ...] = ()) -> Inference:
    """Open, decode, detect and judge one file.

    open_file: returns the plain bytes; the time that it takes is the step `open`.
    remarks: warnings that the assessment carries before the radiograph's own.

    Raises:
        FractureError: the file cannot be opened or decoded; see `app.imaging.decode`.
        Busy, Unavailable: from the detector.
    """
    began = perf_counter()
    raw = open_file()
    opened = perf_counter()
    radiograph = imaging.decode(raw, limits)
    decoded = perf_counter()
    detections, judgement = infer_radiograph(detector, radiograph)
    done = perf_counter()
    height, width = radiograph.grey.shape
    assessment = Assessment(
        model=detector.version,
        width=width,
        height=height,
        verdict=judgement.verdict,
        score=judgement.score,
        findings=judgement.findings,
        timing_ms=Timing(_ms(began, opened), _ms(opened, decoded), _ms(decoded, done), _ms(began, done)),
        spacing_mm=radiograph.spacing_mm,
        warnings=(*remarks, *radiograph.warnings),
    )
    return Inference(raw, radiograph, detections, assessment)


def infer_radiograph(detector: Finder, radiograph: Radiograph) -> tuple[tuple[Detection, ...], Judgement]:
    """Detect and judge a decoded radiograph: the raw detections, highest score first, and the judgement on them.

    Raises:
        Busy, Unavailable: from the detector.
    """
    spec = detector.spec
    model_input = imaging.model_input(radiograph.grey, spec.input_size_px, spec.stride)
    detections = detector.detect(model_input)
    return detections, judge(detections, spec.calibration)


def _ms(start: float, end: float) -> float:
    return round((end - start) * 1000, 2)
