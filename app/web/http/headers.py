"""Headers of every answer: a request id, and policies that keep a browser from doing more than a page needs."""

import logging
import secrets
import time
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from app.config import Settings, SingleSignOnSettings
from app.web.http import static_files
from app.web.http.admission import is_question
from app.web.http.context import metrics

log = logging.getLogger(__name__)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
YEAR_S = 31_536_000
# Labels of the metrics: a client may send any word as a method.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Files of ours, and what every open page asks by itself.
UNLOGGED = frozenset({"account.alive", "static", "worklist.changes"})


def install(app: Flask, settings: Settings) -> None:
    """Give each request an id before anything else, and each answer its headers after everything else."""
    hsts = f"max-age={YEAR_S}" + ("; includeSubDomains" if settings.hsts_subdomains else "")
    always = {**ALWAYS, "Content-Security-Policy": _policy(settings.single_sign_on)}

    def finish(answer: Response) -> Response:
        answer.headers["X-Request-Id"] = g.request_id
        answer.headers.update(always)
        answer.headers["Cache-Control"] = _cache_control(answer.status_code)
        if settings.secure_cookies:
            answer.headers["Strict-Transport-Security"] = hsts
        if answer.status_code != 204 or not is_question():
            _count(answer)
        return answer

    app.before_request(_begin)
    app.after_request(finish)


def _policy(single_sign_on: SingleSignOnSettings | None) -> str:
    """The policy; where there is an identity provider, the form that signs out may lead there."""
    if single_sign_on is None:
        return CONTENT_SECURITY_POLICY
    origin = urlsplit(single_sign_on.issuer)
    return CONTENT_SECURITY_POLICY.replace(
        "form-action 'self'", f"form-action 'self' {origin.scheme}://{origin.netloc}"
    )


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.started = time.perf_counter()


def _cache_control(status: int) -> str:
    if request.endpoint != "static" or status >= 400:
        return "no-store"
    return static_files.cache_control()


def _count(answer: Response) -> None:
    took_s = time.perf_counter() - g.started
    endpoint = request.endpoint or "none"
    method = request.method if request.method in METHODS else "other"
    metrics().answered(endpoint, method, answer.status_code, took_s)
    if endpoint not in UNLOGGED:
        log.info("request %s %s %d %.0f ms", g.request_id, endpoint, answer.status_code, took_s * 1000)
