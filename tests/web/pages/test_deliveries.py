"""The page of deliveries: what did not arrive is listed and tried again."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.records import Actor
from app.services import Services
from app.usecases.administration import people
from app.usecases.outbox.deliver import MOST_ATTEMPTS, DeliveryFailed, deliver
from app.usecases.outbox.messages import WEBHOOK, add_webhook, announce
from tests.support.access import use_link
from tests.support.fakes import FakeClock
from tests.web.conftest import Sender, form_token, image, multipart

ADMIN = Actor("default", "os:test")


@pytest.fixture
def admin(app: Flask, services: Services) -> FlaskClient:
    people.add_person(services, ADMIN, "Root", "admin", None)
    client = app.test_client()
    use_link(client, people.add_link(services, ADMIN, "Root"))
    return client


@pytest.fixture
def study(services: Services, api: Sender) -> str:
    add_webhook(services, ADMIN, "https://user:word@his.example/hooks/secret-path")
    return api("post", "/studies", **multipart(("a.png", image()))).get_json()["id"]


def give_up(services: Services, clock: FakeClock) -> None:
    def fail(*_: object) -> None:
        raise DeliveryFailed("http-500")

    for _ in range(MOST_ATTEMPTS):
        clock.pass_(hours=7)
        deliver(services, {WEBHOOK: fail})


def test_a_message_that_was_given_up_is_listed_and_tried_again(
    services: Services, clock: FakeClock, study: str, admin: FlaskClient
) -> None:
    assert "None: everything arrived" in admin.get("/deliveries").text
    assert "1 message waits" in admin.get("/deliveries").text
    give_up(services, clock)
    people_link = people.add_link(services, ADMIN, "Root")
    use_link(admin, people_link)
    page = admin.get("/deliveries").text
    for said in (study, "http-500", "16 attempts", "his.example"):
        assert said in page
    for kept in ("secret-path", "word"):
        assert f"/{kept}" not in page.split("<main")[1]
    (message,) = services.store.outbox.messages("default", dead=True)
    answer = admin.post(f"/deliveries/{message.id}/retry", data={"csrf_token": form_token(admin, "/deliveries")})
    assert answer.status_code == 303
    assert "Messages that are tried again: 1" in admin.get(answer.location).text
    sent: list[str] = []
    assert deliver(services, {WEBHOOK: lambda _services, one, _to: sent.append(one.study)}) == 1
    assert sent == [study]
    entered = [one.event for one in services.store.audit.entries("default") if one.event.action == "message-revived"]
    assert [one.subject for one in entered] == [message.id]


def test_all_of_them_are_tried_again_at_once(
    services: Services, clock: FakeClock, study: str, admin: FlaskClient
) -> None:
    with services.store.begin() as unit:
        announce(services, unit, "default", "outcome", study)
    give_up(services, clock)
    use_link(admin, people.add_link(services, ADMIN, "Root"))
    admin.post("/deliveries/retry", data={"csrf_token": form_token(admin, "/deliveries")})
    assert services.store.outbox.messages("default", dead=True) == ()
    assert len(services.store.outbox.messages("default", dead=False)) == 2


def test_another_tenant_sees_nothing_and_revives_nothing(
    app: Flask, services: Services, clock: FakeClock, study: str, account
) -> None:
    give_up(services, clock)
    account("Bea", tenant="north")
    north = replace(ADMIN, tenant="north")
    people.add_person(services, north, "Chief", "admin", None)
    client = app.test_client()
    use_link(client, people.add_link(services, north, "Chief"))
    assert study not in client.get("/deliveries").text
    (message,) = services.store.outbox.messages("default", dead=True)
    token = form_token(client, "/people")
    assert client.post(f"/deliveries/{message.id}/retry", data={"csrf_token": token}).status_code == 404
    assert client.post("/deliveries/retry", data={"csrf_token": token}).location == "/deliveries?revived=0"
    assert len(services.store.outbox.messages("default", dead=True)) == 1


def test_a_clinician_does_not_get_there(signed_in: FlaskClient) -> None:
    assert signed_in.get("/deliveries").status_code == 403
