"""The nouns of the application: frozen, without behaviour, without libraries.

A box is always (x1, y1, x2, y2) in pixels of the decoded radiograph, x to the right, y down, origin at the top left
corner of the first pixel. Scores, confidences and probabilities lie in 0–1. Times are UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.translatable import N_

BoxPx = tuple[float, float, float, float]
Answer = Literal["confirmed", "rejected", "missed"]
Format = Literal["jpeg", "png", "tiff", "dicom", "bmp", "webp", "avif", "heif", "jxl"]
Outcome = Literal["fracture", "none", "disputed"]
Role = Literal["clinician", "reader", "uploader", "auditor", "admin"]
State = Literal["unread", "read"]
Tier = Literal["definite", "possible"]
Verdict = Literal["fracture", "possible", "pending", "not-assessed", "none"]
Reason = Literal["out-of-scope", "too-small", "no-content", "no-structure", "photograph", "text", "unreadable"]
WindowFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
WindowKind = Literal["shown", "file", "full", "bone", "soft"]

# The verdict of a study is the first of these that one of its images has.
WORST_FIRST: tuple[Verdict, ...] = ("fracture", "possible", "pending", "not-assessed", "none")

DISCLAIMER = N_("This software assists; it does not diagnose. A clinician decides.")
# The warning of an assessment by a model whose confidences were never calibrated.
PROVISIONAL = "provisional"
# The warning of a radiograph that the project drew itself: nobody learns or is judged by it.
DRAWN_SAMPLE = "drawn-sample"


@dataclass(frozen=True)
class NamedWindow:
    """A window that a reader may choose: its middle and width in the units of `Levels`.

    kind: "shown" as the image is shown at first, "file" for one that the file carries, the others by percentiles.
    name: what the file calls it, "" where it has no name.
    """

    kind: WindowKind
    name: str
    centre: float
    width: float


@dataclass(frozen=True, eq=False)
class Levels:
    """The values of a radiograph before its window, for looking at it through another one.

    index: (H, W) uint8 or uint16, in the frame of `Radiograph.grey`: which value each pixel has.
    units: (N,) float64, N at most 65536: the values after the modality LUT, in the units of the file.
    table: (N,) uint8: what `grey` shows for each value; (32 bits a sample: to within one of 65536 steps).
    is_inverted: low values are bright (MONOCHROME1, WhiteIsZero); inversion comes once, after the window.
    function: how a window becomes a curve, as the file says.
    shown: the window behind `table`, or the straight line nearest to it where that is a LUT.
    of_file: the windows that the file carries, in its order.
    """

    index: NDArray[np.uint8] | NDArray[np.uint16]
    units: NDArray[np.float64]
    table: NDArray[np.uint8]
    is_inverted: bool
    function: WindowFunction
    shown: NamedWindow
    of_file: tuple[NamedWindow, ...] = ()


@dataclass(frozen=True)
class Header:
    """Values of a DICOM header as texts, "" where the file does not say; never logged.

    modality, laterality, view_position, patient_sex: in capitals, as defined terms are.
    body_parts: every text that may name the part of the body, the coded ones first.
    study_date, patient_birth_date: YYYYMMDD. patient_name: with the carets of type PN.
    aspect_scale: pixels of the decoded radiograph per stored pixel, (row, column), other than (1, 1) where stored
        pixels are not square.

    Source: DICOM PS3.6 for the elements, PS3.5 6.2 for their types.
    """

    modality: str = ""
    body_parts: tuple[str, ...] = ()
    laterality: str = ""
    view_position: str = ""
    study_date: str = field(default="", repr=False)
    sop_class_uid: str = ""
    sop_instance_uid: str = field(default="", repr=False)
    study_uid: str = field(default="", repr=False)
    series_uid: str = field(default="", repr=False)
    accession_number: str = field(default="", repr=False)
    patient_name: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    patient_id_issuer: str = field(default="", repr=False)
    patient_birth_date: str = field(default="", repr=False)
    patient_sex: str = field(default="", repr=False)
    aspect_scale: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Radiograph:
    """One decoded X-ray image.

    grey: (H, W) uint8, 0–255, bone bright, upright as its file asks.
    spacing_mm: (row, column) distance of pixel centres, or None when the file does not say.
    format: the format of the file's content; never of its name.
    bits: significant bits per sample in the file.
    warnings: stable codes for what a reader should know, such as "not-a-radiograph".
    levels: the values before the window; None where `grey` itself is all there is, as in an image of 8 bits.
    header: of a DICOM object; None for other formats.
    """

    grey: NDArray[np.uint8]
    spacing_mm: tuple[float, float] | None
    format: Format
    bits: int
    warnings: tuple[str, ...] = ()
    levels: Levels | None = None
    header: Header | None = None


@dataclass(frozen=True, eq=False)
class ModelInput:
    """A radiograph resized for a network.

    pixels: (H', W') uint8, both multiples of the network's stride.
    scale: model pixels per radiograph pixel, the same in both directions.
    offset_px: (x, y) of the radiograph's first pixel in `pixels`, in model pixels.
    radiograph_hw: (H, W) of the radiograph.
    """

    pixels: NDArray[np.uint8]
    scale: float
    offset_px: tuple[int, int]
    radiograph_hw: tuple[int, int]


@dataclass(frozen=True)
class Detection:
    """Raw detection of the network at one site: an uncalibrated score, before any threshold."""

    region: str
    score: float
    box_px: BoxPx


@dataclass(frozen=True)
class Finding:
    """Marked site as a reader sees it: a calibrated confidence and its tier."""

    region: str
    confidence: float
    tier: Tier
    box_px: BoxPx


@dataclass(frozen=True)
class ModelVersion:
    """Which weights said it: name and version of `models/model.json`, SHA-256 of the weights file in use."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Timing:
    """Milliseconds that each step took on the server."""

    open: float
    decode: float
    detect: float
    total: float


@dataclass(frozen=True)
class Overruled:
    """A clinician had an image inferred that the software would not assess: who, and when."""

    person_id: str
    person_name: str
    at: datetime


@dataclass(frozen=True)
class Assessment:
    """Assessment of one radiograph by the software.

    findings: fractures. other_findings: what the model marks besides, such as metal; it is no part of the verdict.
    verdict: `pending` while the image is stored and not inferred; `not-assessed`, with a reason, when it must not be
    judged.
    reason: why it is not assessed, or why it was not before a clinician overruled that; None otherwise.
    """

    model: ModelVersion
    width: int
    height: int
    verdict: Verdict
    score: float
    findings: tuple[Finding, ...]
    timing_ms: Timing
    spacing_mm: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()
    other_findings: tuple[Finding, ...] = ()
    reason: Reason | None = None
    overruled: Overruled | None = None


@dataclass(frozen=True)
class StudyImage:
    """One view of a study, opened: its name as the sender gave it, and its reading."""

    id: str
    name: str
    created_at: datetime
    assessment: Assessment


@dataclass(frozen=True)
class Patient:
    """Whom a study belongs to, as far as it is known; None where it is not.

    name: with the carets of DICOM's type PN. birth_date: YYYY-MM-DD. sex: M, F or O.
    """

    name: str = field(repr=False)
    id: str | None = field(default=None, repr=False)
    birth_date: str | None = field(default=None, repr=False)
    sex: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Examination:
    """Examination as the header of a DICOM file describes it; "" where it does not.

    study_date: YYYY-MM-DD. body_part, laterality: defined terms of DICOM such as WRIST and L.
    """

    study_uid: str = field(default="", repr=False)
    accession_number: str = field(default="", repr=False)
    study_date: str = field(default="", repr=False)
    body_part: str = ""
    laterality: str = ""


@dataclass(frozen=True)
class Decision:
    """The human outcome of a study, and the people behind it.

    readers: names of those whose answers it comes from, "?" for one who is no longer there.
    closed_by: who closed a disagreement, None where readers agree or still differ.
    """

    outcome: Outcome
    readers: tuple[str, ...]
    at: datetime
    closed_by: str | None = None
    comment: str = ""


@dataclass(frozen=True)
class Study:
    """The views that were taken together, oldest first.

    label: a clinician's own words for the study. is_typed: a clinician typed the patient or changed it.
    decision: None while a view is undecided.
    """

    id: str
    tenant: str
    created_at: datetime
    created_by: str
    images: tuple[StudyImage, ...]
    patient: Patient | None = None
    examination: Examination = field(default_factory=Examination)
    label: str = ""
    is_typed: bool = False
    decision: Decision | None = None


@dataclass(frozen=True)
class Mark:
    """Verdict of a reader on one site: a finding confirmed or rejected, or a fracture that the software missed."""

    region: str
    box_px: BoxPx
    answer: Answer


@dataclass(frozen=True)
class Feedback:
    """Feedback of one reader on one image, at one time; several readers may differ, and all of it is kept.

    person_name: of the person `person_id`, None when they are no longer there.
    normal: the reader says that the whole image shows no fracture.
    """

    id: str
    image_id: str
    person_id: str
    person_name: str | None
    created_at: datetime
    marks: tuple[Mark, ...]
    normal: bool
    comment: str


@dataclass(frozen=True)
class ReadMark:
    """That somebody has read a study, and when last; `person_name` is None when they are no longer there."""

    person_id: str
    person_name: str | None
    at: datetime


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in, within one tenant."""

    id: str
    tenant: str
    name: str
    role: Role


@dataclass(frozen=True)
class Actor:
    """Actor where no person acts: a rule of the settings, or an operating-system user who runs a command.

    id: stands in the audit record where otherwise the id of a person stands.
    """

    tenant: str
    id: str


@dataclass(frozen=True)
class Upload:
    """One file as it arrived.

    name: the file name in plain text, "" when it did not come or is sealed.
    body: the file, or enc ‖ ciphertext of it when `sealed_for` names an HPKE key.
    sealed_name: enc ‖ ciphertext of the UTF-8 file name, for the same key.
    """

    name: str
    body: bytes = field(repr=False)
    sealed_for: str | None = None
    sealed_name: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class AuditEvent:
    """Event of the audit record, as codes and ids. `sequence` counts from 1 within a tenant."""

    tenant: str
    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str


@dataclass(frozen=True)
class AuditEntry:
    """An event as it is kept, with the MAC that chains it to the one before."""

    event: AuditEvent
    mac: bytes


# What a tenant's first audit entry is chained to.
FIRST_MAC = bytes(32)
