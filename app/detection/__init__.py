"""Radiographs to findings: weights, engines, queue, boxes and the calibrated verdict."""

from app.detection.detector import Detector, EngineChoice, load_detector, load_engine
from app.detection.engine import Engine
from app.detection.spec import Calibration, ModelSpec, NmsRule, load_model_spec
from app.detection.verdict import Judgement, calibrated, read_verdict

__all__ = [
    "Calibration",
    "Detector",
    "Engine",
    "EngineChoice",
    "Judgement",
    "ModelSpec",
    "NmsRule",
    "calibrated",
    "load_detector",
    "load_engine",
    "load_model_spec",
    "read_verdict",
]
