"""The way of a radiograph: from the bytes of a file to an `Assessment`.

Uploads, the drawn sample, folders, the benchmark and the evaluation all go this way.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple, Protocol

from app import imaging
from app.detection import Judgement, ModelSpec, findings_in, judge
from app.imaging import Decoder
from app.records import PROVISIONAL, Assessment, Detection, Finding, ModelInput, ModelVersion, Radiograph, Timing


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


class Judged(NamedTuple):
    """Raw detections of fractures, highest score first, the judgement on them, and findings that are no fracture."""

    detections: tuple[Detection, ...]
    judgement: Judgement
    other_findings: tuple[Finding, ...]


def infer(
    detector: Finder, open_file: Callable[[], bytes], decoder: Decoder, remarks: tuple[str, ...] = ()
) -> Inference:
    """Open, decode, detect and judge one file.

    open_file: returns the plain bytes; the time that it takes is the step `open`.
    remarks: warnings that the assessment carries before the radiograph's own.

    Raises:
        FractureError: the file cannot be opened or decoded; see `app.imaging.decode`.
        Busy, Unavailable: from the decoder or the detector.
    """
    began = perf_counter()
    raw = open_file()
    opened = perf_counter()
    radiograph = decoder.decode(raw)
    decoded = perf_counter()
    judged = infer_radiograph(detector, radiograph)
    judgement = judged.judgement
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
        warnings=(*remarks, *radiograph.warnings, *((PROVISIONAL,) if detector.spec.provisional else ())),
        other_findings=judged.other_findings,
        reason=judgement.reason,
    )
    return Inference(raw, radiograph, judged.detections, assessment)


def infer_radiograph(detector: Finder, radiograph: Radiograph, *, is_overruled: bool = False) -> Judged:
    """Detect in a decoded radiograph and judge it.

    An image that must not be judged is "not-assessed", with a reason; see `app.imaging.assess_content`.

    is_overruled: judge it whatever it is.

    Raises:
        Busy, Unavailable: from the detector.
    """
    spec = detector.spec
    found = detector.detect(imaging.model_input(radiograph.grey, spec.input_size_px, spec.stride))
    reason = None if is_overruled else imaging.assess_content(radiograph)
    detections, others = fractures_in(found, spec)
    judgement = judge(detections, spec.calibration, reason)
    return Judged(detections, judgement, findings_in(others, spec.calibration) if judgement.reason is None else ())


def fractures_in(
    detections: tuple[Detection, ...], spec: ModelSpec
) -> tuple[tuple[Detection, ...], tuple[Detection, ...]]:
    """The detections of fractures, and those of findings that are none."""
    fractures = tuple(one for one in detections if one.region not in spec.other_findings)
    return fractures, tuple(one for one in detections if one.region in spec.other_findings)


def _ms(start: float, end: float) -> float:
    return round((end - start) * 1000, 2)
