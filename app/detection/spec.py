"""`ModelSpec`: what `models/model.json` says of the weights. Nothing else knows the network's size or its regions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.detection.model_file import ModelFile, OpenvinoEntry, WeightsEntry, parse_model_file
from app.errors import ModelError

Knot = tuple[float, float]

FILE_NAME = "model.json"


@dataclass(frozen=True)
class WeightsFile:
    """A file beside `model.json`, and the SHA-256 (64 lower-case hex digits) that it must have."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class OpenvinoFiles:
    """The two halves of an OpenVINO IR."""

    xml: WeightsFile
    bin: WeightsFile


@dataclass(frozen=True)
class NmsRule:
    """How raw boxes become detections.

    iou: of two boxes that overlap more than this, 0–1, the one with the lower score is dropped.
    class_agnostic: boxes of different regions compete too; else a place may be called by several regions.
    most: no more detections than this per radiograph.
    floor: raw scores below this, 0–1, are not looked at.
    """

    iou: float
    class_agnostic: bool
    most: int
    floor: float


# How the method of a calibration begins that was not fitted on the model's own scores.
NOT_FITTED = "provisional"

# The rule that a newly exported model gets, and that training validates with.
NEW_NMS = NmsRule(iou=0.45, class_agnostic=False, most=100, floor=0.001)


@dataclass(frozen=True)
class Calibration:
    """Raw score → probability → tier.

    knots: (raw, probability) in rising order, from raw 0 to raw 1; straight lines between them.
    possible, definite: the lowest probabilities of the two tiers.
    """

    method: str
    knots: tuple[Knot, ...]
    possible: float
    definite: float


@dataclass(frozen=True)
class ModelSpec:
    """One set of weights: its regions in the order of the network's classes, its input, its files, its calibration.

    A radiograph's long side is scaled to `input_size_px` and both sides are padded to multiples of `stride`.

    other_findings: the regions that are no fracture, such as metal: they are shown, and never make a verdict.
    provisional: no calibration was fitted, so that confidences are raw scores.
    """

    name: str
    version: str
    regions: tuple[str, ...]
    input_size_px: int
    stride: int
    nms: NmsRule
    calibration: Calibration
    torch: WeightsFile | None = None
    openvino: OpenvinoFiles | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    other_findings: tuple[str, ...] = ()
    provisional: bool = False


def load_model_spec(models_dir: Path) -> ModelSpec:
    """Load and check `models_dir/model.json`.

    Raises:
        ModelError: the file is missing, is not JSON, or one of its entries is missing or wrong; says which.
    """
    path = models_dir / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ModelError(f"{path} cannot be read.") from None
    return spec_of(parse_model_file(text), models_dir)


def parse_model_spec(content: object, models_dir: Path) -> ModelSpec:
    """Check the content of a `model.json` that lies, or will lie, in `models_dir`. Unknown entries are ignored.

    Raises:
        ModelError: an entry is missing or wrong; says which.
    """
    return spec_of(parse_model_file(content), models_dir)


def spec_of(file: ModelFile, models_dir: Path) -> ModelSpec:
    """The specification that a checked file describes."""
    nms, fitted, tiers = file.nms, file.calibration, file.thresholds
    return ModelSpec(
        name=file.name,
        version=file.version,
        regions=file.regions,
        input_size_px=file.input_size_px,
        stride=file.stride,
        nms=NmsRule(nms.iou, nms.class_agnostic, nms.most, nms.floor),
        calibration=Calibration(fitted.method, fitted.knots, tiers.possible, tiers.definite),
        torch=_weights_file(file.files.torch, models_dir) if file.files.torch else None,
        openvino=_openvino_files(file.files.openvino, models_dir) if file.files.openvino else None,
        provenance=file.provenance,
        other_findings=file.other_findings,
        provisional=fitted.method.startswith(NOT_FITTED) if file.provisional is None else file.provisional,
    )


def _openvino_files(entry: OpenvinoEntry, models_dir: Path) -> OpenvinoFiles:
    return OpenvinoFiles(_weights_file(entry.xml, models_dir), _weights_file(entry.bin, models_dir))


def _weights_file(entry: WeightsEntry, models_dir: Path) -> WeightsFile:
    return WeightsFile(models_dir / entry.path, entry.sha256)
