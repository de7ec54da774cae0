"""Administration pages: people, tokens, tenants, retention and the audit record, each act with its entry."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.records import Actor, Person, Role
from app.services import Services
from app.usecases.administration import people, tokens
from app.web import create_app
from tests.conftest import Account
from tests.support.access import ensure_tenant, use_link
from tests.web.conftest import form_token, multipart

ADMIN = Actor("default", "os:test")
Post = Callable[..., TestResponse]


def enter(app: Flask, services: Services, name: str, role: Role = "admin", tenant: str = "default") -> FlaskClient:
    ensure_tenant(services, tenant)
    actor = Actor(tenant, "os:test")
    people.add_person(services, actor, name, role, None)
    client = app.test_client()
    use_link(client, people.add_link(services, actor, name))
    return client


@pytest.fixture
def admin(app: Flask, services: Services) -> FlaskClient:
    return enter(app, services, "Root")


@pytest.fixture
def post(admin: FlaskClient) -> Post:
    def send(path: str, **fields: object) -> TestResponse:
        return admin.post(path, data={"csrf_token": form_token(admin, "/people"), **fields})

    return send


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def link_in(answer: TestResponse) -> str:
    found = re.search(r"http://localhost/sign-in/([\w-]{43})<", text(answer))
    assert found
    return found[1]


def person_of(services: Services, name: str) -> Person:
    row = services.store.people.by_name("default", name)
    assert row
    return row.person


def entered(services: Services, tenant: str = "default") -> list[tuple[str, str]]:
    """Actor and action of each entry."""
    return [(entry.event.actor, entry.event.action) for entry in services.store.audit.entries(tenant)]


def test_a_person_is_added_and_signs_in_by_the_link_that_is_shown_once(
    app: Flask, services: Services, post: Post
) -> None:
    answer = post("/people", name=" Bea ", role="reader")
    assert answer.status_code == 200
    bea, root = person_of(services, "Bea"), person_of(services, "Root")
    assert bea.role == "reader"
    client = app.test_client()
    assert use_link(client, link_in(answer)).status_code == 303
    assert client.get("/studies").status_code == 200
    assert entered(services)[-4:-1] == [
        (root.id, "person-added"),
        (root.id, "link-added"),
        (bea.id, "signed-in-by-link"),
    ]


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"name": "Root", "role": "reader"}, 409, "exists already"),
        ({"name": "", "role": "reader"}, 400, "1 to 200 printable"),
        ({"name": "Bea", "role": "king"}, 400, "role must be one of"),
    ],
)
def test_a_person_who_cannot_be_added_is_refused_in_the_form(
    post: Post, fields: dict[str, str], status: int, words: str
) -> None:
    answer = post("/people", **fields)
    assert answer.status_code == status
    assert words in text(answer)
    assert 'action="/people"' in text(answer)


@pytest.mark.parametrize("act", ["disable", "role", "sessions/end"])
def test_access_is_withdrawn_at_once(app: Flask, services: Services, post: Post, ada: Account, act: str) -> None:
    client = app.test_client()
    use_link(client, people.add_link(services, ADMIN, "Ada"))
    assert client.get("/account").status_code == 200
    answer = post(f"/people/{ada.person.id}/{act}", role="reader")
    assert answer.status_code == 303
    assert client.get("/account").status_code == 303
    if act == "disable":
        assert use_link(client, people.add_link(services, ADMIN, "Ada")).status_code == 401
        post(f"/people/{ada.person.id}/enable")
        assert use_link(client, people.add_link(services, ADMIN, "Ada")).status_code == 303


def test_tokens_are_made_shown_once_and_revoked(
    app: Flask, services: Services, admin: FlaskClient, post: Post, ada: Account
) -> None:
    answer = post(f"/people/{ada.person.id}/tokens", scope=["view"], days="7")
    token = re.search(r'class="secret">([\w-]{43})<', text(answer))
    assert token
    assert token[1] not in text(admin.get(f"/people/{ada.person.id}"))
    bearer = {"Authorization": f"Bearer {token[1]}"}
    assert app.test_client().get("/api/v1/studies", headers=bearer).status_code == 200
    [row] = [one for one in tokens.list_tokens(services, "default", "Ada") if one.scopes == ("view",)]
    assert row.expires_at is not None
    assert post(f"/people/{ada.person.id}/tokens/{row.id}/revoke").status_code == 303
    assert app.test_client().get("/api/v1/studies", headers=bearer).status_code == 401


@pytest.mark.parametrize("fields", [{"days": "0"}, {"days": "x"}, {"scope": "everything", "days": "3"}])
def test_a_token_of_no_days_or_scope_is_refused(post: Post, ada: Account, fields: dict[str, str]) -> None:
    assert post(f"/people/{ada.person.id}/tokens", **fields).status_code == 400


def test_an_administrator_cannot_lock_out_themselves(services: Services, admin: FlaskClient, post: Post) -> None:
    root = person_of(services, "Root")
    assert post(f"/people/{root.id}/disable").status_code == 409
    assert post(f"/people/{root.id}/role", role="reader").status_code == 409
    assert admin.get("/people").status_code == 200


def test_people_of_another_tenant_do_not_exist(app: Flask, services: Services, post: Post) -> None:
    enter(app, services, "Nora", tenant="north")
    row = services.store.people.by_name("north", "Nora")
    assert row
    for act in ("disable", "link", "role", "sessions/end", "tokens"):
        assert post(f"/people/{row.person.id}/{act}", role="reader", days="1").status_code == 404
    assert services.store.people.by_name("north", "Nora") == row


def test_a_tenant_is_made_on_purpose_with_an_administrator_of_its_own(
    app: Flask, services: Services, post: Post
) -> None:
    refused = post("/tenants", name="north", again="nroth", admin="Nora")
    assert (refused.status_code, "not typed alike" in text(refused)) == (400, True)
    assert not services.store.people.has_tenant("north")

    answer = post("/tenants", name="north", again="north", admin="Nora")

    nora = app.test_client()
    assert use_link(nora, link_in(answer)).status_code == 303
    assert "People of north" in text(nora.get("/people"))
    assert ("tenant-added") in [action for _, action in entered(services)]
    assert [action for _, action in entered(services, "north")][:3] == ["tenant-added", "person-added", "link-added"]
    assert post("/tenants", name="north", again="north", admin="Nora").status_code == 409


def test_only_an_administrator_of_the_first_tenant_sees_and_makes_tenants(app: Flask, services: Services) -> None:
    nora = enter(app, services, "Nora", tenant="north")
    assert nora.get("/tenants").status_code == 403
    assert "/tenants" not in text(nora.get("/people"))
    fields = {"csrf_token": form_token(nora, "/people"), "name": "south", "again": "south", "admin": "Nora"}
    assert nora.post("/tenants", data=fields).status_code == 403
    assert not services.store.people.has_tenant("south")


def test_the_preview_of_retention_names_exactly_what_is_then_deleted(
    services: Services, settings, clock, png: bytes, account
) -> None:
    kept = replace(services, settings=replace(settings, retention_days=30))
    app = create_app(kept.settings, kept)
    ada, nora = account("Ada"), account("Nora", tenant="north")
    client = app.test_client()

    def send(sender: Account) -> str:
        answer = client.post("/api/v1/studies", headers=sender.bearer, **multipart(("a.png", png)))
        return str(answer.get_json()["id"])

    old, theirs = send(ada), send(nora)
    clock.pass_(days=31)
    new = send(ada)
    admin = enter(app, kept, "Root")
    page = text(admin.get("/retention"))
    assert [study in page for study in (old, new, theirs)] == [True, False, False]
    assert "Delete" not in text(admin.get("/retention?days=1"))
    form = {"csrf_token": form_token(admin, "/people")}

    assert admin.post("/retention/purge", data={**form, "count": "0"}).status_code == 409
    assert client.get(f"/api/v1/studies/{old}", headers=ada.bearer).status_code == 200
    assert admin.post("/retention/purge", data={**form, "count": "1"}).status_code == 303

    found = [
        client.get(f"/api/v1/studies/{study}", headers=sender.bearer).status_code
        for study, sender in ((old, ada), (new, ada), (theirs, nora))
    ]
    assert found == [404, 200, 200]
    assert (person_of(services, "Root").id, "study-expired") in entered(services)


def test_without_a_rule_nothing_is_purged(post: Post, admin: FlaskClient) -> None:
    assert "RETENTION_DAYS is not set" in text(admin.get("/retention"))
    assert post("/retention/purge", count="0").status_code == 409


def test_an_auditor_reads_the_record_by_its_filters_and_that_is_entered(
    app: Flask, services: Services, ada: Account, clock
) -> None:
    auditor = enter(app, services, "Dora", "auditor")
    clock.pass_(days=1)
    use_link(auditor, people.add_link(services, ADMIN, "Dora"))
    people.set_enabled(services, ADMIN, "Ada", False)
    rows = re.compile(r'<th scope="row" class="number">(\d+)</th>')

    def found(query: str) -> list[str]:
        answer = auditor.get(f"/audit{query}")
        assert answer.status_code == 200
        return rows.findall(text(answer))

    everything = found("")
    assert everything == sorted(everything, key=int, reverse=True)
    assert len(found("?action=person-disabled")) == 1
    assert len(found(f"?subject={ada.person.id}")) == 2
    assert found("?actor=nobody") == []
    assert found("?actor=a%00b") == []
    assert len(found("?from=2026-11-24")) == 4
    assert found("?to=2026-11-22") == []
    assert found("?before=3") == ["2", "1"]
    assert "audit-viewed" in [action for _, action in entered(services)]
    for query in ("from=tomorrow", "to=0001-01-01", "before=x"):
        assert auditor.get(f"/audit?{query}").status_code == 400
    assert auditor.get("/people").status_code == 403


def test_the_record_is_verified_on_the_page(app: Flask, services: Services, ada: Account, settings) -> None:
    import sqlalchemy as sa

    auditor = enter(app, services, "Dora", "auditor")
    form = {"csrf_token": form_token(auditor, "/audit")}
    assert "The audit record is whole" in text(auditor.post("/audit/verify", data=form))
    engine = sa.create_engine(settings.database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE audit SET actor = 'nobody' WHERE sequence = 2"))
    engine.dispose()
    assert "broken at entry 2" in text(auditor.post("/audit/verify", data=form))


@pytest.mark.parametrize("role", ["clinician", "reader", "uploader", "auditor"])
def test_no_other_role_opens_or_sends_anything_to_administration(app: Flask, services: Services, role: Role) -> None:
    client = enter(app, services, "Carl", role)
    form = {"csrf_token": form_token(client, "/account")}
    carl = person_of(services, "Carl")
    for path in ("/people", f"/people/{carl.id}", "/tenants", "/retention"):
        assert client.get(path).status_code == 403, path
    for path in ("/people", f"/people/{carl.id}/role", "/tenants", "/retention/purge"):
        assert client.post(path, data={**form, "role": "admin"}).status_code == 403, path
    assert (client.get("/audit").status_code == 403) == (role != "auditor")
    assert person_of(services, "Carl") == carl


def test_a_form_of_another_site_does_nothing(services: Services, admin: FlaskClient, ada: Account) -> None:
    for path in ("/people", f"/people/{ada.person.id}/disable", "/tenants", "/retention/purge", "/audit/verify"):
        assert admin.post(path, data={"name": "x", "role": "admin"}).status_code == 400, path


def test_somebody_who_forgot_their_password_takes_another_by_a_link(
    app: Flask, services: Services, ada: Account, clock
) -> None:
    client = app.test_client()
    use_link(client, people.add_link(services, ADMIN, "Ada"))
    assert "Present password" not in text(client.get("/account"))
    fields = {"csrf_token": form_token(client, "/account"), "new": "seven green elephants"}
    assert client.post("/account/password", data={**fields, "again": "seven green elephants"}).status_code == 303
    clock.pass_(minutes=31)
    assert client.get("/account").status_code == 200
    clock.pass_(minutes=31)
    assert "Present password" in text(client.get("/account"))
