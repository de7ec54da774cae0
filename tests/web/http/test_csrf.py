"""No form is accepted that this server did not make; only a token of the API needs none."""

import pytest
from flask.testing import FlaskClient

from tests.conftest import PASSWORD, Account
from tests.web.conftest import form_token, multipart


@pytest.mark.parametrize(
    "path",
    ["/studies", "/studies/x/images", "/studies/x/delete", "/studies/x/report", "/sign-out", "/sign-in"],
)
@pytest.mark.parametrize("token", [None, "", "forged"])
def test_a_form_without_its_token_is_refused(signed_in: FlaskClient, path: str, token: str | None) -> None:
    data = {} if token is None else {"csrf_token": token}

    answer = signed_in.post(path, data=data)

    assert answer.status_code == 400
    assert answer.mimetype == "text/html"
    assert "has expired" in answer.get_data(as_text=True)


def test_a_stranger_cannot_be_signed_in_by_another_site(client: FlaskClient, ada: Account) -> None:
    answer = client.post("/sign-in", data={"name": "Ada", "password": PASSWORD})

    assert answer.status_code == 400
    assert client.get("/").status_code == 303


def test_a_page_may_use_the_api_with_its_form_token(signed_in: FlaskClient, png: bytes) -> None:
    headers = {"X-CSRFToken": form_token(signed_in)}

    created = signed_in.post("/api/v1/studies", headers=headers, **multipart(("a.png", png)))

    assert created.status_code == 201
    path = f"/api/v1/studies/{created.get_json()['id']}"
    assert signed_in.get(path).status_code == 200
    assert signed_in.delete(path, headers=headers).status_code == 204


def test_a_page_without_its_form_token_may_only_read(signed_in: FlaskClient, png: bytes) -> None:
    created = signed_in.post("/api/v1/studies", **multipart(("a.png", png)))

    assert (created.status_code, created.get_json()["error"]["code"]) == (400, "csrf")
    assert signed_in.get("/api/v1/studies").get_json()["studies"] == []


def test_a_wrong_token_is_not_rescued_by_a_session(signed_in: FlaskClient) -> None:
    answer = signed_in.get("/api/v1/studies", headers={"Authorization": "Bearer wrong"})

    assert answer.status_code == 401
