"""For the machine that runs this: alive, ready, counted."""

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from app.web.http.context import metrics, readiness
from app.web.http.metrics import CONTENT_TYPE

blueprint = Blueprint("operations", __name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return jsonify({"status": "alive"})


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The detector answers, the keys seal and open, and the database takes a write."""
    causes = readiness().failing()
    return jsonify({"status": "not ready" if causes else "ready", "failing": causes}), 503 if causes else 200


@blueprint.get("/metrics")
def metrics_text() -> ResponseReturnValue:
    """The counters, in the Prometheus text format."""
    return Response(metrics().text(), content_type=CONTENT_TYPE)
