"""The routes of `/api/v1`: the same use cases as the pages, in JSON. Each view parses, calls one use case, answers."""

from flask import Blueprint, Response, current_app, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from app.errors import BadPatient
from app.usecases.feedback import review as review_study
from app.usecases.feedback.outcome import close_disagreement as close_disagreement_of
from app.usecases.patients.edit import edit_study
from app.usecases.reports import report as reporting
from app.usecases.studies import bin, explain, overrule
from app.usecases.studies import show as show_study
from app.usecases.studies import window as window_image
from app.usecases.studies.create import add_images as add_images_to
from app.usecases.studies.create import create_study as create_study_of
from app.usecases.worklist import worklist
from app.usecases.worklist.mark_read import mark_read as mark_study_read
from app.usecases.worklist.mark_read import mark_unread as mark_study_unread
from app.web.api import interchange, parameters
from app.web.api.answers import EncryptionKey, Feedback, FeedbackList, Study, StudyPage, Submission
from app.web.api.bodies import NewClosing, NewFeedback, NewReport, StudyChanges, json_body
from app.web.api.description import Operation, describe
from app.web.api.dicomweb import routes as dicomweb
from app.web.api.fields import Answer
from app.web.api.openapi import document
from app.web.api.report_answers import ReportList, SignedReport
from app.web.api.worklist_answers import Windows, Worklist
from app.web.http.context import limits, metrics, person, services
from app.web.http.download import pdf_answer
from app.web.http.requests.query import finding_query, list_query, version_number
from app.web.http.requests.uploads import read_uploads, repeat_key
from app.web.http.requests.window_query import window_query
from app.web.http.requests.worklist_query import search_filters
from app.web.i18n.language import asked

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
blueprint.register_blueprint(interchange.blueprint)
blueprint.register_blueprint(dicomweb.blueprint)


@blueprint.get("/openapi.json")
@describe(Operation("openapi", "Service", "application/json", is_public=True))
def openapi() -> ResponseReturnValue:
    """The OpenAPI document of this API."""
    return jsonify(document(current_app))


@blueprint.get("/encryption-key")
@describe(Operation("encryptionKey", "Service", EncryptionKey))
def encryption_key() -> ResponseReturnValue:
    """The key to seal an upload for."""
    return _json(EncryptionKey.of(services().upload_keys.current(person().tenant, person().id)))


@blueprint.post("/studies")
@describe(Operation("createStudy", "Studies", Submission, 201, takes_files=True, parameters=(parameters.REPEAT,)))
def create_study() -> ResponseReturnValue:
    """Create a study of the files sent, and infer each of them."""
    uploads = read_uploads(limits())
    submission = metrics().counted(create_study_of(services(), person(), uploads, key=repeat_key()), len(uploads))
    return _json(Submission.of_files(submission), 201)


@blueprint.post("/studies/<study_id>/images")
@describe(Operation("addImages", "Studies", Submission, 201, takes_files=True))
def add_images(study_id: str) -> ResponseReturnValue:
    """Add the files sent as further views, and infer each of them."""
    uploads = read_uploads(limits())
    submission = metrics().counted(add_images_to(services(), person(), study_id, uploads), len(uploads))
    return _json(Submission.of_files(submission), 201)


@blueprint.get("/studies")
@describe(Operation("listStudies", "Studies", StudyPage, refusals=(400,), parameters=parameters.PAGE))
def list_studies() -> ResponseReturnValue:
    """One page of the studies, newest first."""
    limit, after = list_query(request.args)
    page = show_study.list_studies(services(), person(), limit, after)
    return _json(StudyPage.of(page))


@blueprint.get("/worklist")
@describe(
    Operation(
        "listWork",
        "Worklist",
        Worklist,
        refusals=(400,),
        parameters=(*parameters.PAGE, *parameters.FILTERS),
    )
)
def list_work() -> ResponseReturnValue:
    """One page of the worklist, unread and suspicious first."""
    limit, after = list_query(request.args)
    filters = search_filters(services(), person(), request.args)
    page = worklist.list_work(services(), person(), filters, limit, after)
    return _json(Worklist.of(page))


@blueprint.post("/studies/<study_id>/read")
@describe(Operation("markRead", "Worklist", None, 204))
def mark_read(study_id: str) -> ResponseReturnValue:
    """Note that the person has read a study."""
    mark_study_read(services(), person(), study_id)
    return "", 204


@blueprint.delete("/studies/<study_id>/read")
@describe(Operation("markUnread", "Worklist", None, 204))
def mark_unread(study_id: str) -> ResponseReturnValue:
    """Put a study back among the unread."""
    mark_study_unread(services(), person(), study_id)
    return "", 204


@blueprint.get("/studies/<study_id>")
@describe(Operation("readStudy", "Studies", Study))
def read_study(study_id: str) -> ResponseReturnValue:
    """One study."""
    return _json(Study.of(show_study.get_study(services(), person(), study_id)))


@blueprint.patch("/studies/<study_id>")
@describe(Operation("changeStudy", "Studies", Study, body=StudyChanges))
def change_study(study_id: str) -> ResponseReturnValue:
    """Change the patient or the label of a study."""
    changes = json_body(StudyChanges, BadPatient).changes()
    return _json(Study.of(edit_study(services(), person(), study_id, changes)))


@blueprint.post("/studies/<study_id>/outcome")
@describe(Operation("closeDisagreement", "Feedback", Study, 201, refusals=(409,), body=NewClosing))
def close_disagreement(study_id: str) -> ResponseReturnValue:
    """Close a disagreement of the study's readers in the name of the token's person."""
    body = json_body(NewClosing)
    closed = close_disagreement_of(services(), person(), study_id, body.outcome, body.comment)
    return _json(Study.of(closed), 201)


@blueprint.delete("/studies/<study_id>")
@describe(Operation("deleteStudy", "Studies", None, 204, refusals=(409,)))
def delete_study(study_id: str) -> ResponseReturnValue:
    """Delete a study with everything in it; for 30 days a person can bring it back from the bin of the pages."""
    bin.delete_study(services(), person(), study_id)
    return "", 204


@blueprint.get("/studies/<study_id>/report.pdf")
@describe(Operation("reportPdf", "Reports", "application/pdf", refusals=(400,), parameters=parameters.LANGUAGE))
def report_pdf(study_id: str) -> ResponseReturnValue:
    """The report of a study."""
    wording = asked(request.args)
    made = reporting.report_pdf(services(), person(), study_id, wording=wording)
    return pdf_answer(made, reporting.report_name(services(), person(), study_id), wording)


@blueprint.get("/studies/<study_id>/reports")
@describe(Operation("listReports", "Reports", ReportList))
def list_reports(study_id: str) -> ResponseReturnValue:
    """The signed versions of a study's report, newest first."""
    signed = reporting.signed_reports(services(), person(), study_id)
    return _json(ReportList.of(signed, reporting.study_state(services(), person(), study_id)))


@blueprint.post("/studies/<study_id>/reports")
@describe(Operation("signReport", "Reports", SignedReport, 201, refusals=(409,), body=NewReport))
def sign_report(study_id: str) -> ResponseReturnValue:
    """Sign the report in the name of the token's person; it replaces the version before."""
    body, wording = json_body(NewReport), asked(request.args)
    signed = reporting.sign_report(services(), person(), study_id, body.statement, wording, seen=body.seen)
    return _json(SignedReport.of(signed), 201)


@blueprint.get("/studies/<study_id>/reports/<version>.pdf")
@describe(Operation("signedPdf", "Reports", "application/pdf"))
def signed_pdf(study_id: str, version: str) -> ResponseReturnValue:
    """A signed version as it was signed."""
    signed = reporting.signed_pdf(services(), person(), study_id, version_number(version))
    name = reporting.report_name(services(), person(), study_id)
    return pdf_answer(signed, f"{name}-v{version}", asked(request.args))


@blueprint.get("/studies/<study_id>/images/<image_id>/original.png")
@describe(Operation("originalPng", "Images", "image/png"))
def original_png(study_id: str, image_id: str) -> ResponseReturnValue:
    """The decoded radiograph in grey."""
    return _png(show_study.original_png(services(), person(), study_id, image_id))


@blueprint.get("/studies/<study_id>/images/<image_id>/annotated.png")
@describe(Operation("annotatedPng", "Images", "image/png", refusals=(400,), parameters=parameters.LANGUAGE))
def annotated_png(study_id: str, image_id: str) -> ResponseReturnValue:
    """The radiograph with its boxes."""
    wording = asked(request.args)
    return _png(show_study.annotated_png(services(), person(), study_id, image_id, wording=wording))


@blueprint.get("/studies/<study_id>/images/<image_id>/window.png")
@describe(Operation("windowPng", "Images", "image/png", refusals=(400,), parameters=parameters.WINDOW))
def window_png(study_id: str, image_id: str) -> ResponseReturnValue:
    """The radiograph through a window."""
    look = window_query(request.args)
    return _png(window_image.window_png(services(), person(), study_id, image_id, look))


@blueprint.get("/studies/<study_id>/images/<image_id>/preview.webp")
@describe(Operation("previewWebp", "Images", "image/webp", refusals=(400,), parameters=parameters.PREVIEW))
def preview_webp(study_id: str, image_id: str) -> ResponseReturnValue:
    """The radiograph scaled down and compressed with small losses: to be shown quickly, not to be judged."""
    long_side_px = window_query(request.args).long_side_px
    webp = window_image.preview_webp(services(), person(), study_id, image_id, long_side_px)
    return webp, 200, {"Content-Type": "image/webp"}


@blueprint.get("/studies/<study_id>/images/<image_id>/window.json")
@describe(Operation("listWindows", "Images", Windows))
def list_windows(study_id: str, image_id: str) -> ResponseReturnValue:
    """The windows to look at the radiograph through."""
    return _json(Windows.of(window_image.list_windows(services(), person(), study_id, image_id)))


@blueprint.get("/studies/<study_id>/images/<image_id>/why.png")
@describe(
    Operation(
        "whyPng",
        "Images",
        "image/png",
        refusals=(400,),
        parameters=parameters.FINDING,
        answer_headers=parameters.WHY,
    )
)
def why_png(study_id: str, image_id: str) -> ResponseReturnValue:
    """A heat map of what the score of one finding depends on: an aid, no evidence."""
    number = finding_query(request.args)
    png, outcome = explain.why_png(services(), person(), study_id, image_id, number)
    return _png(png), {"X-Why": outcome}


@blueprint.post("/studies/<study_id>/images/<image_id>/feedback")
@describe(Operation("addFeedback", "Feedback", Feedback, 201, body=NewFeedback))
def add_feedback(study_id: str, image_id: str) -> ResponseReturnValue:
    """Store a reader's answer; the same sent twice within a minute is stored once."""
    body = json_body(NewFeedback)
    marks, comment = [mark.mark() for mark in body.findings], body.comment or ""
    kept = review_study.add_feedback(
        services(), person(), study_id, image_id, marks, normal=body.normal, comment=comment
    )
    return _json(Feedback.of(kept), 201)


@blueprint.post("/studies/<study_id>/images/<image_id>/assess")
@describe(Operation("assessAnyway", "Studies", Study, refusals=(400,)))
def assess_anyway(study_id: str, image_id: str) -> ResponseReturnValue:
    """Infer an image that the software would not assess; who asked for it stays on the image."""
    return _json(Study.of(overrule.assess_anyway(services(), person(), study_id, image_id)))


@blueprint.get("/studies/<study_id>/images/<image_id>/feedback")
@describe(Operation("listFeedback", "Feedback", FeedbackList))
def list_feedback(study_id: str, image_id: str) -> ResponseReturnValue:
    """Every answer of every reader about an image, newest first."""
    return _json(FeedbackList.of(review_study.list_feedback(services(), person(), study_id, image_id)))


def _json(answer: Answer, status: int = 200) -> ResponseReturnValue:
    return jsonify(answer.json_object()), status


def _png(body: bytes) -> Response:
    answer = make_response(body)
    answer.mimetype = "image/png"
    return answer
