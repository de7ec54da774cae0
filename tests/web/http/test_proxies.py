"""Who is asking, behind a reverse proxy: its word counts only where the settings say so."""

from dataclasses import replace

import pytest
from flask import request

from app.config import Settings
from app.services import Services
from app.web import create_app


@pytest.mark.parametrize(("trusted", "address"), [(0, "10.0.0.1"), (1, "203.0.113.7")])
def test_a_forwarded_address_is_believed_only_of_trusted_proxies(
    settings: Settings, services: Services, trusted: int, address: str
) -> None:
    app = create_app(replace(settings, trusted_proxies=trusted), services)
    seen = []
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: seen.append(request.remote_addr))
    forwarded = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7"}
    app.test_client().get("/healthz", headers=forwarded, environ_base={"REMOTE_ADDR": "10.0.0.1"})
    assert seen == [address]


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("xray.example.org", "/sign-in", 200),
        ("xray.example.org:8443", "/sign-in", 200),
        ("a.clinic.example.org", "/sign-in", 200),
        ("evil.example.org", "/sign-in", 400),
        ("evil.example.org", "/api/v1/openapi.json", 400),
        ("10.1.2.3:8000", "/healthz", 200),
        ("10.1.2.3:8000", "/readyz", 200),
    ],
)
def test_only_a_trusted_host_is_answered_but_for_what_watches_the_application(
    settings: Settings, services: Services, host: str, path: str, status: int
) -> None:
    app = create_app(replace(settings, trusted_hosts=("xray.example.org", ".clinic.example.org")), services)
    assert app.test_client().get(path, headers={"Host": host}).status_code == status
