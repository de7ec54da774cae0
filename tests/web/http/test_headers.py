"""Every answer, whatever it is, keeps the browser within bounds."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import Settings
from app.services import Services
from app.web import create_app
from app.web.http.permissions import OPEN_ENDPOINTS

PATHS = [
    "/",
    "/sign-in",
    "/studies",
    "/nothing",
    "/healthz",
    "/static/css/base.css",
    "/api/v1/studies",
    "/api/v1/openapi.json",
]


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_carries_the_security_headers(client: FlaskClient, services, path: str) -> None:
    headers = client.get(path, buffered=True).headers

    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert len(headers["X-Request-Id"]) == 16


@pytest.mark.parametrize("path", ["/sign-in", "/studies", "/api/v1/studies", "/nothing", "/static/nothing"])
def test_nothing_but_static_files_is_kept_by_a_browser(client: FlaskClient, services, path: str) -> None:
    assert client.get(path, buffered=True).headers["Cache-Control"] == "no-store"
    assert client.get("/static/css/base.css", buffered=True).headers["Cache-Control"] == "no-cache"


def test_each_request_has_an_id_of_its_own(client: FlaskClient) -> None:
    assert client.get("/healthz").headers["X-Request-Id"] != client.get("/healthz").headers["X-Request-Id"]


def test_no_address_is_open_by_oversight(app: Flask) -> None:
    is_open = set()
    for rule in app.url_map.iter_rules():
        path = app.test_client().get("/").request.root_url.rstrip("/")
        path += re.sub("<int:[^>]+>", "1", re.sub(r"<(path:)?\w+>", "x", rule.rule))
        method = "GET" if "GET" in rule.methods else "POST" if "POST" in rule.methods else "DELETE"
        answer = app.test_client().open(path, method=method)
        led_away = answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
        if not led_away and answer.get_json(silent=True) != _invalid_token(answer):
            is_open.add(rule.endpoint)

    assert is_open == OPEN_ENDPOINTS


def _invalid_token(answer) -> dict[str, object]:
    message = "The API token is missing or not valid."
    return {"error": {"code": "invalid-token", "message": message, "request_id": answer.headers["X-Request-Id"]}}


@pytest.mark.parametrize(("subdomains", "ends"), [(False, "max-age=31536000"), (True, "; includeSubDomains")])
def test_the_promise_of_https_takes_in_subdomains_where_the_settings_say_so(
    settings: Settings, services: Services, subdomains: bool, ends: str
) -> None:
    app = create_app(replace(settings, secure_cookies=True, hsts_subdomains=subdomains), services)
    assert app.test_client().get("/healthz").headers["Strict-Transport-Security"].endswith(ends)
