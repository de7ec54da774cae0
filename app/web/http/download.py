"""Files that a browser saves, and the names that they get."""

from flask import Response, make_response

from app.reports import Wording


def pdf_answer(body: bytes, name: str, wording: Wording) -> Response:
    """A report in the language that it was written in; `name` holds letters, digits, dots and dashes."""
    answer = make_response(body)
    answer.mimetype = "application/pdf"
    answer.headers["Content-Language"] = wording.tag
    answer.headers["Content-Disposition"] = f'attachment; filename="report-{name}.pdf"'
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
