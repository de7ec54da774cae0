"""The language of a page: chosen by its reader, else asked for by the browser, else English."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.records import DISCLAIMER
from app.reports import ENGLISH
from app.web.i18n.catalogues import catalogue
from app.web.i18n.language import COOKIE, LANGUAGES, BabelWording
from tests.web.conftest import form_token, multipart

SAID = {code: str(catalogue(code).gettext(DISCLAIMER)) for code in LANGUAGES}


def page_language(page: str) -> str:
    match = re.match(r'<!doctype html>\n<html lang="([\w-]+)">', page)
    assert match
    return match[1]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("de", "de"),
        ("de-AT,en;q=0.5", "de"),
        ("pt-BR,pt;q=0.9", "pt"),
        ("el-GR", "el"),
        ("zh,fr;q=0.3", "fr"),
        ("en-US,de;q=0.9", "en"),
        ("zh", "en"),
        ("*", "en"),
        ("", "en"),
        ("de;q=0,es;q=x,;;,\\", "en"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_asks_for(client: FlaskClient, asked: str, code: str) -> None:
    answer = client.get("/sign-in", headers={"Accept-Language": asked})

    page = answer.get_data(as_text=True)
    assert page_language(page) == answer.headers["Content-Language"] == LANGUAGES[code].tag
    assert SAID[code] in page
    assert {"accept-language", "cookie"} <= {name.lower() for name in answer.vary}


def test_the_readers_choice_outweighs_the_browsers_and_lasts(client: FlaskClient) -> None:
    token = form_token(client, "/sign-in")

    answer = client.post("/language", data={"csrf_token": token, "language": "el", "next": "/sign-in?next=%2Fstudies"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=%2Fstudies")
    cookie = client.get_cookie(COOKIE)
    assert cookie
    assert (cookie.value, cookie.http_only, cookie.same_site, cookie.max_age) == ("el", True, "Lax", 31_536_000)
    page = client.get("/sign-in", headers={"Accept-Language": "de"}).get_data(as_text=True)
    assert page_language(page) == "el"
    assert re.search(r'<option value="el" lang="el" selected>Ελληνικά</option>', page)


@pytest.mark.parametrize("hostile", ["", "xx", "DE", "de_DE", "../../etc/passwd", "de\\012x", "<b>", "é" * 500, "None"])
def test_a_cookie_that_is_no_language_is_as_good_as_none(client: FlaskClient, hostile: str) -> None:
    client.set_cookie(COOKIE, hostile)

    answer = client.get("/sign-in", headers={"Accept-Language": "fr"})

    assert answer.status_code == 200
    assert page_language(answer.get_data(as_text=True)) == "fr"


@pytest.mark.parametrize("value", ["xx", "", "en_GB", "../x"])
def test_a_choice_of_no_language_is_forgotten(client: FlaskClient, value: str) -> None:
    client.set_cookie(COOKIE, "de")
    fields = {"csrf_token": form_token(client, "/sign-in"), "language": value}

    answer = client.post("/language", data=fields)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get_cookie(COOKIE) is None


def test_the_choice_leads_nowhere_else(client: FlaskClient) -> None:
    fields = {"csrf_token": form_token(client, "/sign-in"), "language": "de", "next": "https://example.org/"}

    assert client.post("/language", data=fields).headers["Location"] == "/"


def test_another_site_cannot_choose(client: FlaskClient) -> None:
    answer = client.post("/language", data={"language": "de"})

    assert answer.status_code == 400
    assert client.get_cookie(COOKIE) is None


def test_over_https_the_choice_is_kept_from_plain_http(app: Flask) -> None:
    app.config["SESSION_COOKIE_SECURE"] = True
    app.config["SESSION_COOKIE_NAME"] = "__Host-session"
    client = app.test_client()
    token = form_token_over_https(client)

    answer = client.post("/language", data={"csrf_token": token, "language": "de"}, base_url="https://localhost")

    assert "Secure" in next(cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith(COOKIE))


def form_token_over_https(client: FlaskClient) -> str:
    page = client.get("/sign-in", base_url="https://localhost").get_data(as_text=True)
    match = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert match
    return match[1]


def test_a_page_comes_back_to_where_its_reader_was(signed_in: FlaskClient) -> None:
    page = signed_in.get("/studies?limit=3").get_data(as_text=True)
    form = re.search(r'(?s)<form class="language"[^>]*action="/language".*?</form>', page)
    assert form
    assert 'name="next" value="/studies?limit=3"' in form[0]
    assert "<button>" in form[0]


def test_a_refusal_is_told_in_the_language_of_the_page_and_in_english_to_a_program(
    signed_in: FlaskClient, api: Callable[..., object], png: bytes
) -> None:
    german = {"Accept-Language": "de"}
    broken = multipart(("a.png", png[:90]), ("b.png", b""), csrf_token=form_token(signed_in))

    page = signed_in.post("/studies", headers=german, **broken).get_data(as_text=True)
    answer = api("post", "/studies", headers=german, **multipart(("a.png", png[:90])))

    translated = catalogue("de").gettext("This file is empty.")
    assert f"<li>b.png: {translated}</li>" in page
    assert "This file is" not in page.split("<script")[0]
    assert answer.get_json()["error"]["message"].startswith("This file is damaged")  # type: ignore[attr-defined]


def test_a_refusal_with_numbers_keeps_them(signed_in: FlaskClient, png: bytes) -> None:
    signed_in.set_cookie(COOKIE, "de")
    many = [(f"{i}.png", png) for i in range(6)]

    page = signed_in.post("/studies", **multipart(*many, csrf_token=form_token(signed_in))).get_data(as_text=True)

    assert catalogue("de").gettext("At most %(count)s files can be sent at once.") % {"count": 5} in page


def test_what_the_framework_refuses_is_told_in_the_language_of_the_page(signed_in: FlaskClient) -> None:
    signed_in.set_cookie(COOKIE, "fr")

    page = signed_in.get("/nothing").get_data(as_text=True)

    assert catalogue("fr").gettext("This does not exist.") in page
    assert "This does not exist." not in page


def test_scripts_get_the_words_for_the_apis_codes(signed_in: FlaskClient) -> None:
    english, german = (
        signed_in.get("/", headers={"Accept-Language": code}).get_data(as_text=True) for code in ("en", "de")
    )

    assert '"failures": {}' in english
    assert '"damaged-image": ' in german
    assert "This file is damaged" not in german


def test_a_template_that_spoke_one_language_speaks_the_next_readers_too(signed_in: FlaskClient) -> None:
    pages = {code: signed_in.get("/", headers={"Accept-Language": code}).get_data(as_text=True) for code in LANGUAGES}

    for code, page in pages.items():
        words = json.loads(re.search(r'(?s)data-words="upload">(.*?)</script>', page)[1])  # type: ignore[index]
        assert words["verdicts"]["possible"] == catalogue(code).gettext("Fracture possible")


MOMENT = datetime(2026, 3, 7, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "time", "share", "number"),
    [
        ("en", "7 Mar 2026, 14:05 UTC", "87%", "1,600.5"),
        ("de", "07.03.2026, 14:05 UTC", "87\xa0%", "1.600,5"),
        ("es", "7 mar 2026, 14:05 UTC", "87\xa0%", "1.600,5"),
        ("fr", "7 mars 2026, 14:05 UTC", "87\xa0%", "1\u202f600,5"),
        ("pt", "07/03/2026, 14:05 UTC", "87%", "1\xa0600,5"),
        ("el", "7 Μαρ 2026, 2:05\u202fμ.μ. UTC", "87%", "1.600,5"),
    ],
)
def test_times_shares_and_numbers_are_written_as_the_language_does(
    code: str, time: str, share: str, number: str
) -> None:
    wording = BabelWording(code)

    assert (wording.time(MOMENT), wording.percent(0.874), wording.number(1600.5)) == (time, share, number)


@pytest.mark.parametrize("value", [0.143, 1.0, 1600, 1600.5, 12345678.9])
def test_english_is_the_same_with_and_without_babel(value: float) -> None:
    babel = BabelWording("en")

    assert ENGLISH.tag == babel.tag
    assert ENGLISH.time(MOMENT) == babel.time(MOMENT)
    assert ENGLISH.number(value) == babel.number(value)
    assert [ENGLISH.percent(share) for share in (0, 0.004, 0.874, 0.99)] == ["0%", "0%", "87%", "99%"]
    for count in (0, 1, 2):
        forms = "%(num)s view of %(name)s", "%(num)s views of %(name)s", count
        assert ENGLISH.ngettext(*forms, name="x") == babel.ngettext(*forms, name="x")
