"""The first minutes without JavaScript: first steps, the drawn sample, help."""

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from app.config import Settings
from app.records import DISCLAIMER
from tests.web.conftest import form_token, multipart


def sample(client: FlaskClient) -> str:
    """Send the form of the drawn sample; the address of its study."""
    answer = client.post("/studies/sample", data={"csrf_token": form_token(client)})
    assert answer.status_code == 303
    return answer.headers["Location"]


@pytest.mark.parametrize("path", ["/", "/studies"])
def test_the_first_steps_are_there_until_the_first_study(signed_in: FlaskClient, png: bytes, path: str) -> None:
    first = signed_in.get(path).get_data(as_text=True)
    signed_in.post("/studies", **multipart(("a.png", png), csrf_token=form_token(signed_in)))
    later = signed_in.get(path).get_data(as_text=True)

    assert "The first three steps" in first
    assert 'action="/studies/sample"' in first
    assert "The first three steps" not in later


def test_the_sample_becomes_a_study_that_says_what_it_is(signed_in: FlaskClient) -> None:
    page = signed_in.get(sample(signed_in)).get_data(as_text=True)

    assert "nobody" in page
    assert "A sample that this software drew itself." in page
    assert "Show where it is broken" in page


def test_a_sample_that_the_network_does_not_mark_is_honest_about_it(signed_in: FlaskClient, detector) -> None:
    detector.scores_of = {}

    page = signed_in.get(sample(signed_in)).get_data(as_text=True)

    assert "The software did not mark the place" in page


def test_no_other_study_speaks_of_a_sample(signed_in: FlaskClient, png: bytes) -> None:
    sent = multipart(("Sample 1 (drawn, nobody's)", png), csrf_token=form_token(signed_in))
    page = signed_in.get(signed_in.post("/studies", **sent).headers["Location"]).get_data(as_text=True)

    assert "Show where it is broken" not in page
    assert "drew itself" not in page


def test_a_sample_needs_the_forms_token(signed_in: FlaskClient) -> None:
    assert signed_in.post("/studies/sample").status_code == 400
    assert "The first three steps" in signed_in.get("/studies").get_data(as_text=True)


def test_a_stranger_gets_neither_sample_nor_help(client: FlaskClient) -> None:
    token = form_token(client, "/sign-in")

    for answer in (client.get("/help"), client.post("/studies/sample", data={"csrf_token": token})):
        assert answer.status_code == 303
        assert "/sign-in" in answer.headers["Location"]


def test_a_sample_is_deleted_like_any_study(signed_in: FlaskClient) -> None:
    study = sample(signed_in)

    signed_in.post(f"{study}/delete", data={"csrf_token": form_token(signed_in)})

    assert signed_in.get(study).status_code == 404
    assert "The first three steps" in signed_in.get("/studies").get_data(as_text=True)


def test_help_speaks_of_the_weights_in_use(signed_in: FlaskClient) -> None:
    page = signed_in.get("/help").get_data(as_text=True)

    assert "Elbow" in page or "elbow" in page
    assert "60" in page  # the fake's limits: definite from 60 %, possible from 25 %
    assert "25" in page
    assert "fake 7" in page
    assert "%%" not in page
    assert DISCLAIMER in page


def rates(name: str, sensitivity: float, specificity: float) -> dict[str, object]:
    return {"name": name, "sensitivity": {"value": sensitivity}, "specificity": {"value": specificity}}


POINTS = [rates("possible", 0.903, 0.526), rates("definite", 0.583, 0.951)]
VERDICT = {"images": 743, "images_with_fracture": 216, "operating_points": POINTS}


def test_help_tells_how_often_the_weights_were_right_where_they_say_so(signed_in: FlaskClient, detector) -> None:
    unmeasured = signed_in.get("/help").get_data(as_text=True)
    detector.spec = replace(detector.spec, provenance={"verdict": VERDICT})
    page = signed_in.get("/help").get_data(as_text=True)

    assert "Of 100 images with a fracture, 58 got such a mark; of 100 without one, 5 did." in page
    assert "Of 100 images with a fracture, 90 got a mark of either kind; of 100 without one, 47 did." in page
    assert "Counted on 743 images, 216 of them with a fracture" in page
    # 0.583 × 216 = 126 of the 126 + 26 marked; 0.526 × 527 = 277 of the 277 + 21 unmarked.
    assert "of 100 images with a solid mark, 83 show one" in page
    assert "of 100 without a mark, 93 show none" in page
    assert "Of 100 images" not in unmeasured
    assert "solid mark," not in unmeasured


class TestSitePrevalence:
    """A site where one image in twenty shows a fracture."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, site_prevalence=0.05)

    def test_predictive_values_follow_it(self, signed_in: FlaskClient, detector) -> None:
        detector.spec = replace(detector.spec, provenance={"verdict": VERDICT})
        page = signed_in.get("/help").get_data(as_text=True)

        assert "adjusted to this site, where 5% of the images show a fracture" in page
        # 0.583 × 50 = 29 of the 29 + 47 marked among 1000.
        assert "of 100 images with a solid mark, 39 show one" in page
        assert "of 100 without a mark, 99 show none" in page


def test_every_place_of_the_contents_is_there(signed_in: FlaskClient) -> None:
    page = signed_in.get("/help").get_data(as_text=True)

    wanted = re.findall(r'<li><a href="#([a-z]+)"', page)
    assert len(wanted) >= 8
    assert set(wanted) <= set(re.findall(r'<section class="card" id="([a-z]+)"', page))


@pytest.mark.parametrize("path", ["/", "/studies", "/help"])
def test_every_page_leads_to_help(signed_in: FlaskClient, path: str) -> None:
    assert signed_in.get(path).get_data(as_text=True).count('href="/help"') >= 2
