"""Records → JSON, exactly as the contract of the API says."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from app.records import Feedback, Finding, ModelVersion, Study, StudyImage, Timing
from app.security import PublicUploadKey
from app.usecases.studies.create import Rejected, Submission
from app.usecases.studies.show import StudyPage
from app.usecases.studies.window import Windows
from app.usecases.worklist.worklist import Entry, Worklist

Json = dict[str, Any]


def study_json(study: Study) -> Json:
    """STUDY; its model is the one that read the newest view."""
    return {
        "id": study.id,
        "created_at": time_text(study.created_at),
        "model": _model(study.images[-1].assessment.model) if study.images else None,
        "images": [_image(image) for image in study.images],
    }


def submission_json(submission: Submission) -> Json:
    """STUDY and the files that were refused."""
    return {**study_json(submission.study), "rejected": rejected_json(submission.rejected)}


def rejected_json(rejected: Iterable[Rejected]) -> list[Json]:
    """The refused files, by their place in the request."""
    return [{"index": one.index, "name": one.name, "code": one.why.code, "message": str(one.why)} for one in rejected]


def study_page_json(page: StudyPage) -> Json:
    """One page of the list, the token of the next or null, and the ids of studies that do not open."""
    studies = [study_json(study) for study in page.studies]
    return {"studies": studies, "next": page.next, "damaged": list(page.damaged)}


def worklist_json(page: Worklist) -> Json:
    """One page of the worklist: each STUDY with its state and who has read it."""
    studies = [_entry(entry) for entry in page.entries]
    return {"studies": studies, "next": page.next, "damaged": list(page.damaged), "behind": page.is_behind}


def feedback_json(feedback: Feedback) -> Json:
    """What one reader said of an image."""
    marks = (
        {"region": m.region, "box_px": [round(e, 1) for e in m.box_px], "answer": m.answer} for m in feedback.marks
    )
    return {
        "id": feedback.id,
        "image_id": feedback.image_id,
        "reader": {"id": feedback.person_id, "name": feedback.person_name},
        "created_at": time_text(feedback.created_at),
        "findings": list(marks),
        "normal": feedback.normal,
        "comment": feedback.comment,
    }


def feedback_list_json(said: Iterable[Feedback]) -> Json:
    """What readers said of an image, newest first."""
    return {"feedback": [feedback_json(one) for one in said]}


def windows_json(windows: Windows) -> Json:
    """The windows to look at a radiograph through; the first of `windows` is the one that is shown at first."""
    choices = [
        {"kind": one.kind, "name": one.name, "centre": one.centre, "width": one.width} for one in windows.choices
    ]
    return {
        "low": windows.low,
        "high": windows.high,
        "least_width": windows.least_width,
        "function": windows.function,
        "inverted": windows.is_inverted,
        "spacing_mm": windows.spacing_mm,
        "windows": choices,
    }


def upload_key_json(key: PublicUploadKey) -> Json:
    """The key to seal an upload for, and the HPKE suite that goes with it."""
    point = base64.urlsafe_b64encode(key.public_key).rstrip(b"=").decode("ascii")
    return {"kid": key.kid, "kem": "P-256", "kdf": "HKDF-SHA256", "aead": "AES-256-GCM", "public_key": point}


def time_text(when: datetime) -> str:
    """RFC 3339, in UTC, to the second."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(entry: Entry) -> Json:
    read_by = [{"id": mark.person_id, "name": mark.person_name, "at": time_text(mark.at)} for mark in entry.marks]
    return {**study_json(entry.study), "state": entry.state, "read_by": read_by}


def _image(image: StudyImage) -> Json:
    assessment = image.assessment
    return {
        "id": image.id,
        "name": image.name,
        "created_at": time_text(image.created_at),
        "width": assessment.width,
        "height": assessment.height,
        "verdict": assessment.verdict,
        "score": round(assessment.score, 4),
        "findings": [_finding(finding) for finding in assessment.findings],
        "timing_ms": _timing(assessment.timing_ms),
        "model": _model(assessment.model),
        "warnings": list(assessment.warnings),
    }


def _finding(finding: Finding) -> Json:
    return {
        "region": finding.region,
        "confidence": round(finding.confidence, 4),
        "tier": finding.tier,
        "box_px": [round(edge, 1) for edge in finding.box_px],
    }


def _timing(timing: Timing) -> Json:
    steps = {"open": timing.open, "decode": timing.decode, "detect": timing.detect, "total": timing.total}
    return {step: round(took_ms, 1) for step, took_ms in steps.items()}


def _model(model: ModelVersion) -> Json:
    return {"name": model.name, "version": model.version, "sha256": model.sha256}
