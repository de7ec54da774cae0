"""Why, over HTTP: a image or a refusal in words."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.errors import Busy
from tests.conftest import Account
from tests.web.conftest import Sender, multipart


@pytest.fixture
def image(api: Sender, png: bytes) -> str:
    """The path of an image with two findings."""
    study = api("post", "/studies", **multipart(("a.png", png))).get_json()
    return f"/studies/{study['id']}/images/{study['images'][0]['id']}"


def test_the_answer_is_a_image_that_says_what_it_shows(api: Sender, image: str) -> None:
    answer = api("get", f"{image}/why.png?finding=1")

    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.headers["X-Why"] == "even"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "bad-request"),
        ("?finding=", 400, "bad-request"),
        ("?finding=-1", 400, "bad-request"),
        ("?finding=one", 400, "bad-request"),
        ("?finding=²", 400, "bad-request"),
        ("?finding=99999999", 400, "bad-request"),
        ("?finding=2", 404, "not-found"),
    ],
)
def test_a_finding_that_is_not_there_is_refused_in_words(
    api: Sender, image: str, query: str, status: int, code: str
) -> None:
    answer = api("get", f"{image}/why.png{query}")

    assert answer.status_code == status
    assert answer.get_json()["error"]["code"] == code
    assert answer.get_json()["error"]["message"]


def test_someone_elses_finding_is_not_found(
    api: Sender, client: FlaskClient, account: Callable[..., Account], image: str
) -> None:
    assert api("get", f"{image}/why.png?finding=0").status_code == 200

    theirs = client.get(f"/api/v1{image}/why.png?finding=0", headers=account("Eve", tenant="elsewhere").bearer)

    assert theirs.status_code == 404
    assert theirs.get_json()["error"]["code"] == "study-not-found"


def test_a_busy_server_says_when_to_come_back(api: Sender, app: Flask, detector, image: str) -> None:
    detector.broken = Busy()

    answer = api("get", f"{image}/why.png?finding=0")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.get_json()["error"]["code"] == "busy"
