"""The first minutes: help, and a drawn sample to try the software with."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.detection import measured, outlook
from app.usecases.studies.sample import create_sample
from app.web.http.context import metrics, person, services

blueprint = Blueprint("first", __name__)


@blueprint.get("/help")
def show_help() -> ResponseReturnValue:
    """Help page: the meaning of verdicts, the limits of the software, the handling of images and answers."""
    spec, site = services().detector.spec, services().settings.site_prevalence
    known = measured(spec.provenance)
    return render_template(
        "help.html", spec=spec, measured=known, site_prevalence=site, outlook=known and outlook(known, site)
    )


@blueprint.post("/studies/sample")
def sample() -> ResponseReturnValue:
    """Draw a sample, read it, and go to its study."""
    submission = metrics().counted(create_sample(services(), person()), 1)
    return redirect(url_for("pages.study", study_id=submission.study.id), code=303)
