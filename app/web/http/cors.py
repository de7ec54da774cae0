"""Cross-origin requests to the API, from the origins that `CORS_ORIGINS` names; tokens only, never cookies."""

from collections.abc import Collection

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

_PREFIX = "/api/v1/"
_METHODS = "GET, POST, PATCH, DELETE"
# The Accept of a DICOMweb client has characters that a browser asks about first.
_HEADERS = "Accept, Authorization, Content-Type, Idempotency-Key, X-Key-Id, X-Sealed-Name"
_EXPOSED = "Content-Disposition, Retry-After, X-Request-Id, X-Why"
_REMEMBERED_S = "600"


def install(app: Flask, origins: Collection[str]) -> None:
    """Answer preflights before anybody is identified, and name the origin in every answer of the API."""

    def is_allowed() -> bool:
        return request.path.startswith(_PREFIX) and request.headers.get("Origin") in origins

    def preflight() -> ResponseReturnValue | None:
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers or not is_allowed():
            return None
        allowed = {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Allow-Headers": _HEADERS}
        return "", 204, {**allowed, "Access-Control-Max-Age": _REMEMBERED_S}

    def finish(answer: Response) -> Response:
        if request.path.startswith(_PREFIX):
            answer.vary.add("Origin")
        if is_allowed():
            answer.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            answer.headers["Access-Control-Expose-Headers"] = _EXPOSED
        return answer

    if origins:
        app.before_request(preflight)
        app.after_request(finish)
