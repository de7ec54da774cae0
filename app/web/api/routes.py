"""`/api/v1`: the same use cases as the pages, in JSON. Each view reads the request, calls one use case, answers."""

from flask import Blueprint, Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from app.usecases.feedback import review as review_study
from app.usecases.reports.report import report_pdf as make_report
from app.usecases.studies import explain
from app.usecases.studies import show as show_study
from app.usecases.studies import window as window_image
from app.usecases.studies.create import add_images as add_images_to
from app.usecases.studies.create import create_study as create_study_of
from app.usecases.worklist import worklist
from app.usecases.worklist.mark_read import mark_read as mark_study_read
from app.usecases.worklist.mark_read import mark_unread as mark_study_unread
from app.web.api import interchange, wire
from app.web.api.openapi import description
from app.web.http.context import limits, metrics, person, services
from app.web.http.download import pdf_answer
from app.web.http.feedback_body import read_json
from app.web.http.query import finding_query, list_query
from app.web.http.uploads import read_uploads
from app.web.http.window_query import window_query
from app.web.http.worklist_query import read_filters
from app.web.i18n.language import asked

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
blueprint.register_blueprint(interchange.blueprint)


@blueprint.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """The description of this API; public."""
    return jsonify(description())


@blueprint.get("/encryption-key")
def encryption_key() -> ResponseReturnValue:
    """The key to seal an upload for."""
    return jsonify(wire.upload_key_json(services().upload_keys.current()))


@blueprint.post("/studies")
def create_study() -> ResponseReturnValue:
    """Read the files sent as a new study."""
    uploads = read_uploads(limits())
    submission = metrics().counted(create_study_of(services(), person(), uploads), len(uploads))
    return jsonify(wire.submission_json(submission)), 201


@blueprint.post("/studies/<study_id>/images")
def add_images(study_id: str) -> ResponseReturnValue:
    """Read the files sent as further views."""
    uploads = read_uploads(limits())
    submission = metrics().counted(add_images_to(services(), person(), study_id, uploads), len(uploads))
    return jsonify(wire.submission_json(submission)), 201


@blueprint.get("/studies")
def list_studies() -> ResponseReturnValue:
    """One page of the studies, newest first."""
    limit, after = list_query(request.args)
    page = show_study.list_studies(services(), person(), limit, after)
    return jsonify(wire.study_page_json(page))


@blueprint.get("/worklist")
def list_work() -> ResponseReturnValue:
    """One page of the worklist, unread and suspicious first."""
    limit, after = list_query(request.args)
    page = worklist.list_work(services(), person(), read_filters(request.args), limit, after)
    return jsonify(wire.worklist_json(page))


@blueprint.post("/studies/<study_id>/read")
def mark_read(study_id: str) -> ResponseReturnValue:
    """Note that the person has read a study."""
    mark_study_read(services(), person(), study_id)
    return "", 204


@blueprint.delete("/studies/<study_id>/read")
def mark_unread(study_id: str) -> ResponseReturnValue:
    """Put a study back among the unread."""
    mark_study_unread(services(), person(), study_id)
    return "", 204


@blueprint.get("/studies/<study_id>")
def read_study(study_id: str) -> ResponseReturnValue:
    """One study."""
    return jsonify(wire.study_json(show_study.get_study(services(), person(), study_id)))


@blueprint.delete("/studies/<study_id>")
def delete_study(study_id: str) -> ResponseReturnValue:
    """Delete a study with everything in it."""
    show_study.delete_study(services(), person(), study_id)
    return "", 204


@blueprint.get("/studies/<study_id>/report.pdf")
def report_pdf(study_id: str) -> ResponseReturnValue:
    """The study as a report to complete and sign."""
    wording = asked(request.args)
    return pdf_answer(make_report(services(), person(), study_id, wording=wording), study_id, wording)


@blueprint.get("/studies/<study_id>/images/<image_id>/original.png")
def original_png(study_id: str, image_id: str) -> ResponseReturnValue:
    """The radiograph as it was decoded."""
    return _png(show_study.original_png(services(), person(), study_id, image_id))


@blueprint.get("/studies/<study_id>/images/<image_id>/annotated.png")
def annotated_png(study_id: str, image_id: str) -> ResponseReturnValue:
    """The radiograph with its boxes."""
    wording = asked(request.args)
    return _png(show_study.annotated_png(services(), person(), study_id, image_id, wording=wording))


@blueprint.get("/studies/<study_id>/images/<image_id>/window.png")
def window_png(study_id: str, image_id: str) -> ResponseReturnValue:
    """The radiograph through a window."""
    look = window_query(request.args)
    return _png(window_image.window_png(services(), person(), study_id, image_id, look))


@blueprint.get("/studies/<study_id>/images/<image_id>/window.json")
def list_windows(study_id: str, image_id: str) -> ResponseReturnValue:
    """The windows to choose from."""
    return jsonify(wire.windows_json(window_image.list_windows(services(), person(), study_id, image_id)))


@blueprint.get("/studies/<study_id>/images/<image_id>/why.png")
def why_png(study_id: str, image_id: str) -> ResponseReturnValue:
    """What the score of one finding depends on, as a heat map."""
    number = finding_query(request.args)
    png, outcome = explain.why_png(services(), person(), study_id, image_id, number)
    return _png(png), {"X-Why": outcome}


@blueprint.post("/studies/<study_id>/images/<image_id>/feedback")
def add_feedback(study_id: str, image_id: str) -> ResponseReturnValue:
    """Keep a reader's answer."""
    body = read_json()
    kept = review_study.add_feedback(services(), person(), study_id, image_id, **vars(body))
    return jsonify(wire.feedback_json(kept)), 201


@blueprint.get("/studies/<study_id>/images/<image_id>/feedback")
def list_feedback(study_id: str, image_id: str) -> ResponseReturnValue:
    """What readers said of an image."""
    return jsonify(wire.feedback_list_json(review_study.list_feedback(services(), person(), study_id, image_id)))


def _png(body: bytes) -> Response:
    answer = make_response(body)
    answer.mimetype = "image/png"
    return answer
