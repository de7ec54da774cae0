"""Signing in and out, sessions that end, and who is kept from guessing."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import PASSWORD, Account
from tests.support.access import use_link
from tests.web.conftest import form_token


def sign_in(client: FlaskClient, **fields: str) -> TestResponse:
    token = form_token(client, "/sign-in")
    return client.post("/sign-in", data={"csrf_token": token, **fields})


def test_name_and_password_sign_in(client: FlaskClient, ada: Account) -> None:
    answer = sign_in(client, name="Ada", password=PASSWORD, tenant="default", next="/studies")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/studies")
    assert client.get("/studies").status_code == 200


def test_the_tenant_may_be_left_out(client: FlaskClient, ada: Account) -> None:
    assert sign_in(client, name="Ada", password=PASSWORD).status_code == 303


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Ada", "password": "wrong password!"},
        {"name": "Nobody", "password": PASSWORD},
        {"name": "Ada", "password": PASSWORD, "tenant": "elsewhere"},
        {"name": "Ada"},
        {},
    ],
)
def test_a_wrong_name_or_password_is_refused_without_saying_which(
    client: FlaskClient, ada: Account, fields: dict[str, str]
) -> None:
    answer = sign_in(client, **fields)

    assert answer.status_code == 401
    assert "Name or password is wrong." in answer.get_data(as_text=True)
    assert client.get("/").status_code == 303


def test_a_link_signs_in_once(app: Flask, services, ada: Account) -> None:
    from app.records import Actor
    from app.usecases.administration import people

    link = people.add_link(services, Actor("default", "test"), "Ada")
    first, second = app.test_client(), app.test_client()
    for method in (second.get, second.head):
        assert method(f"/sign-in/{link}").status_code == 200

    answer = use_link(first, link)
    again = use_link(second, link)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert first.get("/").status_code == 200
    assert again.status_code == 401
    assert "used already" in again.get_data(as_text=True)
    assert second.get("/").status_code == 303


def test_signing_in_again_ends_the_older_session(client: FlaskClient, services, ada: Account) -> None:
    from app.records import Actor
    from app.usecases.administration import people

    sign_in(client, name="Ada", password=PASSWORD)
    kept = client.get_cookie("session")
    use_link(client, people.add_link(services, Actor("default", "test"), "Ada"))
    assert client.get("/").status_code == 200
    client.set_cookie("session", kept.value)
    assert client.get("/").status_code == 303


def test_a_stranger_is_led_to_sign_in_and_back(client: FlaskClient, services) -> None:
    answer = client.get("/studies?after=abc")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=/studies?after%3Dabc"


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", ""])
def test_signing_in_never_leads_elsewhere(client: FlaskClient, ada: Account, elsewhere: str) -> None:
    answer = sign_in(client, name="Ada", password=PASSWORD, next=elsewhere)

    assert answer.headers["Location"] == "/"


def test_a_session_ends_after_its_minutes(signed_in: FlaskClient, clock, settings) -> None:
    clock.pass_(minutes=settings.session_idle_minutes - 1)
    assert signed_in.get("/").status_code == 200

    clock.pass_(minutes=settings.session_idle_minutes)

    assert signed_in.get("/").status_code == 303
    answer = signed_in.get("/api/v1/studies")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "not-signed-in")


def test_signing_out_ends_the_session_on_the_server(signed_in: FlaskClient) -> None:
    kept = signed_in.get_cookie("session")
    token = form_token(signed_in)

    answer = signed_in.post("/sign-out", data={"csrf_token": token})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    signed_in.set_cookie("session", kept.value)
    assert signed_in.get("/").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient, ada: Account) -> None:
    cookie = sign_in(client, name="Ada", password=PASSWORD).headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_behind_https_the_cookie_is_secure(settings, services, ada: Account) -> None:
    from dataclasses import replace

    from app.web import create_app

    client = create_app(replace(settings, secure_cookies=True), services).test_client()

    answer = client.get("/sign-in", base_url="https://clinic.example")

    assert answer.headers["Set-Cookie"].startswith("__Host-session=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age=" in answer.headers["Strict-Transport-Security"]


def test_a_session_cookie_that_was_altered_is_none(signed_in: FlaskClient) -> None:
    kept = signed_in.get_cookie("session")
    signed_in.set_cookie("session", kept.value[:-4] + "AAAA")

    assert signed_in.get("/").status_code == 303


def test_whoever_guesses_is_slowed_down(client: FlaskClient, ada: Account) -> None:
    answers = [sign_in(client, name="Ada", password="guess").status_code for _ in range(9)]

    assert answers == [401] * 8 + [429]
    answer = sign_in(client, name="ADA ", password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert sign_in(client, name="Somebody", password="guess").status_code == 401
