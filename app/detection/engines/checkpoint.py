"""Read ultralytics checkpoints without running what may be hidden in them."""

from __future__ import annotations

import io
import pickle
import warnings
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from app.detection.engines.ultralytics_import import import_torch
from app.errors import ModelError

if TYPE_CHECKING:
    from ultralytics.nn.tasks import DetectionModel

# Source: ultralytics/cfg/models/v8/yolov8.yaml.
_BACKBONE = ("Conv", "Conv", "C2f", "Conv", "C2f", "Conv", "C2f", "Conv", "C2f", "SPPF")
_NECK = (*("Upsample", "Concat", "C2f") * 2, *("Conv", "Concat", "C2f") * 2)
_PLAN = (*_BACKBONE, *_NECK, "Detect")


def read_checkpoint(raw: bytes, name: str) -> DetectionModel:
    """The YOLOv8 network in a checkpoint, float32, on the CPU; the averaged one (EMA) where there is one.

    raw: the content of a file that `torch.save` wrote, with the network under "ema" or "model". It is unpickled with
    a list of the classes that a YOLOv8 is made of, so that nothing else in it can be created or called.

    name: what to call the file in a complaint.

    Raises:
        ModelError: torch is not installed, or the file is damaged, holds something else than a YOLOv8 detector, or
            something beside it.
    """
    torch = import_torch()
    from ultralytics.nn.tasks import DetectionModel  # noqa: PLC0415 - heavy

    try:
        with torch.serialization.safe_globals(_classes(torch)), warnings.catch_warnings():
            # A foreign file may make torch remark on its pickle protocol; the answer below says enough.
            warnings.simplefilter("ignore")
            content = torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise ModelError(f"{name} is damaged, or holds something else than a YOLOv8 detector.") from None
    except (RuntimeError, EOFError, ValueError, KeyError, AttributeError, TypeError):
        raise ModelError(f"{name} is damaged, or no checkpoint.") from None
    network = (content.get("ema") or content.get("model")) if isinstance(content, dict) else None
    if not isinstance(network, DetectionModel) or not _is_yolov8(network):
        raise ModelError(f"{name} holds no YOLOv8 detector.")
    return network.float()


def _classes(torch: ModuleType) -> list[type]:
    """Globals that a pickled YOLOv8 may name: its modules and plain containers."""
    from ultralytics.nn.modules.block import DFL, SPPF, Bottleneck, C2f  # noqa: PLC0415
    from ultralytics.nn.modules.conv import Concat, Conv  # noqa: PLC0415
    from ultralytics.nn.modules.head import Detect  # noqa: PLC0415
    from ultralytics.nn.tasks import DetectionModel  # noqa: PLC0415
    from ultralytics.utils import IterableSimpleNamespace  # noqa: PLC0415

    nn = torch.nn
    return [
        *(DetectionModel, Conv, C2f, Bottleneck, SPPF, Concat, Detect, DFL, IterableSimpleNamespace, SimpleNamespace),
        *(nn.Sequential, nn.ModuleList, nn.Conv2d, nn.BatchNorm2d, nn.SiLU, nn.MaxPool2d, nn.Upsample, nn.Identity),
    ]


def _is_yolov8(network: DetectionModel) -> bool:
    """The five sizes n to x follow one plan of 23 layers."""
    layers: Any = network.model
    return tuple(type(layer).__name__ for layer in layers) == _PLAN
