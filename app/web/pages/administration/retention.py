"""Retention of the own tenant's studies, with a preview."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.usecases.administration import retention
from app.web.http.context import person, services
from app.web.http.requests.administration import previewed_count, whole_days

blueprint = Blueprint("retention", __name__)


@blueprint.get("/retention")
def show() -> ResponseReturnValue:
    """The studies that a purge would delete."""
    found = retention.preview_purge(services(), person(), whole_days(request.args))
    return render_template("retention.html", preview=found, rule=services().settings.retention_days)


@blueprint.post("/retention/purge")
def purge() -> ResponseReturnValue:
    """Delete them."""
    purged = retention.purge_tenant(services(), person(), previewed_count(request.form))
    return redirect(url_for("retention.show", purged=purged), code=303)
