"""A bare checkpoint as a detector: to judge weights before they get a `model.json`."""

from pathlib import Path

from app.detection import NEW_NMS, Calibration, Detector, ModelSpec, NmsRule
from app.detection.engines.checkpoint import read_checkpoint
from app.detection.engines.engine_torch import TorchEngine
from app.detection.spec import WeightsFile
from app.errors import ModelError
from app.files import sha256_of
from app.learning.networks import STRIDE
from app.learning.networks.network import findings_of, trained_at_px

# A detector needs one; evaluation of a candidate does not read it.
_NOT_CALIBRATED = Calibration("none", ((0.0, 0.0), (1.0, 1.0)), 0.5, 0.5)


def load_candidate(weights: Path, input_size_px: int = 0, threads: int = 0, nms: NmsRule = NEW_NMS) -> Detector:
    """A detector that runs the ultralytics checkpoint `weights` on torch, its regions as the checkpoint names them.

    input_size_px: 0 means the size that the checkpoint was trained at.

    Raises:
        ModelError: the file is missing, damaged, or no YOLOv8 detector, or the input size is no multiple of 32.
    """
    if input_size_px < 0 or input_size_px % STRIDE:
        raise ModelError(f"The input size must be a multiple of {STRIDE}, not {input_size_px}.")
    try:
        raw = weights.read_bytes()
    except OSError:
        raise ModelError(f"The weights file {weights} is missing or cannot be read.") from None
    file = WeightsFile(weights, sha256_of(raw))
    network = read_checkpoint(raw, weights.name)
    names, size_px = network.names, input_size_px or trained_at_px(network)
    regions = tuple(str(names[number]) for number in range(len(names)))
    spec = ModelSpec(
        weights.stem, "candidate", regions, size_px, STRIDE, nms, _NOT_CALIBRATED, torch=file,
        other_findings=findings_of(network),
    )  # fmt: skip
    return Detector(spec, TorchEngine(file, regions, threads), queue=1)
