"""The worklist for programs: the same order and filters as the page, in JSON."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.conftest import Account
from tests.support.fakes import FakeClock, FakeDetector
from tests.web.conftest import Sender, multipart

Reader = Callable[..., str]


@pytest.fixture
def read(api: Sender, detector: FakeDetector, clock: FakeClock, png: bytes) -> Reader:
    """Sends a radiograph on which the detector says what it is told; the id of the study."""

    def send(**scores_of: float) -> str:
        clock.pass_(minutes=1)
        detector.scores_of = scores_of
        return api("post", "/studies", **multipart(("a.png", png))).get_json()["id"]

    return send


def listed(api: Sender, query: str = "") -> list[str]:
    return [study["id"] for study in api("get", f"/worklist{query}").get_json()["studies"]]


def test_a_program_gets_the_order_of_triage_and_who_has_read_what(api: Sender, read: Reader, ada: Account) -> None:
    none, sure, possible = read(), read(wrist=0.9), read(wrist=0.3)
    assert listed(api) == [sure, possible, none]

    assert api("post", f"/studies/{sure}/read").status_code == 204

    page = api("get", "/worklist?state=read").get_json()
    assert (page["next"], page["damaged"], page["behind"]) == (None, [], False)
    (study,) = page["studies"]
    assert (study["id"], study["state"], study["images"][0]["verdict"]) == (sure, "read", "fracture")
    assert study["read_by"] == [{"id": ada.person.id, "name": "Ada", "at": "2026-11-23T09:33:00Z"}]
    assert api("delete", f"/studies/{sure}/read").status_code == 204
    assert listed(api) == [sure, possible, none]
    assert listed(api, "?order=newest") == listed(api, "?verdict=&order=newest") == [possible, sure, none]
    assert [study["id"] for study in api("get", "/studies").get_json()["studies"]] == [possible, sure, none]


def test_a_program_pages_through_what_it_filters(api: Sender, read: Reader) -> None:
    studies = [read(wrist=0.9) for _ in range(5)]
    read(elbow=0.3)
    found, after = [], ""
    for _ in range(3):
        page = api("get", f"/worklist?region=wrist&limit=2&after={after}").get_json()
        found += [study["id"] for study in page["studies"]]
        after = page["next"]
    assert after is None
    assert found == studies[::-1]


@pytest.mark.parametrize("query", ["?state=done", "?from=23.11.2026", "?limit=0", "?after=nowhere"])
def test_what_is_asked_wrongly_is_refused_with_a_code(api: Sender, query: str) -> None:
    answer = api("get", f"/worklist{query}")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "bad-request")


def test_someone_elses_studies_are_neither_listed_nor_marked(
    api: Sender, client: FlaskClient, read: Reader, account: Callable[..., Account]
) -> None:
    study = read(wrist=0.9)
    eve = account("Eve", tenant="elsewhere")

    assert client.get("/api/v1/worklist", headers=eve.bearer).get_json()["studies"] == []
    for method in (client.post, client.delete):
        assert method(f"/api/v1/studies/{study}/read", headers=eve.bearer).status_code == 404
    assert listed(api, "?state=unread") == [study]


def test_a_stranger_is_refused(client: FlaskClient) -> None:
    assert client.get("/api/v1/worklist").status_code == 401
    assert client.post("/api/v1/studies/0/read").status_code == 401
