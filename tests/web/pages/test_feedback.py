"""A reader answers on the study's page without JavaScript."""

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.conftest import form_token
from tests.web.pages.test_studies import send

BOX, BELOW = "40.0 30.0 120.0 60.0", "40.0 72.0 120.0 102.0"
ROW = {"missed-region": "elbow", "missed-x": "10", "missed-y": "20.5", "missed-width": "30", "missed-height": "40"}
HOW_FETCHED = ("Sec-Fetch-Site", "Sec-Fetch-Mode")
BLANK = dict.fromkeys(ROW, "")


@pytest.fixture
def study(signed_in: FlaskClient, png: bytes) -> str:
    """The path of a study with one view."""
    return send(signed_in, ("a.png", png)).headers["Location"]


def text_of(client: FlaskClient, path: str) -> str:
    return client.get(path).get_data(as_text=True)


def answer(client: FlaskClient, study: str, *rows: dict[str, str], **fields: str) -> TestResponse:
    """Send the form of the study's first view, with so many rows for missed fractures."""
    action = re.search(r'action="([^"]+/feedback)"', text_of(client, study))
    assert action, "the page holds no form for an answer"
    columns = {name: [row[name] for row in rows] for name in ROW}
    return client.post(action[1], data={"csrf_token": form_token(client), **columns, **fields})


def test_the_form_offers_both_answers_of_every_finding(signed_in: FlaskClient, study: str) -> None:
    page = text_of(signed_in, study)

    for value in ("confirmed", "rejected"):
        for region, box in (("wrist", BOX), ("elbow", BELOW)):
            assert f'value="{value} {box} {region}"' in page
    assert "checked>Confirm" not in page
    assert page.count('<option value="elbow">') == 3
    assert "Answers so far" not in page


def test_an_answer_is_stored_and_shown_with_who_and_when(signed_in: FlaskClient, study: str) -> None:
    stored = answer(
        signed_in,
        study,
        ROW,
        BLANK,
        **{"finding-1": f"confirmed {BOX} wrist", "finding-2": f"rejected {BELOW} elbow", "comment": "<b>again</b>"},
    )

    assert stored.status_code == 303
    path, _, anchor = stored.headers["Location"].partition("#")
    page = text_of(signed_in, path)
    assert f'id="{anchor}"' in page
    assert "Your answer is stored." in page
    assert "Confirmed: wrist. Rejected: elbow. Missed: elbow." in page
    assert "<strong>Ada</strong>" in page
    assert "23 Nov 2026, 09:30 UTC" in page
    assert "&lt;b&gt;again&lt;/b&gt;" in page
    assert f'value="confirmed {BOX} wrist" checked' in page
    assert '<option value="elbow" selected>' in page
    assert 'value="20.5"' in page
    assert "Your answer is stored." not in text_of(signed_in, path)


def test_a_whole_image_is_said_to_be_normal(signed_in: FlaskClient, study: str) -> None:
    answer(signed_in, study, normal="on")

    page = text_of(signed_in, study)
    assert "The whole image is normal." in page
    assert 'name="normal" checked' in page


def test_the_form_sent_twice_is_stored_once(signed_in: FlaskClient, study: str) -> None:
    for _ in range(2):
        assert answer(signed_in, study, normal="on").status_code == 303

    assert "Answers so far: 1" in text_of(signed_in, study)


@pytest.mark.parametrize(
    ("row", "fields", "words"),
    [
        (BLANK, {}, "The answer is empty."),
        ({**ROW, "missed-width": ""}, {}, "Give every missed fracture its region"),
        ({**ROW, "missed-region": ""}, {}, "Give every missed fracture its region"),
        ({**BLANK, "missed-region": "elbow"}, {}, "Give every missed fracture its region"),
        ({**ROW, "missed-x": "ten"}, {}, "must be numbers"),
        ({**ROW, "missed-x": "nan"}, {}, "four numbers"),
        ({**ROW, "missed-width": "151"}, {}, "outside the image"),
        ({**ROW, "missed-width": "0"}, {}, "at least one pixel"),
        ({**ROW, "missed-region": "tail"}, {}, "the region must be one of"),
        (ROW, {"normal": "on"}, "is not normal"),
        (BLANK, {"finding-1": "confirmed"}, "another version of the page"),
        (BLANK, {"finding-1": f"confirmed {BOX} hip"}, "no such finding"),
        (BLANK, {"finding-1": f"perhaps {BOX} wrist"}, "confirmed, rejected or missed"),
        (BLANK, {"comment": "x" * 4001}, "more than 4000 characters"),
    ],
)
def test_an_answer_that_does_not_fit_leads_back_in_words(
    signed_in: FlaskClient, study: str, row: dict[str, str], fields: dict[str, str], words: str
) -> None:
    refused = answer(signed_in, study, row, **fields)

    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert words in page
    assert f'href="{study}"' in page
    assert "Answers so far" not in text_of(signed_in, study)


def test_a_form_with_uneven_rows_is_refused(signed_in: FlaskClient, study: str) -> None:
    refused = answer(signed_in, study, **{"missed-x": "3"})

    assert "This form is incomplete." in refused.get_data(as_text=True)


def test_an_answer_to_a_study_deleted_meanwhile_says_so(signed_in: FlaskClient, study: str) -> None:
    action = re.search(r'action="([^"]+/feedback)"', text_of(signed_in, study))
    token = form_token(signed_in)
    signed_in.post(f"{study}/delete", data={"csrf_token": token})

    assert action
    refused = signed_in.post(action[1], data={"csrf_token": token, "normal": "on"})

    assert refused.status_code == 404
    assert "was deleted" in refused.get_data(as_text=True)


def test_an_answer_after_the_session_has_ended_leads_back_to_the_study(
    signed_in: FlaskClient, study: str, clock
) -> None:
    action = re.search(r'action="([^"]+/feedback)"', text_of(signed_in, study))
    clock.pass_(days=2)

    assert action
    answered = signed_in.post(action[1], data={"normal": "on"})

    assert answered.status_code == 303
    assert (
        answered.headers["Location"].endswith(f"next={study}".replace("/", "%2F"))
        or study in answered.headers["Location"]
    )


@pytest.mark.parametrize(
    ("site_and_mode", "status"),
    [
        (("same-origin", "navigate"), 401),
        (("same-origin", "cors"), 303),
        (("same-site", "navigate"), 303),
        (("cross-site", "navigate"), 303),
    ],
)
def test_after_the_session_has_ended_only_what_was_written_here_is_shown_again(
    signed_in: FlaskClient, study: str, clock, site_and_mode: tuple[str, str], status: int
) -> None:
    action = re.search(r'action="([^"]+/feedback)"', text_of(signed_in, study))
    clock.pass_(days=2)

    assert action
    fields = {**ROW, "finding-1": f"confirmed {BOX} wrist", "comment": "A step <b>"}
    answered = signed_in.post(action[1], data=fields, headers=dict(zip(HOW_FETCHED, site_and_mode, strict=True)))
    page = answered.get_data(as_text=True)

    assert answered.status_code == status
    written = ("A step &lt;b&gt;", 'value="20.5"', f'value="confirmed {BOX} wrist"', "Sign in again in another tab")
    assert [words in page for words in written] == [status == 401] * 4


def test_an_answer_without_the_form_token_is_refused(signed_in: FlaskClient, study: str) -> None:
    action = re.search(r'action="([^"]+/feedback)"', text_of(signed_in, study))

    assert action
    assert signed_in.post(action[1], data={"normal": "on"}).status_code == 400
    assert "Answers so far" not in text_of(signed_in, study)


def test_a_region_that_the_model_does_not_know_is_stored_and_named(signed_in: FlaskClient, study: str) -> None:
    named = answer(signed_in, study, {**ROW, "missed-region": "other"}, **{"missed-other": "  big   toe "})
    assert named.status_code == 303
    assert "Missed: big toe." in text_of(signed_in, study)
    assert answer(signed_in, study, {**ROW, "missed-region": "ankle"}).status_code == 303
    assert "Missed: ankle." in text_of(signed_in, study)


def test_a_script_stores_an_answer_and_stays_on_the_page(signed_in: FlaskClient, study: str) -> None:
    image = re.search(r'data-feedback="([^"]+)"', text_of(signed_in, study))
    fields = {"csrf_token": form_token(signed_in), "normal": "on", "comment": ""}

    stored = signed_in.post(
        f"{study}/images/{image and image[1]}/feedback", data=fields, headers={"Accept": "application/json"}
    )

    assert (stored.status_code, stored.data) == (204, b"")
    assert "The whole image is normal." in text_of(signed_in, study)
