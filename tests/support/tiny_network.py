"""A YOLOv8n with random weights for two regions, and the files that name it."""

import hashlib
from pathlib import Path

from app.detection.engines.ultralytics_import import import_torch
from app.detection.spec import OpenvinoFiles, WeightsFile
from tests.support.fake_engine import REGIONS


def save_tiny(path: Path, regions: tuple[str, ...] = REGIONS) -> WeightsFile:
    """Write the checkpoint as training does."""
    torch = import_torch()
    from ultralytics.nn.tasks import DetectionModel

    torch.manual_seed(0)
    network = DetectionModel("yolov8n.yaml", nc=len(regions), verbose=False)
    network.names = dict(enumerate(regions))
    torch.save({"model": network.half(), "ema": None, "train_args": {"imgsz": 64}}, path)
    return named(path)


def named(path: Path) -> WeightsFile:
    return WeightsFile(path, hashlib.sha256(path.read_bytes()).hexdigest())


def openvino_files(xml: Path) -> OpenvinoFiles:
    return OpenvinoFiles(named(xml), named(xml.with_suffix(".bin")))
