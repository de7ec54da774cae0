"""To every page and every route of the API a study in the bin is gone, but for the bin's own."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.records import Actor
from app.services import Services
from app.usecases.administration import people, tokens
from app.web.http.guard import TAKES_FILES
from tests.support.access import use_link
from tests.web.conftest import form_token, multipart

ADMIN = Actor("default", "os:test")
OF_THE_BIN = {"bin.restore"}
# Goes on to the next study, which there is none.
GOES_ON = {"worklist.next_study"}


@pytest.fixture
def bearer(services: Services, client: FlaskClient) -> dict[str, str]:
    """An administrator, who may do everything, by token and in the browser."""
    people.add_person(services, ADMIN, "Ada", "admin", None)
    use_link(client, people.add_link(services, ADMIN, "Ada"))
    return {"Authorization": f"Bearer {tokens.add_token(services, ADMIN, 'Ada')}"}


def test_every_route_of_a_study_in_the_bin_answers_404(
    app: Flask, client: FlaskClient, bearer: dict[str, str], png: bytes
) -> None:
    study = client.post("/api/v1/studies", headers=bearer, **multipart(("a.png", png))).get_json()
    image = study["images"][0]["id"]
    assert client.delete(f"/api/v1/studies/{study['id']}", headers=bearer).status_code == 204
    token = form_token(client)
    asked = {}
    for rule in app.url_map.iter_rules():
        if "study_id" not in rule.arguments or rule.endpoint in OF_THE_BIN | GOES_ON:
            continue
        path = rule.rule.replace("<study_id>", study["id"]).replace("<image_id>", image)
        path = path.replace("<int:version>", "1").replace("<version>", "1").replace("<int:number>", "0")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            by_token = rule.endpoint.startswith("api.")
            files = multipart(("b.png", png), csrf_token=token) if rule.endpoint in TAKES_FILES else {}
            body = files or ({"json": body_of(rule.endpoint)} if by_token else {"data": {"csrf_token": token}})
            answer = client.open(f"{path}?finding=0", method=method, headers=bearer if by_token else {}, **body)
            asked[rule.endpoint, method] = answer.status_code
    assert len(asked) > 30
    assert {key: status for key, status in asked.items() if status != 404} == {}


def body_of(endpoint: str) -> dict[str, object]:
    """A body that is well formed."""
    return {"api.close_disagreement": {"outcome": "none"}, "api.sign_report": {"statement": ""}}.get(endpoint, {})


def test_no_list_names_a_study_in_the_bin(client: FlaskClient, bearer: dict[str, str], png: bytes) -> None:
    study = client.post("/api/v1/studies", headers=bearer, **multipart(("a.png", png))).get_json()["id"]
    client.delete(f"/api/v1/studies/{study}", headers=bearer)
    for path in ("/api/v1/studies", "/api/v1/worklist", "/studies"):
        assert study not in client.get(path, headers=bearer if "api" in path else {}).get_data(as_text=True)
    for words in (study, "a.png"):
        found = client.post("/studies/search", data={"q": words, "csrf_token": form_token(client)})
        assert study not in found.headers["Location"]
    assert study in client.get("/studies/bin").get_data(as_text=True)
