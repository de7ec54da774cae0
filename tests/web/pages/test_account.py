"""Own account: who is signed in, the password, the sessions and the tokens."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.records import Actor
from app.services import Services
from app.usecases.administration import people, tokens
from tests.conftest import PASSWORD, Account
from tests.support.access import use_link
from tests.web.conftest import form_token

ADMIN = Actor("default", "os:test")
NEW = "seven green elephants"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0"


def signed_in_as(app: Flask, password: str = PASSWORD, **headers: str) -> FlaskClient:
    client = app.test_client()
    fields = {"csrf_token": form_token(client, "/sign-in"), "name": "Ada", "password": password}
    assert client.post("/sign-in", data=fields, headers=headers).status_code == 303
    return client


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(path, data={"csrf_token": form_token(client, "/account"), **fields})


def change(client: FlaskClient, present: str, new: str, again: str | None = None) -> TestResponse:
    return post(client, "/account/password", present=present, new=new, again=new if again is None else again)


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def test_every_page_names_who_is_signed_in_with_role_and_tenant(signed_in: FlaskClient) -> None:
    for path in ("/", "/studies", "/help", "/account", "/studies/nothing"):
        header = text(signed_in.get(path)).partition("</header>")[0]
        found = re.search(r'<a class="who"[^>]*>(.*?)</a>', header, re.DOTALL)
        assert found, path
        assert [word in found[1] for word in ("Ada", "clinician", "default")] == [True] * 3, path


def test_a_new_password_ends_other_sessions_links_and_tokens_and_keeps_this_one(
    app: Flask, services: Services, ada: Account
) -> None:
    here, elsewhere = signed_in_as(app), signed_in_as(app)
    link = people.add_link(services, ADMIN, "Ada")

    answer = change(here, PASSWORD, NEW)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account?done=password")
    assert "Your password is changed" in text(here.get("/account?done=password"))
    assert elsewhere.get("/").status_code == 303
    assert here.get("/api/v1/studies", headers=ada.bearer).status_code == 401
    assert use_link(app.test_client(), link).status_code == 401
    signed_in_as(app, NEW)
    actions = [entry.event.action for entry in services.store.audit.entries("default")]
    assert actions.count("password-changed") == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("wrong horse battery", NEW, NEW), "not your present password"),
        ((PASSWORD, NEW, NEW + "!"), "not the same"),
        ((PASSWORD, "short", "short"), "at least 12 characters"),
        ((PASSWORD, "Password1234", "Password1234"), "Many people use this password"),
        ((PASSWORD, "Ada-2026-2026", "Ada-2026-2026"), "Many people use this password"),
        (("", NEW, NEW), "not your present password"),
    ],
)
def test_a_password_that_cannot_be_taken_changes_nothing_and_says_why_in_the_form(
    app: Flask, ada: Account, typed: tuple[str, str, str], words: str
) -> None:
    here, elsewhere = signed_in_as(app), signed_in_as(app)
    answer = change(here, *typed)
    assert answer.status_code == 400
    assert words in text(answer)
    assert 'action="/account/password"' in text(answer)
    assert elsewhere.get("/").status_code == 200
    signed_in_as(app)


def test_guesses_at_the_present_password_are_limited(app: Flask, ada: Account) -> None:
    client = signed_in_as(app)
    answers = [change(client, "wrong horse battery", NEW).status_code for _ in range(9)]
    assert answers == [400] * 8 + [429]


def test_after_a_link_somebody_without_a_password_is_asked_for_one_and_sets_it(app: Flask, services: Services) -> None:
    people.add_person(services, ADMIN, "admin", "admin", None)
    client = app.test_client()
    use_link(client, people.add_link(services, ADMIN, "admin"))
    assert "You have no password yet" in text(client.get("/"))
    assert "Present password" not in text(client.get("/account"))

    assert change(client, "", NEW).status_code == 303

    assert "You have no password yet" not in text(client.get("/"))


def test_sessions_are_listed_with_browser_address_and_last_use_and_ended_one_by_one(app: Flask, ada: Account) -> None:
    here, elsewhere = signed_in_as(app), signed_in_as(app, **{"User-Agent": FIREFOX})
    page = text(here.get("/account"))
    assert "Firefox, Windows" in page
    assert "127.0.0.1" in page
    assert page.count("This browser") == 1
    [session_id] = re.findall(r"/account/sessions/([0-9a-f]{32})/end", page)

    assert post(here, f"/account/sessions/{session_id}/end").status_code == 303

    assert elsewhere.get("/").status_code == 303
    assert here.get("/").status_code == 200
    assert "Firefox" not in text(here.get("/account"))


def test_all_other_sessions_end_at_once(app: Flask, ada: Account) -> None:
    here, others = signed_in_as(app), [signed_in_as(app) for _ in range(3)]
    assert post(here, "/account/sessions/end").status_code == 303
    assert [other.get("/").status_code for other in others] == [303] * 3
    assert here.get("/").status_code == 200


def test_own_tokens_are_listed_and_revoked(app: Flask, services: Services, ada: Account) -> None:
    here = signed_in_as(app)
    [row] = tokens.list_tokens(services, "default", "Ada")
    assert row.id[:8] in text(here.get("/account"))
    assert here.get("/api/v1/studies", headers=ada.bearer).status_code == 200
    assert post(here, f"/account/tokens/{row.id}/revoke").status_code == 303
    assert here.get("/api/v1/studies", headers=ada.bearer).status_code == 401


def test_nobody_ends_sessions_or_tokens_of_somebody_else(app: Flask, services: Services, account, ada: Account) -> None:
    bea = account("Bea")
    here = signed_in_as(app)
    [token] = tokens.list_tokens(services, "default", "Bea")
    theirs = app.test_client()
    use_link(theirs, people.add_link(services, ADMIN, "Bea"))
    [session] = services.store.credentials.sessions_of("default", bea.person.id)

    assert post(here, f"/account/tokens/{token.id}/revoke").status_code == 404
    assert post(here, f"/account/sessions/{session.id}/end").status_code == 404

    assert theirs.get("/").status_code == 200
    assert here.get("/api/v1/studies", headers=bea.bearer).status_code == 200


def test_an_open_worklist_that_asks_for_changes_keeps_no_session_alive(signed_in: FlaskClient, clock, settings) -> None:
    for _ in range(settings.session_idle_minutes - 1):
        clock.pass_(minutes=1)
        assert signed_in.get("/studies/changes").status_code == 200
    clock.pass_(minutes=2)
    assert signed_in.get("/studies/changes").status_code == 303


def test_the_sign_in_page_says_what_to_do_without_a_password(client: FlaskClient) -> None:
    page = text(client.get("/sign-in"))
    assert "No password, or forgotten?" in page
    assert "people link" in page
