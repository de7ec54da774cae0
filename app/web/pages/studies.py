"""The pages: server-rendered, whole without JavaScript. Each view reads the request, calls one use case, answers."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _  # type: ignore[import-untyped]

from app.usecases.feedback import review as review_study
from app.usecases.feedback.agreement import agreement as agreement_of
from app.usecases.feedback.drift import score_drift
from app.usecases.feedback.readers import reader_agreement
from app.usecases.patients.find import other_studies
from app.usecases.reports.report import LONGEST_STATEMENT, report_name, report_pdf, signed_reports, study_state
from app.usecases.studies import bin, overrule
from app.usecases.studies.create import Submission
from app.usecases.studies.create import add_images as add_images_to
from app.usecases.studies.create import create_study as create_study_of
from app.usecases.studies.refused import RefusedFile, leave_refused, take_refused
from app.usecases.studies.sample import is_first_visit
from app.usecases.worklist.worklist import get_entry
from app.web.http.context import limits, may, metrics, person, services
from app.web.http.download import agreement_rows, csv_answer, pdf_answer
from app.web.http.requests.feedback_body import read_form
from app.web.http.requests.uploads import read_uploads
from app.web.http.requests.worklist_query import filter_args, read_filters
from app.web.i18n.failures import failure_words
from app.web.i18n.language import current
from app.web.pages.bin import flash_deleted
from app.web.pages.feedback import feedback_by_image

blueprint = Blueprint("pages", __name__)

ANSWERED = "answered"


@blueprint.get("/")
def upload() -> ResponseReturnValue:
    """The page to drop X-rays on."""
    return render_template("upload.html", is_first=is_first_visit(services(), person()))


@blueprint.post("/studies")
def create_study() -> ResponseReturnValue:
    """The plain form: read the files sent as a new study."""
    uploads = read_uploads(limits())
    submission = metrics().counted(create_study_of(services(), person(), uploads), len(uploads))
    return _to_study(submission)


@blueprint.post("/studies/<study_id>/images")
def add_images(study_id: str) -> ResponseReturnValue:
    """The plain form: read the files sent as further views."""
    uploads = read_uploads(limits())
    submission = metrics().counted(add_images_to(services(), person(), study_id, uploads), len(uploads))
    return _to_study(submission)


@blueprint.get("/studies/<study_id>")
def study(study_id: str) -> ResponseReturnValue:
    """Page of one study."""
    entry = get_entry(services(), person(), study_id)
    said = review_study.list_feedback(services(), person(), study_id)
    return render_template(
        "study.html",
        study=entry.study,
        entry=entry,
        others=other_studies(services(), person(), entry.study),
        args=filter_args(read_filters(request.args)),
        rejected=take_refused(services(), person(), study_id),
        longest_statement=LONGEST_STATEMENT,
        reports=signed_reports(services(), person(), study_id),
        state=study_state(services(), person(), study_id),
        feedback=feedback_by_image(entry.study, said, person().id, session.pop(ANSWERED, None)),
        regions=services().detector.spec.regions,
    )


@blueprint.post("/studies/<study_id>/images/<image_id>/feedback")
def add_feedback(study_id: str, image_id: str) -> ResponseReturnValue:
    """Keep a reader's answer, and go back to the image."""
    body = read_form()
    review_study.add_feedback(services(), person(), study_id, image_id, **vars(body))
    session[ANSWERED] = image_id
    # A script stays on the page.
    if request.accept_mimetypes.best == "application/json":
        return "", 204
    return redirect(url_for("pages.study", study_id=study_id, _anchor=f"feedback-{image_id}"), code=303)


@blueprint.post("/studies/<study_id>/images/<image_id>/assess")
def assess_anyway(study_id: str, image_id: str) -> ResponseReturnValue:
    """Infer an image that the software would not assess, and go back to it."""
    overrule.assess_anyway(services(), person(), study_id, image_id)
    return redirect(url_for("pages.study", study_id=study_id), code=303)


@blueprint.get("/agreement")
def agreement() -> ResponseReturnValue:
    """How often readers agree with the software, and how far its scores have drifted; for admins."""
    months, scores = agreement_of(services(), person()), score_drift(services(), person())
    readers = reader_agreement(services(), person())
    return render_template("agreement.html", months=months, drift=scores, readers=readers)


@blueprint.get("/agreement.csv")
def agreement_csv() -> ResponseReturnValue:
    """The figures of the agreement page for a spreadsheet."""
    return csv_answer(agreement_rows(reader_agreement(services(), person())), "agreement")


@blueprint.post("/studies/<study_id>/report")
def report(study_id: str) -> ResponseReturnValue:
    """The study as a report, with what the reader wrote: in the body, as an address is kept in logs and histories."""
    statement = request.form.get("statement", "")
    wording = current()
    made = report_pdf(services(), person(), study_id, statement, wording)
    return pdf_answer(made, report_name(services(), person(), study_id), wording)


@blueprint.post("/studies/<study_id>/delete")
def delete_study(study_id: str) -> ResponseReturnValue:
    """Move a study into the bin, and go to the list, which offers to undo that."""
    at = services().clock()
    bin.delete_study(services(), person(), study_id, at)
    flash_deleted(at, 1)
    return redirect(url_for("worklist.list_studies"), code=303)


def _to_study(submission: Submission) -> ResponseReturnValue:
    refused = [RefusedFile(one.name, failure_words(one.why)) for one in submission.rejected]
    leave_refused(services(), person(), submission.study.id, refused)
    if not may("view"):
        flash(_("The study is stored. Others will look at it."))
        return redirect(url_for("pages.upload"), code=303)
    return redirect(url_for("pages.study", study_id=submission.study.id), code=303)
