"""Another origin calls the API only where a setting names it, and never with a cookie."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from app.config import Settings
from app.errors import ConfigError
from app.services import Services
from app.web import create_app

ORIGIN = "https://his.example.org"
ASKED = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}


@pytest.fixture
def open_client(settings: Settings, services: Services) -> FlaskClient:
    return create_app(replace(settings, cors_origins=(ORIGIN,)), services).test_client()


def test_a_named_origin_is_answered(open_client: FlaskClient, api_token: str) -> None:
    preflight = open_client.options("/api/v1/studies", headers=ASKED)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]

    answer = open_client.get("/api/v1/studies", headers={"Origin": ORIGIN, "Authorization": f"Bearer {api_token}"})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://other.example.org", "null", f"{ORIGIN}.evil.example"])
def test_another_origin_is_not(open_client: FlaskClient, origin: str) -> None:
    answer = open_client.options("/api/v1/studies", headers={**ASKED, "Origin": origin})

    assert "Access-Control-Allow-Origin" not in answer.headers


def test_without_the_setting_nobody_is(client: FlaskClient) -> None:
    assert "Access-Control-Allow-Origin" not in client.options("/api/v1/studies", headers=ASKED).headers


def test_pages_are_for_no_other_origin(open_client: FlaskClient) -> None:
    assert "Access-Control-Allow-Origin" not in open_client.get("/sign-in", headers={"Origin": ORIGIN}).headers


@pytest.mark.parametrize(
    "text", ["*", "his.example.org", "https://his.example.org/", "http://his.example.org", "https://"]
)
def test_a_setting_that_is_no_origin_stops_the_start(text: str) -> None:
    environ = {"DATABASE_URL": "sqlite:///x.db", "MASTER_KEYS": "x", "SECRET_KEY": "x", "CORS_ORIGINS": text}
    with pytest.raises(ConfigError, match="CORS_ORIGINS"):
        Settings.from_env(environ)
