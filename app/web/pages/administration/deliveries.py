"""Deliveries to other systems: destinations, and messages that were given up."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.usecases.outbox import deliveries
from app.web.http.context import person, services

blueprint = Blueprint("deliveries", __name__, url_prefix="/deliveries")


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Where messages go, and what did not arrive."""
    found = deliveries.deliveries(services(), person())
    return render_template("deliveries.html", found=found)


@blueprint.post("/retry")
def retry_all() -> ResponseReturnValue:
    """Try every message again that was given up."""
    revived = deliveries.retry_all(services(), person())
    return redirect(url_for("deliveries.show", revived=revived), code=303)


@blueprint.post("/<message_id>/retry")
def retry(message_id: str) -> ResponseReturnValue:
    """Try one message again."""
    deliveries.retry(services(), person(), message_id)
    return redirect(url_for("deliveries.show", revived=1), code=303)
