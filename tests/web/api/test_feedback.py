"""Feedback through the API: stored as it was sent, listed, and every bad body refused in words."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import Account
from tests.web.api.test_refusals import refused
from tests.web.conftest import Sender, multipart

WRIST = {"region": "wrist", "box_px": [40.0, 30.0, 120.0, 60.0], "answer": "confirmed"}
ELBOW = {"region": "elbow", "box_px": [40.0, 72.0, 120.0, 102.0], "answer": "rejected"}
MISSED = {"region": "wrist", "box_px": [1, 2.5, 30, 40], "answer": "missed"}


@pytest.fixture
def study(api: Sender, png: bytes) -> dict[str, Any]:
    return api("post", "/studies", **multipart(("a.png", png))).get_json()


@pytest.fixture
def path(study: dict[str, Any]) -> str:
    return f"/studies/{study['id']}/images/{study['images'][0]['id']}/feedback"


def test_feedback_is_stored_and_listed(api: Sender, path: str, study: dict[str, Any], ada: Account) -> None:
    answer = api("post", path, json={"findings": [WRIST, ELBOW, MISSED], "comment": "Look again"})

    assert answer.status_code == 201
    kept = answer.get_json()
    assert kept == {
        "id": kept["id"],
        "image_id": study["images"][0]["id"],
        "reader": {"id": ada.person.id, "name": "Ada"},
        "created_at": "2026-11-23T09:30:00Z",
        "findings": [WRIST, ELBOW, MISSED],
        "normal": False,
        "comment": "Look again",
    }
    assert api("get", path).get_json() == {"feedback": [kept]}


def test_a_finding_can_be_sent_back_as_the_study_gave_it(api: Sender, path: str, study: dict[str, Any]) -> None:
    findings = [{**finding, "answer": "confirmed"} for finding in study["images"][0]["findings"]]

    answer = api("post", path, json={"findings": findings})

    assert answer.status_code == 201
    assert [mark["region"] for mark in answer.get_json()["findings"]] == ["wrist", "elbow"]


def test_a_whole_image_is_said_to_be_normal(api: Sender, path: str) -> None:
    kept = api("post", path, json={"findings": [], "normal": True, "comment": None}).get_json()

    assert (kept["findings"], kept["normal"], kept["comment"]) == ([], True, "")


def test_the_same_body_sent_twice_is_stored_once(api: Sender, path: str) -> None:
    first, second = (api("post", path, json={"findings": [WRIST]}) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json() == second.get_json()
    assert len(api("get", path).get_json()["feedback"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        [],
        "confirmed",
        {},
        {"findings": []},
        {"findings": {}},
        {"findings": [WRIST], "normal": "yes"},
        {"findings": [WRIST], "comment": 7},
        {"findings": [WRIST], "comment": "x" * 4001},
        {"findings": [WRIST], "normal": True},
        {"findings": ["wrist"]},
        {"findings": [{}]},
        {"findings": [{**WRIST, "answer": "perhaps"}]},
        {"findings": [{**WRIST, "answer": None}]},
        {"findings": [{**WRIST, "region": 3}]},
        {"findings": [{**WRIST, "region": "elbow positive"}]},
        {"findings": [{**WRIST, "box_px": [40, 30, 120, 63]}]},
        {"findings": [WRIST, {**WRIST, "answer": "rejected"}]},
        {"findings": [{**MISSED, "region": "tail"}]},
        {"findings": [{**MISSED, "box_px": [1, 2, 3]}]},
        {"findings": [{**MISSED, "box_px": "1,2,3,4"}]},
        {"findings": [{**MISSED, "box_px": [True, 2, 30, 40]}]},
        {"findings": [{**MISSED, "box_px": [1, 2, 30, 10**400]}]},
        {"findings": [{**MISSED, "box_px": [1, 2, 161, 40]}]},
        {"findings": [{**MISSED, "box_px": [-1, 2, 30, 40]}]},
        {"findings": [{**MISSED, "box_px": [10, 2, 10, 40]}]},
        {"findings": [{**MISSED, "box_px": [1, float("nan"), 30, 40]}]},
        {"findings": [{**MISSED, "box_px": [1, 2, float("inf"), 40]}]},
    ],
)
def test_a_body_that_does_not_fit_is_refused_and_nothing_is_stored(api: Sender, path: str, body: object) -> None:
    assert refused(api("post", path, json=body), 422, "bad-feedback")
    assert api("get", path).get_json() == {"feedback": []}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"{}", "text/plain"),
        (b"[" * 30_000, "application/json"),
        (b"[" * 30_000 + b"]" * 30_000, "application/json"),
        (b'{"findings": ' + b'{"a": ' * 9_000 + b"1" + b"}" * 9_000 + b"}", "application/json"),
        (b'{"comment": "\xff"}', "application/json"),
    ],
)
def test_a_body_that_is_not_json_is_refused(api: Sender, path: str, data: bytes, kind: str) -> None:
    assert refused(api("post", path, data=data, content_type=kind), 400, "bad-request")


def test_a_body_without_end_is_refused(api: Sender, path: str) -> None:
    assert refused(api("post", path, json={"comment": "x" * 70_000}), 413, "upload-too-large")


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_or_deleted_study_or_image_is_not_found(
    api: Sender, study: dict[str, Any], path: str, method: str
) -> None:
    body = {"json": {"findings": [WRIST]}} if method == "post" else {}
    assert refused(api(method, f"/studies/{study['id']}/images/none/feedback", **body), 404, "image-not-found")
    assert refused(api(method, "/studies/none/images/none/feedback", **body), 404, "study-not-found")
    api("delete", f"/studies/{study['id']}")
    assert refused(api(method, path, **body), 404, "study-not-found")


@pytest.mark.parametrize("method", ["get", "post"])
def test_someone_elses_image_is_not_found(
    client: FlaskClient, account: Callable[..., Account], path: str, method: str
) -> None:
    body = {"json": {"findings": [WRIST]}} if method == "post" else {}

    answer = getattr(client, method)(f"/api/v1{path}", headers=account("Eve", tenant="north").bearer, **body)

    assert refused(answer, 404, "study-not-found")
