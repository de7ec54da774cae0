"""Passkeys: added with the password, used to sign in, refused where anything does not fit."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.records import Actor
from app.services import Services
from app.usecases.access import second_factor
from app.usecases.administration import people
from tests.conftest import PASSWORD, Account
from tests.support.access import use_link
from tests.support.fakes import FakeClock
from tests.support.software_passkey import USER_PRESENT, SoftwarePasskey
from tests.web.conftest import form_token

ADMIN = Actor("default", "os:test")


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def options(client: FlaskClient, path: str) -> dict[str, Any]:
    page = "/sign-in" if path.startswith("/sign-in") else "/account"
    return dict(client.post(path, data={"csrf_token": form_token(client, page)}).get_json())


def add(client: FlaskClient, passkey: SoftwarePasskey, **fields: str) -> TestResponse:
    made = passkey.make(options(client, "/account/passkeys/options"))
    form = {"csrf_token": form_token(client, "/account"), "credential": made, "label": "Desk", "present": PASSWORD}
    return client.post("/account/passkeys", data={**form, **fields})


def enter(client: FlaskClient, passkey: SoftwarePasskey) -> TestResponse:
    signed = passkey.sign(options(client, "/sign-in/passkey/options"))
    return client.post("/sign-in/passkey", data={"csrf_token": form_token(client, "/sign-in"), "credential": signed})


@pytest.fixture
def owner(app: Flask, ada: Account) -> FlaskClient:
    client = app.test_client()
    form = {"csrf_token": form_token(client, "/sign-in"), "name": "Ada", "password": PASSWORD}
    assert client.post("/sign-in", data=form).status_code == 303
    return client


@pytest.fixture
def passkey(owner: FlaskClient) -> SoftwarePasskey:
    made = SoftwarePasskey()
    assert add(owner, made).status_code == 303
    return made


def test_a_passkey_signs_in_and_says_so_in_the_list_of_sessions(app: Flask, passkey: SoftwarePasskey) -> None:
    client = app.test_client()
    for _ in range(2):
        answer = enter(client, passkey)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "by passkey" in text(client.get("/account"))
    assert "Desk" in text(client.get("/account/passkeys"))


def test_a_passkey_is_two_factors_by_itself(app: Flask, services: Services, passkey: SoftwarePasskey, settings) -> None:
    from app.web import create_app

    strict = replace(services, settings=replace(settings, second_factor_roles=("clinician",)))
    client = create_app(strict.settings, strict).test_client()
    assert enter(client, passkey).status_code == 303
    assert client.get("/studies").status_code == 200


WRONG: dict[str, Callable[[SoftwarePasskey], SoftwarePasskey]] = {
    "another site": lambda key: replace(key, origin="https://evil.example", host="evil.example"),
    "another origin": lambda key: replace(key, origin="http://localhost:1"),
    "no user verification": lambda key: replace(key, flags=USER_PRESENT),
    "another key": lambda key: replace(SoftwarePasskey(), count=9),
    "unknown": lambda key: replace(SoftwarePasskey(), id=b"another one"),
    "a copy that counts from before": lambda key: replace(key, count=0),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_passkey_that_does_not_fit_is_refused(
    app: Flask, passkey: SoftwarePasskey, wrong: Callable[[SoftwarePasskey], SoftwarePasskey]
) -> None:
    for _ in range(2):
        assert enter(app.test_client(), passkey).status_code == 303
    client = app.test_client()
    answer = enter(client, wrong(passkey))
    assert (answer.status_code, "could not be verified" in text(answer)) == (400, True)
    assert client.get("/studies").status_code == 303


@pytest.mark.parametrize("credential", ["", "x", "{}", "[]", '{"id": "x"}', '{"id":1,"rawId":2,"response":3,"type":4}'])
def test_an_answer_that_is_none_is_refused(app: Flask, passkey: SoftwarePasskey, credential: str) -> None:
    client = app.test_client()
    options(client, "/sign-in/passkey/options")
    form = {"csrf_token": form_token(client, "/sign-in"), "credential": credential}
    assert client.post("/sign-in/passkey", data=form).status_code == 400


def test_an_answer_is_taken_once_and_for_minutes(app: Flask, passkey: SoftwarePasskey, clock: FakeClock) -> None:
    client = app.test_client()
    signed = passkey.sign(options(client, "/sign-in/passkey/options"))
    cookie = client.get_cookie("session")
    assert cookie
    token = form_token(client, "/sign-in")

    def send() -> int:
        client.set_cookie("session", cookie.value)
        return client.post("/sign-in/passkey", data={"csrf_token": token, "credential": signed}).status_code

    clock.pass_(minutes=6)
    assert send() == 400
    clock.pass_(minutes=-6)
    assert send() == 303
    assert send() == 400
    assert client.post("/sign-in/passkey", data={"csrf_token": token, "credential": signed}).status_code == 400


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"present": "wrong horse battery"}, "not your present password"),
        ({"label": " "}, "name of 1 to 60"),
        ({"credential": "{}"}, "could not be verified"),
    ],
)
def test_a_passkey_that_cannot_be_added_is_refused_in_the_form(
    owner: FlaskClient, services: Services, fields: dict[str, str], words: str
) -> None:
    answer = add(owner, SoftwarePasskey(), **fields)
    assert (answer.status_code, words in text(answer)) == (400, True)
    assert services.store.passkeys.all("default") == ()


def test_the_same_credential_is_nobody_elses_too(
    app: Flask, services: Services, passkey: SoftwarePasskey, account
) -> None:
    account("Bea")
    bea = app.test_client()
    form = {"csrf_token": form_token(bea, "/sign-in"), "name": "Bea", "password": PASSWORD}
    bea.post("/sign-in", data=form)
    assert add(bea, passkey).status_code == 400
    [row] = services.store.passkeys.all("default")
    assert (
        bea.post(f"/account/passkeys/{row.id}/remove", data={"csrf_token": form_token(bea, "/account")}).status_code
        == 404
    )


def test_a_removed_passkey_or_one_of_a_disabled_person_lets_nobody_in(
    app: Flask, services: Services, owner: FlaskClient, passkey: SoftwarePasskey
) -> None:
    people.set_enabled(services, ADMIN, "Ada", False)
    assert enter(app.test_client(), passkey).status_code == 400
    people.set_enabled(services, ADMIN, "Ada", True)
    assert enter(app.test_client(), passkey).status_code == 303
    use_link(owner, people.add_link(services, ADMIN, "Ada"))
    [passkey_id] = re.findall(r"/account/passkeys/([0-9a-f]{32})/remove", text(owner.get("/account/passkeys")))
    form = {"csrf_token": form_token(owner, "/account")}
    assert owner.post(f"/account/passkeys/{passkey_id}/remove", data=form).status_code == 303
    assert enter(app.test_client(), passkey).status_code == 400


def test_an_administrator_removes_passkeys_that_were_lost(
    app: Flask, services: Services, passkey: SoftwarePasskey
) -> None:
    second_factor.reset(services, ADMIN, "Ada")
    assert enter(app.test_client(), passkey).status_code == 400


@pytest.mark.parametrize("change", ["person = :bea", "sign_count = 0", "public_key = x'00'", "mac = x''"])
def test_a_row_that_was_changed_in_the_database_is_refused(
    app: Flask, settings, account, passkey: SoftwarePasskey, change: str
) -> None:
    bea = account("Bea").person
    assert enter(app.test_client(), passkey).status_code == 303
    engine = sa.create_engine(settings.database_url)
    with engine.begin() as connection:
        values = {"bea": bea.id} if ":bea" in change else {}
        assert connection.execute(sa.text(f"UPDATE passkeys SET {change}"), values).rowcount == 1
    engine.dispose()
    assert enter(app.test_client(), passkey).status_code == 400
