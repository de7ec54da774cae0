"""For the machine that runs this: alive, ready, counted."""

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from app.usecases.administration.health import is_ready
from app.web.http.context import metrics, services
from app.web.http.metrics import CONTENT_TYPE

blueprint = Blueprint("operations", __name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return jsonify({"status": "alive"})


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Model and database answer."""
    ready = is_ready(services())
    return jsonify({"status": "ready" if ready else "not ready"}), 200 if ready else 503


@blueprint.get("/metrics")
def metrics_text() -> ResponseReturnValue:
    """The counters, in the Prometheus text format."""
    return Response(metrics().text(), content_type=CONTENT_TYPE)
