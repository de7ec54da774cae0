"""Tell the web server how each request is served, and answer for those that it refuses."""

from urllib.parse import unquote

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect

from app.admission import ADMITTED, ASKED, EXTENSION, REFUSED, Admission, Gate, Lane
from app.config import Limits
from app.errors import Busy, SlowRequest, UploadTooLarge
from app.web.http.requests.uploads import body_limit

TAKES_FILES = frozenset({"pages.create_study", "pages.add_images", "api.create_study", "api.add_images"})
URGENT = frozenset({"operations.healthz", "operations.readyz", "operations.metrics_text"})
# Those that infer, and those that draw for longer than half a second.
HEAVY = TAKES_FILES | {
    "api.assess_anyway",
    "api.interchange.sc_dcm",
    "api.report_pdf",
    "api.signed_pdf",
    "api.why_png",
    "first.sample",
    "pages.assess_anyway",
    "pages.report",
    "reports.signed",
    "selected.report",
    "why.why",
}


def install(app: Flask, limits: Limits, heavy: int) -> None:
    """Hand the rules over. heavy: heavy requests in flight before `Busy`."""
    rules = app.url_map

    def admit(method: str, path: str, content_type: str) -> Admission:
        endpoint = _endpoint(rules, method, path)
        body_bytes = body_limit(content_type if endpoint in TAKES_FILES else "", limits)
        return Admission(_lane(endpoint), body_bytes)

    app.extensions[EXTENSION] = Gate(admit, limits.in_flight_bytes, heavy)


def _lane(endpoint: str) -> Lane:
    return "heavy" if endpoint in HEAVY else "urgent" if endpoint in URGENT else "light"


def _endpoint(rules: Map, method: str, path: str) -> str:
    """The endpoint of a request; "" where there is none."""
    try:
        found = rules.bind("localhost").match(unquote(path), method)
    except (HTTPException, RequestRedirect):
        return ""
    return str(found[0])


def raise_refusal() -> None:
    """Answer a request that the server refuses before anything is known of its sender.

    Raises:
        Busy: too much is in flight. SlowRequest: its body did not arrive in time.
    """
    why = request.environ.get(REFUSED)
    g.person = None
    if why == "busy":
        raise Busy
    if why == "slow":
        raise SlowRequest


def admit_body() -> Response | None:
    """Answer, after the sender was identified, whether the body may come.

    Raises:
        UploadTooLarge: the head announces more than the limit.
    """
    if not {REFUSED, ASKED} & request.environ.keys():
        return None
    if request.routing_exception is not None:
        raise request.routing_exception
    if REFUSED in request.environ:
        raise UploadTooLarge
    request.environ[ADMITTED] = True
    return Response(status=204)


def is_question() -> bool:
    """Whether the server asks by the head of a request, whose body has not come."""
    return ASKED in request.environ
