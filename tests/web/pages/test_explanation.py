"""The page that explains a finding, as a browser without JavaScript sees it."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.errors import Busy
from app.records import DISCLAIMER, Actor
from app.usecases.administration import people
from tests.conftest import Account
from tests.support.access import use_link
from tests.web.conftest import form_token, multipart


@pytest.fixture
def study(signed_in: FlaskClient, png: bytes) -> str:
    """The address of a study with two findings."""
    return signed_in.post("/studies", **multipart(("a.png", png), csrf_token=form_token(signed_in))).headers["Location"]


def links(client: FlaskClient, study: str) -> list[str]:
    return re.findall(r'data-why href="([^"]+)"', client.get(study).get_data(as_text=True))


def test_every_finding_leads_to_its_explanation(signed_in: FlaskClient, study: str) -> None:
    found = links(signed_in, study)

    assert [link.rsplit("/", 1)[1] for link in found] == ["0", "1"]
    pages = [signed_in.get(link).get_data(as_text=True) for link in found]
    assert "Wrist, 87%" in pages[0].replace("\N{NO-BREAK SPACE}", "").replace(" %", "%")
    assert "Elbow, 40%" in pages[1].replace("\N{NO-BREAK SPACE}", "").replace(" %", "%")


def test_it_says_that_it_is_an_aid_and_no_evidence(signed_in: FlaskClient, study: str) -> None:
    page = signed_in.get(links(signed_in, study)[0]).get_data(as_text=True)

    assert "An aid, not evidence." in page
    assert DISCLAIMER in page
    assert "what it does not show" in page


def test_where_nothing_stands_out_words_say_so_and_no_colours_are_drawn(signed_in: FlaskClient, study: str) -> None:
    page = signed_in.get(links(signed_in, study)[0]).get_data(as_text=True)

    assert "Nothing stands out" in page
    assert "why.png" not in page


def test_a_busy_server_says_so_and_leads_back_to_the_study(signed_in: FlaskClient, study: str, detector) -> None:
    link = links(signed_in, study)[0]
    detector.broken = Busy()

    answer = signed_in.get(link)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert f'href="{study}"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("number", ["2", "x", "-1"])
def test_an_unknown_finding_has_no_page(signed_in: FlaskClient, study: str, number: str) -> None:
    link = links(signed_in, study)[0].rsplit("/", 1)[0]

    assert signed_in.get(f"{link}/{number}").status_code == 404


def test_someone_elses_finding_has_no_page(
    signed_in: FlaskClient, study: str, services, account: Callable[..., Account]
) -> None:
    link = links(signed_in, study)[0]
    assert signed_in.get(link).status_code == 200
    account("Eve", tenant="elsewhere")
    use_link(signed_in, people.add_link(services, Actor("elsewhere", "test"), "Eve"))

    assert signed_in.get(link).status_code == 404
