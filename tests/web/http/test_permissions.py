"""Every route needs a permission, is open on purpose, or is for everybody who is signed in; roles are held to it."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.records import Actor, Role
from app.services import Services
from app.usecases.administration import people, tokens
from app.usecases.administration.roles import PERMISSIONS_OF_ROLE
from app.web.http.permissions import OPEN_ENDPOINTS, PERMISSION_OF_ENDPOINT, SIGNED_IN_ENDPOINTS
from tests.web.conftest import multipart

ADMIN = Actor("default", "os:test")


def test_the_table_names_each_route_once_and_no_other(app: Flask) -> None:
    named = [*OPEN_ENDPOINTS, *SIGNED_IN_ENDPOINTS, *PERMISSION_OF_ENDPOINT]
    assert len(named) == len(set(named))
    assert set(named) == {rule.endpoint for rule in app.url_map.iter_rules()}


@pytest.mark.parametrize("role", PERMISSIONS_OF_ROLE)
def test_each_api_route_refuses_the_roles_that_may_not_use_it_and_enters_it(
    app: Flask, client: FlaskClient, services: Services, role: Role
) -> None:
    people.add_person(services, ADMIN, "Ada", role, None)
    bearer = {"Authorization": f"Bearer {tokens.add_token(services, ADMIN, 'Ada')}"}
    for rule in app.url_map.iter_rules():
        permission = PERMISSION_OF_ENDPOINT.get(rule.endpoint)
        if not rule.endpoint.startswith("api.") or permission is None:
            continue
        path = rule.rule.replace("<study_id>", "0" * 32).replace("<image_id>", "1" * 32)
        method = min((rule.methods or set()) - {"HEAD", "OPTIONS"})
        answer = client.open(path, method=method, headers=bearer)
        assert (answer.status_code == 403) == (permission not in PERMISSIONS_OF_ROLE[role]), rule.endpoint
    refused = [entry.event for entry in services.store.audit.entries("default") if entry.event.action == "refused"]
    assert {PERMISSION_OF_ENDPOINT[event.subject] for event in refused}.isdisjoint(PERMISSIONS_OF_ROLE[role])


def test_a_scoped_token_does_less_than_its_person(
    client: FlaskClient, services: Services, account: Callable[..., object], png: bytes
) -> None:
    account("Ada")
    sender = {"Authorization": f"Bearer {tokens.add_token(services, ADMIN, 'Ada', scopes=['upload'])}"}
    sent = client.post("/api/v1/studies", headers=sender, **multipart(("a.png", png)))
    assert sent.status_code == 201
    assert client.get(f"/api/v1/studies/{sent.get_json()['id']}", headers=sender).status_code == 403


def test_a_new_role_counts_with_the_next_request(client: FlaskClient, services: Services) -> None:
    people.add_person(services, ADMIN, "Ada", "auditor", None)
    people.set_role(services, ADMIN, "Ada", "reader")
    bearer = {"Authorization": f"Bearer {tokens.add_token(services, ADMIN, 'Ada')}"}
    assert client.get("/api/v1/studies", headers=bearer).status_code == 200
    people.set_role(services, ADMIN, "Ada", "auditor")
    assert client.get("/api/v1/studies", headers=bearer).status_code == 401
