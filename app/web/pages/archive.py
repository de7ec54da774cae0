"""Find a study in the hospital's archive and take it. What is searched for stays out of every address."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.usecases.dicomweb.archive import MOST_FOUND, ArchiveKeys, search_archive, take_study
from app.web.http.context import archive, person, services

blueprint = Blueprint("archive", __name__, url_prefix="/archive")

_LONGEST = 64
_NO_WILDCARDS = str.maketrans("", "", "*?\\\\^=")


@blueprint.get("")
def form() -> ResponseReturnValue:
    """The empty form."""
    return render_template("archive.html", keys=ArchiveKeys(), found=None)


@blueprint.post("/search")
def search() -> ResponseReturnValue:
    """The studies of the archive that match."""
    keys = _keys()
    found = search_archive(services(), person(), archive(), keys)
    return render_template("archive.html", keys=keys, found=found, most=MOST_FOUND)


@blueprint.post("/take")
def take() -> ResponseReturnValue:
    """Take a study, and go to its page."""
    study_id = take_study(services(), person(), archive(), request.form.get("study_uid", ""))
    return redirect(url_for("pages.study", study_id=study_id), code=303)


def _keys() -> ArchiveKeys:
    """The fields of the form; wildcards are none of a person's business."""
    fields = {
        name: request.form.get(name, "").strip()[:_LONGEST].translate(_NO_WILDCARDS)
        for name in ("patient_id", "patient_name", "accession_number", "study_date")
    }
    return ArchiveKeys(**fields | {"patient_name": "^".join(fields["patient_name"].replace(",", " ").split())})
