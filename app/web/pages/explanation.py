"""The page that explains one finding; a script shows its middle part over the study's page."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.usecases.studies.explain import explain
from app.web.http.context import person, services

blueprint = Blueprint("why", __name__)


@blueprint.get("/studies/<study_id>/images/<image_id>/why/<int:number>")
def why(study_id: str, image_id: str, number: int) -> ResponseReturnValue:
    """Page that explains the score of one finding; `number` counts the image's findings from 0."""
    found = explain(services(), person(), study_id, image_id, number)
    return render_template("why.html", why=found, study_id=study_id, image_id=image_id, number=number)
