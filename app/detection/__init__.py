"""Radiographs to findings: weights, engines, queue, boxes and the calibrated verdict."""

from app.detection.boxes import box_iou, places
from app.detection.detector import Detector, EngineChoice, load_detector, load_engine
from app.detection.drift import Drift, Reference, drift, reference_of
from app.detection.engines.engine import Engine
from app.detection.explainer import Explainer
from app.detection.measured import Measured, measured
from app.detection.occlusion import ScoreMap
from app.detection.prevalence import Outlook, outlook
from app.detection.scheduler import Load
from app.detection.spec import NEW_NMS, Calibration, ModelSpec, NmsRule, load_model_spec
from app.detection.verdict import Judgement, calibrated, findings_in, judge

__all__ = [
    "NEW_NMS",
    "Calibration",
    "Detector",
    "Drift",
    "Engine",
    "EngineChoice",
    "Explainer",
    "Judgement",
    "Load",
    "Measured",
    "ModelSpec",
    "NmsRule",
    "Outlook",
    "Reference",
    "ScoreMap",
    "box_iou",
    "calibrated",
    "drift",
    "findings_in",
    "judge",
    "load_detector",
    "load_engine",
    "load_model_spec",
    "measured",
    "outlook",
    "places",
    "reference_of",
]
