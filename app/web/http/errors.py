"""The one place that knows what a failure means to HTTP: error family → status, JSON under /api/, a page elsewhere."""

import logging
import traceback
from collections.abc import Sequence

from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException

from app import errors
from app.access_errors import SecondFactorDemanded, SecondFactorNeeded
from app.admission import REFUSED
from app.exchange_errors import NotAcceptable
from app.translatable import N_
from app.web.http.requests.query import way_back
from app.web.i18n.failures import failure_words

log = logging.getLogger(__name__)

# The first family that fits decides, so a special one stands before its general one.
STATUS_OF_FAMILY: tuple[tuple[type[errors.FractureError], int], ...] = (
    (errors.BadRequest, 400),
    (errors.NotSignedIn, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (NotAcceptable, 406),
    (errors.SlowRequest, 408),
    (errors.Conflict, 409),
    (errors.UnknownKey, 409),
    (errors.TooLarge, 413),
    (errors.UnsupportedImage, 415),
    (errors.UnusableImage, 422),
    (errors.Unprocessable, 422),
    (errors.TooManyAttempts, 429),
    (errors.Busy, 503),
    (errors.Unavailable, 503),
)

# What Flask, Werkzeug and Flask-WTF refuse on their own, in our words.
WORDS_OF_STATUS: dict[int, tuple[str, str]] = {
    400: (errors.BadRequest.code, errors.BadRequest.message),
    404: (errors.NotFound.code, errors.NotFound.message),
    405: ("wrong-method", N_("This address does not accept this kind of request.")),
    413: (errors.UploadTooLarge.code, errors.UploadTooLarge.message),
    415: ("unsupported-body", N_("Send the X-ray as multipart/form-data or as application/hpke.")),
}
CSRF_WORDS = ("csrf", N_("This form has expired. Reload the page and send it again."))
INTERNAL_WORDS = ("internal", N_("Something went wrong on the server. Nothing of what was stored before is lost."))

# A refused form is shown again with the reason; every other refusal is a page of its own.
PAGE_OF_FORM = {
    "account.change_password": "account.html",
    "pages.create_study": "upload.html",
    "passkeys.add": "passkeys.html",
    "passkeys.sign_in": "sign_in.html",
    "people.add": "people.html",
    "second_factor.confirm": "code.html",
    "second_factor.enable": "second_factor.html",
    "sign_in.sign_in": "sign_in.html",
    "sign_in.by_link": "sign_in.html",
    "single_sign_on.finish": "sign_in.html",
    "tenants.add": "tenants.html",
}


def status_of(error: errors.FractureError) -> int:
    """The HTTP status of an expected failure; 500 for a family that has no business in a request."""
    return next((status for family, status in STATUS_OF_FAMILY if isinstance(error, family)), 500)


def answer_errors(app: Flask) -> None:
    """Make the application answer every failure in its own words."""
    app.register_error_handler(errors.FractureError, _expected)
    app.register_error_handler(HTTPException, _refused_by_framework)
    app.register_error_handler(Exception, _unexpected)


def _expected(error: errors.FractureError) -> ResponseReturnValue:
    status = status_of(error)
    if status == 500:
        return _unexpected(error)
    if isinstance(error, errors.NotSignedIn) and not (_is_api() or request.blueprint == "sign_in" or _is_own_answer()):
        step = "second_factor.ask" if isinstance(error, SecondFactorNeeded) else "sign_in.form"
        return redirect(url_for(step, next=way_back()), code=303)
    if isinstance(error, SecondFactorDemanded) and not _is_api():
        return redirect(url_for("second_factor.setup"), code=303)
    details = [f"{name}: {failure_words(why)}" for name, why in error.of_files]
    answer = _answer(status, error.code, str(error), failure_words(error), details)
    retry_after_s = getattr(error, "retry_after_s", errors.Busy.retry_after_s if status == 503 else None)
    if retry_after_s is not None:
        answer.headers["Retry-After"] = str(retry_after_s)
    if status == 401 and _is_api():
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _refused_by_framework(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code >= 500:
        return _unexpected(error)
    if error.code < 400:
        return error.get_response()
    general = (f"http-{error.code}", N_("The request was refused."))
    is_csrf = type(error).__name__ == "CSRFError"
    code, message = CSRF_WORDS if is_csrf else WORDS_OF_STATUS.get(error.code, general)
    answer = _answer(error.code, code, message, _(message))
    if error.code == 405:
        answer.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ())
    return answer


def _unexpected(error: Exception) -> ResponseReturnValue:
    # Where it happened, never what was in it: a message may carry a file name or a DICOM value.
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("request %s failed: %s at %s", g.request_id, type(error).__name__, " > ".join(frames[-8:]))
    code, message = INTERNAL_WORDS
    return _answer(500, code, message, _(message))


def _answer(status: int, code: str, message: str, words: str, details: Sequence[str] = ()) -> Response:
    """message: for programs, in English. words, details: for a page, in its language."""
    if _is_api():
        body = jsonify({"error": {"code": code, "message": message, "request_id": g.request_id}})
        return make_response(body, status)
    template = PAGE_OF_FORM.get(request.endpoint or "", "error.html")
    # A form is not shown again without its body.
    if status >= 500 or REFUSED in request.environ:
        template = "error.html"
    about = {"status": status, "code": code, "problem": words, "details": details}
    page = render_template(template, **about, request_id=g.request_id)
    return make_response(page, status)


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _is_own_answer() -> bool:
    """An answer that a reader wrote on a page of ours before the session ended: shown again, so that nothing is lost.

    Without a session there is no form token to check, so the browser must say that no other site sent it. A script of
    ours keeps what was written by itself and wants to be sent to sign in.
    """
    said = request.headers.get("Sec-Fetch-Site"), request.headers.get("Sec-Fetch-Mode")
    return request.endpoint == "pages.add_feedback" and said == ("same-origin", "navigate")
