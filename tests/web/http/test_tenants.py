"""Nobody reads across tenants: what is another's looks like what never was."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.records import Actor
from tests.conftest import Account
from tests.support.access import use_link
from tests.web.conftest import Sender, form_token, multipart


@pytest.fixture
def eve(account: Callable[..., Account]) -> Account:
    """A clinician of another tenant."""
    return account("Eve", tenant="elsewhere")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/studies/{study}"),
        ("delete", "/studies/{study}"),
        ("post", "/studies/{study}/images"),
        ("post", "/studies/{study}/images/{image}/assess"),
        ("get", "/studies/{study}/report.pdf"),
        ("get", "/studies/{study}/images/{image}/original.png"),
        ("get", "/studies/{study}/images/{image}/annotated.png"),
    ],
)
def test_someone_elses_study_is_not_found(  # noqa: PLR0917 - fixtures
    api: Sender, client: FlaskClient, eve: Account, png: bytes, method: str, path: str
) -> None:
    study = api("post", "/studies", **multipart(("a.png", png))).get_json()
    where = "/api/v1" + path.format(study=study["id"], image=study["images"][0]["id"])
    body = multipart(("b.png", png)) if method == "post" else {}

    theirs = getattr(client, method)(where, headers=eve.bearer, **body)
    nowhere = getattr(client, method)(where.replace(study["id"], "0" * 32), headers=eve.bearer, **body)

    assert theirs.status_code == nowhere.status_code == 404
    assert theirs.get_json()["error"]["code"] == nowhere.get_json()["error"]["code"]
    assert api("get", f"/studies/{study['id']}").status_code == 200


def test_someone_elses_studies_are_not_listed(api: Sender, client: FlaskClient, eve: Account, png: bytes) -> None:
    api("post", "/studies", **multipart(("a.png", png)))

    assert client.get("/api/v1/studies", headers=eve.bearer).get_json()["studies"] == []


def test_someone_elses_study_page_is_not_found(
    api: Sender, client: FlaskClient, services, eve: Account, png: bytes
) -> None:
    from app.usecases.administration import people

    study = api("post", "/studies", **multipart(("a.png", png))).get_json()
    use_link(client, people.add_link(services, Actor("elsewhere", "test"), "Eve"))

    answer = client.get(f"/studies/{study['id']}")
    report = client.post(f"/studies/{study['id']}/report", data={"csrf_token": form_token(client)})

    assert answer.status_code == report.status_code == 404
    assert answer.mimetype == report.mimetype == "text/html"
