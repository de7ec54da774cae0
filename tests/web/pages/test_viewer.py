"""What a study's page gives to the viewer, and what it offers without any script."""

import json
import re

import pytest
from flask.testing import FlaskClient

from tests.web.pages.test_feedback import BOX, answer, text_of
from tests.web.pages.test_studies import send


@pytest.fixture
def study(signed_in: FlaskClient, png: bytes) -> str:
    """The path of a study with two views."""
    return send(signed_in, ("a.png", png), ("b.png", png)).headers["Location"]


def test_a_window_can_be_asked_for_without_a_script(signed_in: FlaskClient, study: str) -> None:
    page = text_of(signed_in, study)
    form = re.search(r'<form method="get" action="([^"]+/window\.png)".*?</form>', page, re.DOTALL)
    assert form
    assert set(re.findall(r'name="(\w+)"', form[0])) == {"centre", "width", "invert"}

    shown = signed_in.get(form[1], query_string={"centre": "100", "width": "40", "invert": "1"})

    assert (shown.status_code, shown.mimetype) == (200, "image/png")
    assert signed_in.get(form[1], query_string={"centre": "x"}).status_code == 400


def test_only_the_first_image_is_loaded_before_it_is_in_sight(signed_in: FlaskClient, study: str) -> None:
    page = text_of(signed_in, study)
    loading = ['loading="lazy"' in tag for tag in re.findall(r"<img [^>]*data-long-side[^>]*>", page)]
    assert loading == [False, False, True, True]


def test_every_tool_is_in_the_list_of_keys(signed_in: FlaskClient, study: str) -> None:
    page = text_of(signed_in, study)
    listed = re.findall(r"<kbd>([^<]+)</kbd>", page)
    keys = set(re.findall(r'data-key="([^"]+)"', page))
    assert len(keys) == 17
    assert {key.replace("-", "−") for key in keys} <= set(listed)


def test_scripts_get_their_words_as_data(signed_in: FlaskClient, study: str) -> None:
    page = text_of(signed_in, study)
    for script in ("viewer", "feedback", "study"):
        block = re.search(rf'<script type="application/json" data-words="{script}">(.*?)</script>', page, re.DOTALL)
        assert block, script
        assert all(json.loads(block[1]).values())


def test_a_corrected_box_says_which_finding_it_stands_for(signed_in: FlaskClient, study: str) -> None:
    row = {"missed-region": "wrist", "missed-x": "42", "missed-y": "30", "missed-width": "80", "missed-height": "32"}
    answer(signed_in, study, row, **{"finding-1": f"rejected {BOX} wrist"})

    page = text_of(signed_in, study)

    assert f'data-corrects="rejected {BOX} wrist"' in page
    assert "In place of the rejected box: wrist" in page
