"""The worklist as a page: filters in its address, a search that leaves nothing in it, marks of who has read what."""

from dataclasses import replace
from typing import NamedTuple, get_args

from flask import Blueprint, flash, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _  # type: ignore[import-untyped]

from app.records import WORST_FIRST, Outcome
from app.usecases.patients.find import search as search_patient
from app.usecases.triage import Filters
from app.usecases.worklist import worklist
from app.usecases.worklist.columns import Column, choose_columns, columns_of
from app.usecases.worklist.mark_read import mark_read, mark_unread
from app.usecases.worklist.thumbnail import LONG_SIDE_PX, thumbnail_webp
from app.web.http.context import person, services
from app.web.http.requests.query import list_query
from app.web.http.requests.worklist_query import filter_args, list_args, read_filters, terms_text
from app.web.i18n.wording import outcome_title, region_name, verdict_title

blueprint = Blueprint("worklist", __name__)

SEARCHED = "searched"
# Of a file, as it is stored.
LONGEST_NAME = 255


class Choice(NamedTuple):
    """A field of the filters: its name in the address, its label, and what may be chosen as (value, words)."""

    name: str
    label: str
    options: list[tuple[str, str]]


@blueprint.get("/studies")
def list_studies() -> ResponseReturnValue:
    """The studies, unread and suspicious first."""
    limit, after = list_query(request.args)
    before = request.args.get("before") or None
    filters = read_filters(request.args)
    page = worklist.list_work(services(), person(), filters, limit, after, before=before)
    return render_template(
        "studies.html",
        page=page,
        counts=worklist.tab_counts(services(), person(), filters),
        most_counted=worklist.MOST_COUNTED,
        columns=columns_of(services(), person()),
        column_words=_column_words(),
        thumbnail_px=LONG_SIDE_PX,
        zone=services().settings.time_zone,
        filters=filters,
        args=filter_args(filters),
        here=list_args(request.args),
        after=after or before,
        choices=_choices(filters),
        searched=_searched(filters),
    )


@blueprint.get("/studies/changes")
def changes() -> ResponseReturnValue:
    """A number that is another one when the list may be."""
    return jsonify({"version": worklist.version_of(services(), person())})


@blueprint.post("/studies/columns")
def choose() -> ResponseReturnValue:
    """Keep the columns that the person wants to see, and go back to the list."""
    choose_columns(services(), person(), request.form.getlist("column"))
    return redirect(url_for("worklist.list_studies", **list_args(request.args)), code=303)


@blueprint.get("/studies/<study_id>/images/<image_id>/thumbnail.webp")
def thumbnail(study_id: str, image_id: str) -> ResponseReturnValue:
    """A small image for a row of the list."""
    return thumbnail_webp(services(), person(), study_id, image_id), 200, {"Content-Type": "image/webp"}


@blueprint.post("/studies/search")
def search() -> ResponseReturnValue:
    """Find a study by its number, or studies by patient, accession number or the name of a file.

    The text comes in the body and goes into the address as a label only: an address is kept in logs and histories.
    """
    wanted = request.form.get("q", "").strip()[:LONGEST_NAME]
    filters = filter_args(read_filters(request.form))
    numbered = worklist.studies_numbered(services(), person(), wanted)
    if len(numbered) == 1:
        return redirect(url_for("pages.study", study_id=numbered[0]), code=303)
    if len(numbered) > 1:
        flash(_("Several studies have a number that begins so. Give more of its digits."))
        return redirect(url_for("worklist.list_studies", **filters), code=303)
    for former in ("named", "terms"):
        filters.pop(former, None)
    if terms := search_patient(services(), person(), wanted):
        # A patient's name does not go into the cookie either: anybody at this computer could see it there.
        session.pop(SEARCHED, None)
        return redirect(url_for("worklist.list_studies", **filters, terms=terms_text(terms)), code=303)
    session[SEARCHED] = wanted
    if wanted:
        filters["named"] = worklist.label_of_name(services(), person(), wanted).hex()
    return redirect(url_for("worklist.list_studies", **filters), code=303)


@blueprint.get("/studies/<study_id>/next")
def next_study(study_id: str) -> ResponseReturnValue:
    """Go to the study after one on the list that the address asks for; of the unread ones unless it says otherwise."""
    return _to_next(study_id)


@blueprint.post("/studies/<study_id>/read")
def read(study_id: str) -> ResponseReturnValue:
    """Mark a study as read, and stay with it or go on to the next one."""
    mark_read(services(), person(), study_id)
    return _to_next(study_id) if "next" in request.form else _back_to(study_id)


@blueprint.post("/studies/<study_id>/unread")
def unread(study_id: str) -> ResponseReturnValue:
    """Mark a study as unread."""
    mark_unread(services(), person(), study_id)
    return _back_to(study_id)


def _searched(filters: Filters) -> str:
    """The name that was searched for, where it was this browser that searched last."""
    name = str(session.get(SEARCHED, ""))
    return name if filters.named == worklist.label_of_name(services(), person(), name) else ""


def _choices(filters: Filters) -> list[Choice]:
    regions = list(services().detector.spec.regions)
    if filters.region and filters.region not in regions:
        # Of other weights: the address of a page that was kept still says what it filters by.
        regions.append(filters.region)
    people = [(reader.id, reader.name) for reader in worklist.readers(services(), person())]
    verdicts = [(verdict, verdict_title(verdict)) for verdict in WORST_FIRST]
    return [
        Choice("verdict", _("Verdict"), [("", _("Any")), *verdicts]),
        Choice("outcome", _("Decision"), [("", _("Any")), *((one, outcome_title(one)) for one in get_args(Outcome))]),
        Choice("region", _("Region marked"), [("", _("Any")), *((region, region_name(region)) for region in regions)]),
        Choice("reader", _("Read by"), [("", _("Anybody or nobody")), *people]),
        Choice("order", _("Order"), [("", _("Suspicious first")), ("newest", _("Newest first")), *_within()]),
    ]


def _within() -> list[tuple[str, str]]:
    """Orders of one page only: the database cannot sort by what is sealed in it."""
    return [("name", _("Suspicious first, each page by name")), ("number", _("Suspicious first, each page by number"))]


def _column_words() -> dict[Column, str]:
    return {
        "image": _("Image"),
        "patient": _("Patient"),
        "state": _("State"),
        "verdict": _("Verdict"),
        "score": _("Score"),
        "regions": _("Regions marked"),
        "views": _("Views"),
        "readers": _("Read by"),
    }


def _unread_unless_said(filters: Filters) -> Filters:
    return replace(filters, state=filters.state or "unread")


def _back_to(study_id: str) -> ResponseReturnValue:
    args = filter_args(read_filters(request.args))
    return redirect(url_for("pages.study", study_id=study_id, **args), code=303)


def _to_next(study_id: str) -> ResponseReturnValue:
    filters = read_filters(request.args)
    args = filter_args(filters)
    following = worklist.next_study(services(), person(), _unread_unless_said(filters), study_id)
    if following is None:
        flash(_("No other study here waits to be read."))
        return redirect(url_for("worklist.list_studies", **args), code=303)
    return redirect(url_for("pages.study", study_id=following, **args), code=303)
