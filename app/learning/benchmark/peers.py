"""Peers to compare with: ultralytics' predict on the same weights, and on its own int8 export of them."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.detection import ModelSpec
from app.detection.engines.openvino_import import block_telemetry
from app.detection.engines.ultralytics_import import import_torch
from app.detection.engines.weights import read_weights
from app.errors import ModelError

Predict = Callable[[NDArray[np.uint8]], object]

_CALIBRATION_SHARE = 0.5


def predict_by_torch(spec: ModelSpec, threads: int) -> Predict:
    """Ultralytics' predict on the checkpoint: (H, W, 3) uint8 → its results.

    Raises:
        ModelError: ultralytics or torch is not installed, or model.json names no torch weights.
    """
    torch = import_torch()
    predict = _predict(_checkpoint(spec), spec)
    # Its predictor sets torch's threads to all cores but one when it starts; afterwards they are set as ours.
    predict(np.zeros((64, 64, 3), np.uint8))
    torch.set_num_threads(threads)
    return predict


def predict_by_int8(spec: ModelSpec, data_yaml: Path, folder: Path) -> Predict:
    """Ultralytics' predict on the int8 network that it exports for OpenVINO itself.

    data_yaml: a set in ultralytics' layout, whose validation images it calibrates with. folder: where it writes.

    Raises:
        ModelError: as `predict_by_torch`, or it cannot export.
    """
    weights = folder / "weights.pt"
    shutil.copyfile(_checkpoint(spec), weights)
    block_telemetry()
    import_torch()
    # It lists every operation that stays in float.
    logging.getLogger("nncf").setLevel(logging.WARNING)
    from ultralytics.models import YOLO  # noqa: PLC0415 - heavy, and may be absent

    options: dict[str, Any] = {"format": "openvino", "int8": True, "imgsz": spec.input_size_px, "verbose": False}
    options |= {"data": str(data_yaml), "fraction": _CALIBRATION_SHARE}
    try:
        exported = YOLO(str(weights), verbose=False).export(**options)
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        raise ModelError(f"Ultralytics cannot export its own int8 network: {type(error).__name__}.") from None
    predict = _predict(Path(exported), spec)
    predict(np.zeros((64, 64, 3), np.uint8))
    return predict


def _checkpoint(spec: ModelSpec) -> Path:
    if spec.torch is None:
        raise ModelError("ultralytics was not measured: model.json names no torch weights.")
    read_weights(spec.torch)
    return spec.torch.path


def _predict(weights: Path, spec: ModelSpec) -> Predict:
    try:
        from ultralytics.models import YOLO  # noqa: PLC0415 - heavy, and may be absent
    except ImportError:
        raise ModelError("ultralytics was not measured: it is not installed here.") from None
    network = YOLO(str(weights), task="detect", verbose=False)
    settings: dict[str, Any] = {"imgsz": spec.input_size_px, "verbose": False, "save": False}
    return lambda image: network.predict(image, **settings)
