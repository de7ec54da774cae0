"""Results as DICOM objects: Structured Report, Secondary Capture and Grayscale Softcopy Presentation State."""

from app.reports.dicom.presentation_state import presentation_state
from app.reports.dicom.result import (
    PRESENTATION_STATE,
    SECONDARY_CAPTURE,
    STRUCTURED_REPORT,
    Result,
    ResultKind,
)
from app.reports.dicom.secondary_capture import secondary_capture
from app.reports.dicom.structured_report import structured_report

__all__ = [
    "PRESENTATION_STATE",
    "SECONDARY_CAPTURE",
    "STRUCTURED_REPORT",
    "Result",
    "ResultKind",
    "presentation_state",
    "secondary_capture",
    "structured_report",
]
