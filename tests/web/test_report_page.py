"""The report over HTTP: for a program by its address, for a reader by a form that keeps the text out of addresses."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.records import DISCLAIMER
from app.usecases.report_study import LONGEST_STATEMENT
from tests.reports.read_pdf import read_pdf
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
    assert "Fracture likely (score 87 %)" in made.text
    assert DISCLAIMER in made.text


def test_a_reader_gets_the_report_with_what_they_wrote(signed_in: FlaskClient, study: dict[str, Any]) -> None:
    page = f"/studies/{study['id']}"
    fields = {"csrf_token": form_token(signed_in, page), "statement": "Schräg <b>verschoben</b>\r\nΚάταγμα"}

    answer = signed_in.post(f"{page}/report", data=fields, content_type="multipart/form-data")

    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "Schräg <b>verschoben</b>\nΚαταγμα" in read_pdf(answer.data).text


def test_the_page_has_the_form_and_needs_no_script_for_it(signed_in: FlaskClient, study: dict[str, Any]) -> None:
    page = signed_in.get(f"/studies/{study['id']}").get_data(as_text=True)

    form = re.search(r'(?s)<form[^>]*action="/studies/\w+/report"[^>]*>(.*?)</form>', page)
    assert form
    assert 'method="post"' in form[0]
    assert f'name="statement" rows="6" maxlength="{LONGEST_STATEMENT}"' in form[1]
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
