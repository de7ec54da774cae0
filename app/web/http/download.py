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
