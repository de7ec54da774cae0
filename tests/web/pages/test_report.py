"""The report over HTTP: for a program by its address, for a reader by a form that keeps the text out of addresses."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.records import DISCLAIMER
from app.usecases.reports.report import LONGEST_STATEMENT
from tests.support.read_pdf import read_pdf
from tests.web.conftest import Sender, form_token, multipart


@pytest.fixture
def study(api: Sender, png: bytes) -> dict[str, Any]:
    """Ada's study with one view."""
    return api("post", "/studies", **multipart(("Smith.png", png))).get_json()


def test_a_program_gets_the_report_under_a_name_that_says_nothing(api: Sender, study: dict[str, Any]) -> None:
    answer = api("get", f"/studies/{study['id']}/report.pdf")

    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="report-{study["id"]}.pdf"'
    assert answer.headers["Cache-Control"] == "no-store"
    made = read_pdf(answer.data)
    assert "Fracture likely (score 87%)" in made.text
    assert DISCLAIMER in made.text


def test_a_reader_gets_the_report_with_what_they_wrote(signed_in: FlaskClient, study: dict[str, Any]) -> None:
    page = f"/studies/{study['id']}"
    fields = {"csrf_token": form_token(signed_in, page), "statement": "Schräg <b>verschoben</b>\r\nΚάταγμα"}

    answer = signed_in.post(f"{page}/report", data=fields, content_type="multipart/form-data")

    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "Schräg <b>verschoben</b>\nΚάταγμα" in read_pdf(answer.data).text


def test_the_page_has_the_form_and_needs_no_script_for_it(signed_in: FlaskClient, study: dict[str, Any]) -> None:
    page = signed_in.get(f"/studies/{study['id']}").get_data(as_text=True)

    form = re.search(r'(?s)<form[^>]*action="/studies/\w+/report"[^>]*>(.*?)</form>', page)
    assert form
    assert 'method="post"' in form[0]
    assert re.search(rf'<textarea[^>]* name="statement"[^>]* maxlength="{LONGEST_STATEMENT}"', form[1])
    assert '<label for="statement">' in form[1]


def test_the_longest_text_of_any_letters_is_taken(signed_in: FlaskClient, study: dict[str, Any]) -> None:
    fields = {"csrf_token": form_token(signed_in), "statement": "骨" * LONGEST_STATEMENT}

    answer = signed_in.post(f"/studies/{study['id']}/report", data=fields, content_type="multipart/form-data")

    assert answer.status_code == 200


def test_a_longer_text_is_refused_in_words(signed_in: FlaskClient, study: dict[str, Any]) -> None:
    fields = {"csrf_token": form_token(signed_in), "statement": "w" * (LONGEST_STATEMENT + 1)}

    answer = signed_in.post(f"/studies/{study['id']}/report", data=fields)

    assert answer.status_code == 400
    assert f"at most {LONGEST_STATEMENT} characters" in answer.get_data(as_text=True)


def test_the_report_of_a_study_that_is_gone_is_a_page_that_says_so(signed_in: FlaskClient) -> None:
    answer = signed_in.post("/studies/gone/report", data={"csrf_token": form_token(signed_in)})

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "does not exist, or was deleted" in answer.get_data(as_text=True)


def test_a_stranger_gets_no_report(client: FlaskClient, study: dict[str, Any]) -> None:
    assert client.get(f"/api/v1/studies/{study['id']}/report.pdf").status_code == 401


@pytest.mark.parametrize(
    ("asked_for", "words", "tag"),
    [
        (("", ""), "Fracture likely (score 87%)", "en-GB"),
        (("", "de-CH,en;q=0.3"), "Fraktur wahrscheinlich (Score 87 %)", "de"),
        (("?lang=el", "de"), "Πιθανό κάταγμα (βαθμολογία 87%)", "el"),
        (("?lang=", "fr"), "Fracture probable (score 87 %)", "fr"),
    ],
)
def test_a_program_asks_for_the_language_of_a_report(
    api: Sender, study: dict[str, Any], asked_for: tuple[str, str], words: str, tag: str
) -> None:
    query, header = asked_for
    answer = api("get", f"/studies/{study['id']}/report.pdf{query}", {"Accept-Language": header})

    assert words in read_pdf(answer.data).text
    assert f"/Lang ({tag})".encode() in b"".join(read_pdf(answer.data).objects.values())
    assert answer.headers["Content-Language"] == tag


@pytest.mark.parametrize("lang", ["xx", "de_DE", "../de", "EN"])
def test_a_report_in_a_language_that_there_is_not_is_refused(api: Sender, study: dict[str, Any], lang: str) -> None:
    answer = api("get", f"/studies/{study['id']}/report.pdf", query_string={"lang": lang})

    assert answer.status_code == 400
    assert answer.get_json()["error"]["message"] == "lang must be one of en, de, es, fr, pt, el."


def test_a_reader_gets_the_report_in_the_language_of_the_page_with_the_readers_answers(
    signed_in: FlaskClient, api: Sender, study: dict[str, Any]
) -> None:
    image = study["images"][0]
    finding = {"region": "wrist", "box_px": image["findings"][0]["box_px"], "answer": "confirmed"}
    said = {"findings": [finding], "comment": "Nicht verschoben."}
    assert api("post", f"/studies/{study['id']}/images/{image['id']}/feedback", json=said).status_code == 201
    signed_in.set_cookie("language", "de")
    page = f"/studies/{study['id']}"

    answer = signed_in.post(f"{page}/report", data={"csrf_token": form_token(signed_in, page)})

    text = read_pdf(answer.data).text
    assert "Antworten der Befundenden\nAufnahme 1 · Ada · 23.11.2026, 09:30 UTC\nBestätigt: Handgelenk." in text
    assert "Nicht verschoben." in text
    assert "Fracture" not in text


def test_the_labels_of_a_image_are_in_the_language_that_was_asked_for(api: Sender, study: dict[str, Any]) -> None:
    path = f"/studies/{study['id']}/images/{study['images'][0]['id']}/annotated.png"

    english, german, again = (api("get", path + query).data for query in ("", "?lang=de", "?lang=en"))

    assert english == again
    assert english != german
    assert api("get", f"{path}?lang=xx").status_code == 400
