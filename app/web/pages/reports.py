"""Signed reports of a study."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.usecases.reports.report import report_name, sign_report, signed_pdf
from app.web.http.context import person, services
from app.web.http.download import pdf_answer
from app.web.i18n.language import current

blueprint = Blueprint("reports", __name__, url_prefix="/studies/<study_id>/reports")


@blueprint.post("")
def sign(study_id: str) -> ResponseReturnValue:
    """Sign the report and go back to the study."""
    form = request.form
    sign_report(services(), person(), study_id, form.get("statement", ""), current(), seen=form.get("seen"))
    return redirect(url_for("pages.study", study_id=study_id, _anchor="report-title"), code=303)


@blueprint.get("/<int:version>")
def signed(study_id: str, version: int) -> ResponseReturnValue:
    """A signed version as a PDF file."""
    name = report_name(services(), person(), study_id)
    return pdf_answer(signed_pdf(services(), person(), study_id, version), f"{name}-v{version}", current())
