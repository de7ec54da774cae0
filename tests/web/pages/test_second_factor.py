"""The second factor: set up, asked for after password or link, used once, limited, demanded and removed."""

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.errors import NotSignedIn
from app.records import Actor
from app.security import AccessSeal, AuditChain, FactorSeal, SecretKeys
from app.services import Services
from app.usecases.access import second_factor
from app.usecases.administration import maintenance, people
from app.usecases.administration import sign_in as sessions
from app.web import create_app
from tests.conftest import PASSWORD, Account
from tests.support.access import use_link
from tests.support.authenticator import code_of
from tests.support.fakes import FakeClock
from tests.web.conftest import form_token

ADMIN = Actor("default", "os:test")
# The secret of an authenticator in base32, and the recovery codes.
Factor = tuple[str, list[str]]


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def by_password(app: Flask, password: str = PASSWORD) -> FlaskClient:
    client = app.test_client()
    client.post("/sign-in", data={"csrf_token": form_token(client, "/sign-in"), "name": "Ada", "password": password})
    return client


def enter_code(client: FlaskClient, code: str) -> TestResponse:
    return client.post("/sign-in/code", data={"csrf_token": form_token(client, "/sign-in/code"), "code": code})


def set_up(client: FlaskClient, clock: FakeClock) -> Factor:
    """Set up a second factor; returns its secret and the recovery codes."""
    page = text(client.get("/account/second-factor"))
    secret = re.search(r'class="secret">([A-Z2-7]{32})<', page)
    sealed = re.search(r'name="sealed" value="([0-9a-f]+)"', page)
    assert secret
    assert sealed
    assert "<svg" in page
    form = {"csrf_token": form_token(client, "/account"), "sealed": sealed[1], "code": code_of(secret[1], clock())}
    answer = client.post("/account/second-factor", data=form)
    assert answer.status_code == 200
    return secret[1], re.findall(r"<code>([a-z2-7-]{19})</code>", text(answer))


@pytest.fixture
def factor(app: Flask, ada: Account, clock: FakeClock) -> Factor:
    found = set_up(by_password(app), clock)
    clock.pass_(seconds=60)
    return found


@pytest.mark.parametrize("way", ["password", "link"])
def test_password_and_link_alone_let_nobody_in_once_there_is_a_second_factor(
    app: Flask, services: Services, clock: FakeClock, factor: Factor, way: str
) -> None:
    client = by_password(app) if way == "password" else app.test_client()
    if way == "link":
        use_link(client, people.add_link(services, ADMIN, "Ada"))
    for path in ("/studies", "/account", "/account/second-factor"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in/code?next={path}")
    assert client.get("/api/v1/studies").status_code == 401

    answer = enter_code(client, code_of(factor[0], clock()))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/studies").status_code == 200
    actions = [entry.event.action for entry in services.store.audit.entries("default")]
    assert "first-factor-accepted" in actions
    assert actions[-2].startswith("signed-in")


def test_a_code_is_used_once(app: Flask, clock: FakeClock, factor: Factor) -> None:
    code = code_of(factor[0], clock())
    assert enter_code(by_password(app), code).status_code == 303
    answer = enter_code(by_password(app), code)
    assert (answer.status_code, "was used before" in text(answer)) == (400, True)
    clock.pass_(seconds=30)
    assert enter_code(by_password(app), code_of(factor[0], clock())).status_code == 303


def test_a_recovery_code_is_used_once_in_place_of_a_code(app: Flask, factor: Factor) -> None:
    first, second, *_ = factor[1]
    assert len(factor[1]) == 10
    client = by_password(app)
    assert enter_code(client, first.upper()).status_code == 303
    assert "9 codes are left" in text(client.get("/account/second-factor"))
    assert enter_code(by_password(app), first).status_code == 400
    assert enter_code(by_password(app), second).status_code == 303


def test_guesses_at_the_code_are_limited_though_the_password_is_right(
    app: Flask, services: Services, clock: FakeClock, factor: Factor
) -> None:
    answers = [enter_code(by_password(app), "000000").status_code for _ in range(9)]
    assert answers == [400] * 8 + [429]
    while second_factor_failures(services) < second_factor.MOST_FAILURES:
        clock.pass_(minutes=5)
        enter_code(by_password(app), "000000")
    clock.pass_(minutes=5)
    assert enter_code(by_password(app), code_of(factor[0], clock())).status_code == 400
    assert enter_code(by_password(app), factor[1][0]).status_code == 303
    assert enter_code(by_password(app), code_of(factor[0], clock())).status_code == 303


def second_factor_failures(services: Services) -> int:
    [(person, sealed)] = services.store.second_factors.all("default")
    return services.factor_seal.open("kept", sealed, "default", person).failures


def test_the_code_is_asked_for_within_minutes(app: Flask, clock: FakeClock, factor: Factor) -> None:
    client = by_password(app)
    token = form_token(client, "/sign-in/code")
    clock.pass_(minutes=11)
    answer = client.post("/sign-in/code", data={"csrf_token": token, "code": code_of(factor[0], clock())})
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in")


def test_nobody_enters_a_code_without_the_password(app: Flask, clock: FakeClock, factor: Factor) -> None:
    answer = enter_code(app.test_client(), code_of(factor[0], clock()))
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in")


def test_a_wrong_code_keeps_nothing_and_offers_the_same_secret_again(
    app: Flask, services: Services, ada: Account
) -> None:
    client = by_password(app)
    page = text(client.get("/account/second-factor"))
    sealed = re.findall(r'name="sealed" value="([0-9a-f]+)"', page)[0]
    for offered in (sealed, "00", "x"):
        form = {"csrf_token": form_token(client, "/account"), "sealed": offered, "code": "000000"}
        answer = client.post("/account/second-factor", data=form)
        assert answer.status_code == 400
        again = re.findall(r'class="secret">([A-Z2-7]{32})<', text(answer))
        assert (again[0] in page) == (offered == sealed)
    assert services.store.second_factors.all("default") == ()


def test_it_is_removed_by_its_owner_with_the_password(app: Flask, clock: FakeClock, factor: Factor) -> None:
    client = by_password(app)
    enter_code(client, code_of(factor[0], clock()))
    form = {"csrf_token": form_token(client, "/account"), "present": "wrong horse battery"}
    assert client.post("/account/second-factor/remove", data=form).status_code == 400
    assert client.post("/account/second-factor/codes", data=form).status_code == 400
    fresh = client.post("/account/second-factor/codes", data={**form, "present": PASSWORD})
    assert len(re.findall(r"<code>([a-z2-7-]{19})</code>", text(fresh))) == 10
    assert client.post("/account/second-factor/remove", data={**form, "present": PASSWORD}).status_code == 303
    assert by_password(app).get("/studies").status_code == 200


def test_an_administrator_removes_one_that_was_lost(
    app: Flask, services: Services, ada: Account, factor: Factor
) -> None:
    people.add_person(services, ADMIN, "Root", "admin", None)
    root = app.test_client()
    use_link(root, people.add_link(services, ADMIN, "Root"))
    page = text(root.get(f"/people/{ada.person.id}"))
    assert "has a second factor" in page
    form = {"csrf_token": form_token(root, "/people")}
    assert root.post(f"/people/{ada.person.id}/second-factor/remove", data=form).status_code == 303
    assert by_password(app).get("/studies").status_code == 200


@pytest.mark.parametrize(
    "demand", [{"second_factor_roles": ("clinician",)}, {"second_factor_tenants": ("default",)}], ids=["role", "tenant"]
)
def test_where_it_is_demanded_nothing_else_is_reached_before_it_is_set_up(
    services: Services, settings, ada: Account, clock: FakeClock, demand: dict[str, tuple[str, ...]]
) -> None:
    strict = replace(services, settings=replace(settings, **demand))
    app = create_app(strict.settings, strict)
    client = by_password(app)
    for path in ("/", "/studies"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account/second-factor")
    assert client.get("/api/v1/studies").status_code == 403
    assert client.get("/api/v1/studies", headers=ada.bearer).status_code == 200

    set_up(client, clock)

    assert client.get("/studies").status_code == 200
    form = {"csrf_token": form_token(client, "/account"), "present": PASSWORD}
    assert client.post("/account/second-factor/remove", data=form).status_code == 403


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM second_factors",
        "UPDATE people SET has_second_factor = 0",
        "UPDATE sessions SET awaits = ''",
        "UPDATE second_factors SET sealed = x'00'",
    ],
)
def test_the_second_factor_cannot_be_done_away_with_in_the_database(
    app: Flask, settings, clock: FakeClock, factor: Factor, statement: str
) -> None:
    client = by_password(app)
    engine = sa.create_engine(settings.database_url)
    with engine.begin() as connection:
        assert connection.execute(sa.text(statement)).rowcount >= 1
    engine.dispose()
    client.post("/sign-in/code", data={"csrf_token": form_token(client, "/sign-in"), "code": "000000"})
    assert client.get("/studies").status_code != 200
    assert by_password(app).get("/studies").status_code != 200


def test_it_survives_the_rotation_of_the_secret_key(
    app: Flask, services: Services, settings, clock: FakeClock, factor: Factor
) -> None:
    newer = "another-secret-of-the-tests-which-is-as-long"
    both = SecretKeys.parse(f"{newer},{settings.secret_key}")
    seals = {"access_seal": AccessSeal(both), "factor_seal": FactorSeal(both), "audit_chain": AuditChain(*both)}
    maintenance.authenticate_again(replace(services, **seals), "os:test")
    only = SecretKeys.parse(newer)
    seals = {"access_seal": AccessSeal(only), "factor_seal": FactorSeal(only), "audit_chain": AuditChain(*only)}
    rotated = replace(services, **seals)
    token, _ = sessions.sign_in(rotated, "default", "Ada", PASSWORD)
    with pytest.raises(NotSignedIn):
        sessions.person_of_session(rotated, token)
    whole, person = second_factor.confirm(rotated, token, code_of(factor[0], clock()))
    assert sessions.person_of_session(rotated, whole) == person
