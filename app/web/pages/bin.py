"""The bin: studies that were deleted in the last 30 days, and the ways to bring them back."""

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _  # type: ignore[import-untyped]
from flask_babel import ngettext

from app.errors import BadRequest
from app.usecases.studies import bin
from app.web.http.context import person, services
from app.web.http.requests.query import list_query

blueprint = Blueprint("bin", __name__)

# The category of a message whose text is the moment that a form of the page sends to `undo`.
UNDO = "undo"


@blueprint.get("/studies/bin")
def list_bin() -> ResponseReturnValue:
    """The studies in the bin, last deleted first."""
    limit, after = list_query(request.args)
    page = bin.list_bin(services(), person(), limit, after)
    return render_template("bin.html", page=page, after=after, days=bin.TIME_IN_BIN.days)


@blueprint.post("/studies/<study_id>/restore")
def restore(study_id: str) -> ResponseReturnValue:
    """Bring one study back, and stay with the bin."""
    bin.restore_study(services(), person(), study_id)
    flash(_("The study is back on the list."))
    return redirect(url_for("bin.list_bin"), code=303)


@blueprint.post("/studies/bin/undo")
def undo() -> ResponseReturnValue:
    """Bring back what the person deleted at one moment, and go to the list."""
    count = bin.undo(services(), person(), _moment(request.form.get("at", "")))
    flash(ngettext("%(num)d study is back on the list.", "%(num)d studies are back on the list.", count))
    return redirect(url_for("worklist.list_studies"), code=303)


def flash_deleted(at: datetime, count: int) -> None:
    """Tell on the next page that studies were deleted, and offer to undo it."""
    if count:
        flash(ngettext("%(num)d study is in the bin.", "%(num)d studies are in the bin.", count))
        flash(at.isoformat(), UNDO)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise BadRequest
    return moment
