"""The readers' outcome through the API: study, worklist, and the closing of a disagreement."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import Account
from tests.web.api.test_refusals import refused
from tests.web.conftest import Sender, multipart

FRACTURE = {"findings": [{"region": "wrist", "box_px": [40, 30, 120, 60], "answer": "confirmed"}]}
NORMAL = {"normal": True}


@pytest.fixture
def study(api: Sender, png: bytes) -> dict[str, Any]:
    return api("post", "/studies", **multipart(("a.png", png))).get_json()


@pytest.fixture
def bob(client: FlaskClient, account: Callable[..., Account]) -> Sender:
    headers = account("Bob").bearer
    return lambda method, path, **rest: getattr(client, method)(f"/api/v1{path}", headers=headers, **rest)


def feedback_path(study: dict[str, Any]) -> str:
    return f"/studies/{study['id']}/images/{study['images'][0]['id']}/feedback"


def test_a_study_has_the_outcome_of_its_reader_beside_the_verdict(api: Sender, study: dict[str, Any]) -> None:
    assert (study["verdict"], study["outcome"], study["decision"]) == ("fracture", None, None)

    api("post", feedback_path(study), json=NORMAL)

    decided = api("get", f"/studies/{study['id']}").get_json()
    assert (decided["verdict"], decided["outcome"]) == ("fracture", "none")
    assert decided["decision"]["readers"] == ["Ada"]
    assert [one["id"] for one in api("get", "/worklist?outcome=none").get_json()["studies"]] == [study["id"]]
    assert api("get", "/worklist?outcome=fracture").get_json()["studies"] == []


def test_readers_who_differ_are_told_apart_until_a_person_closes_it(
    api: Sender, bob: Sender, study: dict[str, Any]
) -> None:
    path = f"/studies/{study['id']}"
    assert refused(api("post", f"{path}/outcome", json={"outcome": "none"}), 409, "not-disputed")
    api("post", feedback_path(study), json=NORMAL)
    bob("post", feedback_path(study), json=FRACTURE)
    assert api("get", path).get_json()["outcome"] == "disputed"
    assert len(api("get", "/worklist?outcome=disputed").get_json()["studies"]) == 1

    closed = api("post", f"{path}/outcome", json={"outcome": "fracture", "comment": "Seen together"})

    assert closed.status_code == 201
    decision = closed.get_json()["decision"]
    assert (decision["outcome"], decision["closed_by"], decision["comment"]) == ("fracture", "Ada", "Seen together")
    assert api("get", "/worklist?outcome=disputed").get_json()["studies"] == []
    assert refused(api("post", f"{path}/outcome", json={"outcome": "none"}), 409, "not-disputed")


@pytest.mark.parametrize("body", [{}, {"outcome": "perhaps"}, {"outcome": "none", "comment": "x" * 4001}])
def test_a_closing_that_does_not_fit_is_refused(api: Sender, bob: Sender, study: dict[str, Any], body: object) -> None:
    api("post", feedback_path(study), json=NORMAL)
    bob("post", feedback_path(study), json=FRACTURE)

    assert refused(api("post", f"/studies/{study['id']}/outcome", json=body), 422, "bad-feedback")
    assert api("get", f"/studies/{study['id']}").get_json()["outcome"] == "disputed"
