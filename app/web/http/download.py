"""Files that a browser saves: under a name that says nothing of a patient."""

from flask import Response, make_response

from app.reports import Wording


def pdf_answer(body: bytes, study_id: str, wording: Wording) -> Response:
    """The report of a study, whose id is one of ours by now, in the language that it was written in."""
    answer = make_response(body)
    answer.mimetype = "application/pdf"
    answer.headers["Content-Language"] = wording.tag
    answer.headers["Content-Disposition"] = f'attachment; filename="report-{study_id}.pdf"'
    return answer


def dicom_answer(body: bytes, name: str) -> Response:
    """One DICOM object (PS3.18 8.7.3.1 for the media type)."""
    answer = make_response(body)
    answer.mimetype = "application/dicom"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.dcm"'
    return answer


def text_answer(body: str, mimetype: str) -> Response:
    """A text in UTF-8."""
    answer = make_response(body)
    answer.headers["Content-Type"] = f"{mimetype}; charset=utf-8"
    return answer
