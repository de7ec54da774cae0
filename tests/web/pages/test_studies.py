"""The pages, as a browser without JavaScript sees them."""

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.records import DISCLAIMER
from tests.web.conftest import form_token, multipart


def send(client: FlaskClient, *files: tuple[str, bytes], to: str = "/studies") -> TestResponse:
    return client.post(to, **multipart(*files, csrf_token=form_token(client)))


def test_a_form_leads_to_the_study_with_its_boxes(signed_in: FlaskClient, png: bytes) -> None:
    answer = send(signed_in, ("a.png", png), ("b.png", png))

    assert answer.status_code == 303
    page = signed_in.get(answer.headers["Location"]).get_data(as_text=True)
    assert page.count("<article") == 2
    assert page.count('viewBox="0 0 160 120"') == 2
    assert page.count('class="box definite"') == page.count('class="box possible"') == 2
    assert 'x="40.0" y="30.0" width="80.0" height="30.0"' in page
    assert page.count('data-long-side="160" width="160" height="120"') == 4
    assert "Fracture likely" in page
    assert "87%" in page
    assert "abababababab" in page
    assert "annotated.png" in page


@pytest.mark.parametrize(
    ("scores_of", "words"),
    [({"wrist": 0.9}, "Fracture likely"), ({"wrist": 0.3}, "Fracture possible"), ({}, "No fracture found")],
)
def test_the_verdict_is_said_in_words(signed_in: FlaskClient, png: bytes, detector, scores_of, words: str) -> None:
    detector.scores_of = scores_of

    page = signed_in.get(send(signed_in, ("a.png", png)).headers["Location"]).get_data(as_text=True)

    assert f"<strong>{words}</strong>" in page


def test_refused_files_are_named_on_the_study_page_once(signed_in: FlaskClient, png: bytes) -> None:
    answer = send(signed_in, ("good.png", png), ("<b>bad</b>.png", png[:90]))

    page = signed_in.get(answer.headers["Location"]).get_data(as_text=True)
    again = signed_in.get(answer.headers["Location"]).get_data(as_text=True)

    assert "&lt;b&gt;bad&lt;/b&gt;.png" in page
    assert "This file is damaged" in page
    assert "This file is damaged" not in again


def test_many_refused_files_with_long_names_are_all_named_and_none_is_in_the_cookie(
    signed_in: FlaskClient, png: bytes
) -> None:
    names = [f"{'ακτινογραφία' * 20}-{number}.png" for number in range(4)]
    answer = send(signed_in, ("good.png", png), *((name, png[:90]) for name in names))

    cookies = " ".join(answer.headers.getlist("Set-Cookie"))
    page = signed_in.get(answer.headers["Location"]).get_data(as_text=True)

    assert len(cookies) < 4096
    assert [name for name in names if name not in page] == []


def test_when_no_file_can_be_read_the_upload_page_says_why(signed_in: FlaskClient) -> None:
    answer = send(signed_in, ("letter.jpg", b"Dear colleague"))

    page = answer.get_data(as_text=True)
    assert answer.status_code == 415
    assert "This file is not an image of a kind that is supported." in page
    assert 'type="file"' in page


def test_a_form_without_file_says_so(signed_in: FlaskClient) -> None:
    answer = send(signed_in)

    assert answer.status_code == 400
    assert "Choose at least one X-ray" in answer.get_data(as_text=True)


def test_a_view_is_added_by_the_plain_form(signed_in: FlaskClient, png: bytes) -> None:
    study = send(signed_in, ("a.png", png)).headers["Location"]

    answer = send(signed_in, ("b.png", png), to=f"{study}/images")

    assert (answer.status_code, answer.headers["Location"]) == (303, study)
    assert signed_in.get(study).get_data(as_text=True).count("<article") == 2


def test_a_view_that_cannot_be_read_leads_back_to_its_study(signed_in: FlaskClient, png: bytes) -> None:
    study = send(signed_in, ("a.png", png)).headers["Location"]

    answer = send(signed_in, ("b.png", b""), to=f"{study}/images")

    assert answer.status_code == 422
    assert f'href="{study}"' in answer.get_data(as_text=True)


def test_an_uploader_is_told_that_the_study_is_stored_and_stays_with_the_form(
    client: FlaskClient, services, png: bytes
) -> None:
    from app.records import Actor
    from app.usecases.administration import people
    from tests.support.access import use_link

    people.add_person(services, Actor("default", "test"), "Uma", "uploader", None)
    use_link(client, people.add_link(services, Actor("default", "test"), "Uma"))
    answer = send(client, ("a.png", png))
    assert answer.headers["Location"] == "/"
    page = client.get("/").get_data(as_text=True)
    assert "The study is stored. Others will look at it." in page
    assert "data-may-not-view" in page


def test_a_study_is_deleted_by_its_form(signed_in: FlaskClient, png: bytes) -> None:
    study = send(signed_in, ("a.png", png)).headers["Location"]

    answer = signed_in.post(f"{study}/delete", data={"csrf_token": form_token(signed_in)})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/studies")
    assert signed_in.get(study).status_code == 404


def test_the_list_leads_to_older_studies(signed_in: FlaskClient, png: bytes, clock) -> None:
    assert "No study yet" in signed_in.get("/studies").get_data(as_text=True)
    for _ in range(3):
        clock.pass_(minutes=1)
        send(signed_in, ("a.png", png))

    page = signed_in.get("/studies?limit=2").get_data(as_text=True)

    assert page.count("data-study=") == 2
    assert "elbow, wrist" in page
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    assert signed_in.get(older[1].replace("&amp;", "&")).get_data(as_text=True).count("data-study=") == 1


@pytest.mark.parametrize("path", ["/", "/studies", "/sign-in", "/nothing"])
def test_every_page_carries_the_disclaimer(signed_in: FlaskClient, path: str) -> None:
    assert DISCLAIMER in signed_in.get(path).get_data(as_text=True)


@pytest.mark.parametrize("path", ["/", "/studies", "/sign-in", "/nothing"])
def test_no_page_has_inline_script_or_style_or_names_another_host(signed_in: FlaskClient, path: str) -> None:
    page = signed_in.get(path).get_data(as_text=True)

    assert not re.search(r'<script(?![^>]*\ssrc=)(?! type="application/json")', page)
    assert "<style" not in page
    assert not re.search(r"\s(style|on\w+)=", page)
    assert not re.search(r'(src|href|action)="(https?:)?//', page)


def test_an_unknown_address_is_answered_by_a_page(signed_in: FlaskClient) -> None:
    answer = signed_in.get("/nothing")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert answer.headers["X-Request-Id"] in answer.get_data(as_text=True)


def test_what_nobody_expected_is_answered_by_a_page_without_a_trace(
    signed_in: FlaskClient, png: bytes, detector
) -> None:
    detector.broken = ZeroDivisionError("secret")

    answer = send(signed_in, ("a.png", png))

    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "secret" not in page
    assert "Traceback" not in page


def test_a_warning_is_said_in_words(signed_in: FlaskClient) -> None:
    import io

    import numpy as np
    from PIL import Image

    out = io.BytesIO()
    colours = np.random.default_rng(1).integers(0, 255, (8, 8, 3), np.uint8)
    Image.fromarray(colours).resize((160, 160), Image.Resampling.NEAREST).save(out, "PNG")

    page = signed_in.get(send(signed_in, ("a.png", out.getvalue())).headers["Location"]).get_data(as_text=True)

    assert "does not look like a radiograph" in page
