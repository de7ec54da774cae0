"""Single sign-on with a real OpenID Connect provider: who comes in, in which tenant and role, and who does not."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.config import Settings, SingleSignOnSettings
from app.records import Actor
from app.services import Services
from app.usecases.access import single_sign_on
from app.usecases.administration import people
from app.web import create_app
from scripts.bootstrap.npm import nodes
from tests.conftest import Account
from tests.support.access import ensure_tenant
from tests.web.conftest import form_token

ROOT = Path(__file__).resolve().parents[3]
ADMIN = Actor("default", "os:test")
BACK, SIGN_IN = "http://localhost/sign-in/single-sign-on/back", "http://localhost/sign-in"
GRACE = {"sub": "g-1906", "preferred_username": "Grace", "groups": ["staff", "readers"], "tenant": "Hospital A"}


@dataclass
class Provider:
    """The provider, and a browser that visits it."""

    issuer: str
    browser: requests.Session = field(default_factory=requests.Session)

    def name(self, **claims: object) -> None:
        """Say whom it signs in from now on."""
        requests.put(f"{self.issuer}/account", data=json.dumps({**GRACE, **claims}), timeout=10)
        self.browser.cookies.clear()

    def visit(self, address: str) -> str:
        """Follow an address through the provider, until it leads back; returns that address."""
        while address.startswith(self.issuer):
            answer = self.browser.get(address, allow_redirects=False, timeout=10)
            assert answer.status_code in (302, 303), answer.text
            address = requests.compat.urljoin(address, answer.headers["Location"])  # type: ignore[attr-defined]
        return address


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    """The address of npm's oidc-provider."""
    node = next(nodes(Path(sys.executable)), None)
    if node is None or not (ROOT / "node_modules" / "oidc-provider").is_dir():
        missing = "node" if node is None else "node_modules/oidc-provider (python3 scripts/test.py installs it)"
        pytest.fail(f"{missing} is missing") if os.environ.get("CI") else pytest.skip(f"{missing} is missing")
    command = [str(node.program), "tests/support/oidc_provider.mjs", BACK, SIGN_IN]
    with subprocess.Popen(
        command, cwd=ROOT, env=node.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.kill()


@pytest.fixture
def provider(running: str) -> Iterator[Provider]:
    found = Provider(running)
    found.name()
    yield found
    found.browser.close()


@pytest.fixture
def provider_settings(provider: Provider) -> SingleSignOnSettings:
    return SingleSignOnSettings(
        issuer=provider.issuer,
        client_id="fractures",
        client_secret="a-secret-of-the-tests-between-the-two",
        scopes="openid profile",
        name_claim="preferred_username",
        tenant_claim="tenant",
        tenants=(("Hospital A", "default"), ("Hospital B", "north")),
        role_claim="groups",
        roles=(("heads", "admin"), ("readers", "reader")),
        adds_people=True,
    )


Start = Callable[..., Flask]


@pytest.fixture
def start(services: Services, settings: Settings, provider_settings: SingleSignOnSettings) -> Start:
    """Make an application: `start(adds_people=False)`."""

    def make(**changes: object) -> Flask:
        changed = replace(provider_settings, **changes)  # type: ignore[arg-type]
        kept = replace(services, settings=replace(settings, single_sign_on=changed))
        return create_app(kept.settings, kept)

    return make


def enter(client: FlaskClient, provider: Provider, path: str = "/sign-in/single-sign-on") -> TestResponse:
    there = client.get(path).headers["Location"]
    return client.get(provider.visit(there).removeprefix("http://localhost"))


def roles(services: Services, tenant: str = "default") -> dict[str, str]:
    return {row.person.name: row.person.role for row in services.store.people.all(tenant)}


def test_somebody_is_added_with_the_role_and_tenant_of_the_rules_and_comes_in_again(
    services: Services, start: Start, provider: Provider
) -> None:
    client = start().test_client()
    assert "Single sign-on" in client.get("/sign-in").get_data(as_text=True)
    for _ in range(2):
        answer = enter(client, provider, "/sign-in/single-sign-on?next=/studies?state=read")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/studies?state=read")
    assert client.get("/studies").status_code == 200
    assert roles(services) == {"Grace": "reader"}
    actions = [entry.event.action for entry in services.store.audit.entries("default")]
    assert actions.count("person-added") == 1
    assert actions.count("signed-in-by-single-sign-on") == 2
    assert "by single sign-on" in client.get("/account").get_data(as_text=True)


def test_pkce_state_and_nonce_are_sent(start: Start, provider: Provider) -> None:
    asked = parse_qs(urlsplit(start().test_client().get("/sign-in/single-sign-on").headers["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"code_challenge", "state", "nonce"} <= asked.keys()
    assert asked["redirect_uri"] == [BACK]


@pytest.mark.parametrize("changed", ["nonce", "code_verifier", "state"])
def test_an_answer_to_another_question_is_refused(start: Start, provider: Provider, changed: str) -> None:
    client = start().test_client()
    back = provider.visit(client.get("/sign-in/single-sign-on").headers["Location"]).removeprefix("http://localhost")
    with client.session_transaction() as session:
        [key] = [key for key in session if key.startswith("_state_")]
        if changed == "state":
            session.pop(key)
        else:
            data = session[key]["data"] | {changed: "another-one-that-is-long-enough-to-be-one-of-43-x"}
            session[key] = {**session[key], "data": data}
    answer = client.get(back)
    assert (answer.status_code, "did not let you in" in answer.get_data(as_text=True)) == (403, True)
    assert client.get("/studies").status_code == 303


def test_a_code_is_taken_once(start: Start, provider: Provider) -> None:
    client = start().test_client()
    back = provider.visit(client.get("/sign-in/single-sign-on").headers["Location"]).removeprefix("http://localhost")
    assert client.get(back).status_code == 303
    assert client.get(back).status_code == 403


@pytest.mark.parametrize(
    "claims", [{"tenant": "Elsewhere"}, {"tenant": None}, {"groups": ["staff"]}, {"preferred_username": None}]
)
def test_nobody_comes_in_whom_no_rule_maps(
    services: Services, start: Start, provider: Provider, claims: dict[str, object]
) -> None:
    provider.name(**claims)
    assert enter(start().test_client(), provider).status_code == 403
    assert roles(services) == {}


def test_unless_it_is_set_nobody_is_added_and_people_are_connected_on_purpose(
    services: Services, settings: Settings, start: Start, provider: Provider, provider_settings: SingleSignOnSettings
) -> None:
    app = start(adds_people=False)
    people.add_person(services, ADMIN, "Grace", "reader", None)
    assert enter(app.test_client(), provider).status_code == 403
    kept = replace(services, settings=replace(settings, single_sign_on=provider_settings))
    single_sign_on.connect_identity(kept, ADMIN, "Grace", "g-1906")
    provider.name()
    assert enter(app.test_client(), provider).status_code == 303


def test_somebody_of_the_same_name_elsewhere_takes_over_no_account(
    services: Services, start: Start, provider: Provider
) -> None:
    people.add_person(services, ADMIN, "Grace", "admin", None)
    assert enter(start().test_client(), provider).status_code == 403
    assert roles(services) == {"Grace": "admin"}


def test_a_tenant_follows_from_its_claim_alone(services: Services, start: Start, provider: Provider) -> None:
    provider.name(tenant="Hospital B")
    assert enter(start().test_client(), provider).status_code == 403
    ensure_tenant(services, "north")
    provider.name(tenant="Hospital B")
    client = start().test_client()
    assert enter(client, provider).status_code == 303
    assert (roles(services), roles(services, "north")) == ({}, {"Grace": "reader"})


def test_another_role_at_the_provider_is_another_role_here_and_ends_older_sessions(
    services: Services, start: Start, provider: Provider
) -> None:
    app = start()
    before, after = app.test_client(), app.test_client()
    enter(before, provider)
    provider.name(groups=["heads"])
    enter(after, provider)
    assert roles(services) == {"Grace": "admin"}
    assert (before.get("/studies").status_code, after.get("/people").status_code) == (303, 200)


def test_somebody_who_is_disabled_here_does_not_come_in(services: Services, start: Start, provider: Provider) -> None:
    app = start()
    enter(app.test_client(), provider)
    people.set_enabled(services, ADMIN, "Grace", False)
    provider.name()
    assert enter(app.test_client(), provider).status_code == 403


def test_an_identity_that_was_moved_in_the_database_is_refused(
    services: Services, settings: Settings, start: Start, provider: Provider, ada: Account
) -> None:
    app = start()
    enter(app.test_client(), provider)
    engine = sa.create_engine(settings.database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE identities SET person = :ada"), {"ada": ada.person.id})
    engine.dispose()
    provider.name()
    assert enter(app.test_client(), provider).status_code == 403


def test_signing_out_leads_to_the_provider_and_back(start: Start, provider: Provider) -> None:
    client = start().test_client()
    enter(client, provider)
    page = client.get("/studies")
    assert f"form-action 'self' {provider.issuer};" in page.headers["Content-Security-Policy"]
    answer = client.post("/sign-out", data={"csrf_token": form_token(client, "/account")})
    there = urlsplit(answer.headers["Location"])
    assert f"{there.scheme}://{there.netloc}" == provider.issuer
    assert parse_qs(there.query)["post_logout_redirect_uri"] == [SIGN_IN]
    assert provider.browser.get(answer.headers["Location"], timeout=10).status_code == 200
    assert client.get("/studies").status_code == 303


def test_a_provider_that_does_not_answer_is_said_in_words(services: Services, start: Start) -> None:
    client = start(issuer="http://127.0.0.1:9").test_client()
    assert client.get("/sign-in/single-sign-on").status_code == 503


def test_without_a_provider_there_is_no_such_way_in(client: FlaskClient) -> None:
    assert client.get("/sign-in/single-sign-on").status_code == 404
    assert client.get("/sign-in/single-sign-on/back").status_code == 404
    assert "Single sign-on" not in client.get("/sign-in").get_data(as_text=True)
