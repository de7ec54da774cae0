"""Bulk actions on the studies selected in the worklist; the list reports their result."""

from collections.abc import Sequence

from flask import Blueprint, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _  # type: ignore[import-untyped]
from flask_babel import ngettext

from app.usecases.worklist import bulk
from app.web.http.context import person, services
from app.web.http.requests.worklist_query import list_args
from app.web.i18n.language import current
from app.web.pages.bin import flash_deleted

blueprint = Blueprint("selected", __name__, url_prefix="/studies/selected")


@blueprint.post("/read")
def mark_read() -> ResponseReturnValue:
    """Mark them as read."""
    return _mark(as_read=True)


@blueprint.post("/unread")
def mark_unread() -> ResponseReturnValue:
    """Mark them as unread."""
    return _mark(as_read=False)


@blueprint.post("/delete")
def delete() -> ResponseReturnValue:
    """Move them into the bin, and offer to undo that."""
    if _are_fit(_ticked(), bulk.MOST_STUDIES):
        outcome = bulk.delete_studies(services(), person(), _ticked())
        flash_deleted(outcome.at, len(outcome.done))
        _say_gone(outcome.gone)
        _say_held(outcome.held)
    return _to_list()


@blueprint.post("/report")
def report() -> ResponseReturnValue:
    """Their reports as PDF files in a ZIP file."""
    if not _are_fit(_ticked(), bulk.MOST_REPORTS):
        return _to_list()
    reports = bulk.report_studies(services(), person(), _ticked(), current())
    if not reports.made:
        flash(_("None of these studies could be reported. Perhaps somebody else has deleted them."))
        return _to_list()
    answer = make_response(reports.archive)
    answer.mimetype = "application/zip"
    answer.headers["Content-Disposition"] = 'attachment; filename="reports.zip"'
    return answer


def _mark(*, as_read: bool) -> ResponseReturnValue:
    if _are_fit(_ticked(), bulk.MOST_STUDIES):
        outcome = bulk.mark_studies(services(), person(), _ticked(), as_read=as_read)
        count = len(outcome.done)
        if count and as_read:
            flash(ngettext("%(num)d study is marked as read.", "%(num)d studies are marked as read.", count))
        elif count:
            flash(ngettext("%(num)d study is marked as unread.", "%(num)d studies are marked as unread.", count))
        _say_gone(outcome.gone)
    return _to_list()


def _ticked() -> Sequence[str]:
    return tuple(dict.fromkeys(request.form.getlist("study")))


def _are_fit(study_ids: Sequence[str], most: int) -> bool:
    """Whether there are some and not too many; if not, that is said."""
    if not study_ids:
        flash(_("Tick at least one study first."))
    elif len(study_ids) > most:
        flash(_("At most %(most)s studies can be chosen for this; %(count)s were.", most=most, count=len(study_ids)))
    return 0 < len(study_ids) <= most


def _say_gone(gone: Sequence[str]) -> None:
    if gone:
        words = ngettext("%(num)d was not there any more.", "%(num)d were not there any more.", len(gone))
        flash(" ".join((words, _("Perhaps somebody else has deleted it."))))


def _say_held(held: Sequence[str]) -> None:
    if held:
        count = len(held)
        flash(ngettext("%(num)d is under a legal hold and stays.", "%(num)d are under a legal hold and stay.", count))


def _to_list() -> ResponseReturnValue:
    return redirect(url_for("worklist.list_studies", **list_args(request.args)), code=303)
