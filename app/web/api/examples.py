"""Example objects of the OpenAPI document, by the name of their schema; a test checks each against it."""

from typing import Any

_MODEL = {"name": "fracture-yolov8l", "version": "0.3.0", "sha256": "5d" * 32}
_IMAGE = {
    "id": "4c1f0a6be2d94f7b8a3c5d6e7f809112",
    "name": "wrist.dcm",
    "created_at": "2026-11-23T09:12:44Z",
    "width": 1024,
    "height": 1280,
    "verdict": "fracture",
    "reason": None,
    "overruled": None,
    "score": 0.91,
    "findings": [{"region": "wrist", "confidence": 0.91, "tier": "definite", "box_px": [312.0, 640.5, 402.1, 718.9]}],
    "other_findings": [],
    "timing_ms": {"open": 0.4, "decode": 21.4, "detect": 83.0, "total": 104.8},
    "model": _MODEL,
    "warnings": [],
}
_PATIENT = {"name": "Doe^Jane", "id": "4711", "birth_date": "1980-12-31", "sex": "F"}
_STUDY = {
    "id": "9f0c6f6b2a0d4f0e8b7a1c2d3e4f5a6b",
    "created_at": "2026-11-23T09:12:44Z",
    "model": _MODEL,
    "patient": _PATIENT,
    "examination": {
        "accession_number": "A-2026-001",
        "study_uid": "1.2.826.0.1.3680043.8.498.1",
        "study_date": "2026-11-23",
        "body_part": "WRIST",
        "laterality": "L",
    },
    "label": "Left wrist after a fall",
    "verdict": "fracture",
    "outcome": None,
    "decision": None,
    "images": [_IMAGE],
}
_READER = {"id": "0a5b9c3d7e1f4a6b8c2d0e9f1a3b5c7d", "name": "Ada"}
_NEW_FEEDBACK = {
    "findings": [
        {"region": "wrist", "box_px": [312.0, 640.5, 402.1, 718.9], "answer": "confirmed"},
        {"region": "fingers", "box_px": [100.0, 120.0, 140.0, 171.0], "answer": "missed"},
    ],
    "normal": False,
    "comment": "Second fracture of the little finger",
}
_FEEDBACK = {
    "id": "71d0a2c4e6f84b1d9c3e5a7b9d1f3a5c",
    "image_id": _IMAGE["id"],
    "reader": _READER,
    "created_at": "2026-11-23T09:40:02Z",
    **_NEW_FEEDBACK,
}

EXAMPLES: dict[str, dict[str, Any]] = {
    "Study": _STUDY,
    "Submission": {**_STUDY, "rejected": []},
    "StudyPage": {"studies": [_STUDY], "next": None, "damaged": []},
    "Worklist": {
        "studies": [{**_STUDY, "state": "unread", "read_by": []}],
        "next": None,
        "damaged": [],
        "behind": False,
    },
    "StudyChanges": {"patient": _PATIENT, "label": "Left wrist after a fall"},
    "NewClosing": {"outcome": "fracture", "comment": "Agreed at the conference"},
    "NewFeedback": _NEW_FEEDBACK,
    "Feedback": _FEEDBACK,
    "FeedbackList": {"feedback": [_FEEDBACK]},
    "Error": {
        "error": {
            "code": "damaged-image",
            "message": "This file is damaged or incomplete. Export it again and send the new file.",
            "request_id": "3f0c9a17d2b84e65",
        }
    },
}
