"""The catalogues have every text of the sources, whole, and nothing else; no text that a page may show is forgotten."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import write_po
from flask import Flask
from flask.testing import FlaskClient

from app.records import DISCLAIMER, Actor
from app.services import Services
from app.usecases.administration import people
from app.web.extraction import ROOT, extracted, problems, read_catalogue, update_catalogue
from app.web.http.errors import status_of
from app.web.i18n.catalogues import FOLDER, catalogue, catalogue_path
from app.web.i18n.failures import every_failure
from app.web.i18n.language import DEFAULT, LANGUAGES
from scripts import translate
from tests.support.access import use_link
from tests.web.conftest import Sender, multipart

TRANSLATED = [code for code in LANGUAGES if code != DEFAULT]


@pytest.fixture(scope="module")
def texts() -> Catalog:
    return extracted()


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_catalogue_has_every_text_translated_with_its_placeholders_and_no_other(code: str, texts: Catalog) -> None:
    found = problems(code, texts)

    assert not found, "python -m scripts.translate update, then translate:\n" + "\n".join(found)


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_language_has_as_many_plural_forms_as_its_grammar(code: str) -> None:
    several = [message for message in read_catalogue(code) if isinstance(message.id, tuple | list)]

    assert several
    assert {len(message.string) for message in several} == {read_catalogue(code).num_plurals} == {2}


def test_there_is_a_catalogue_for_each_language_and_no_other() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(TRANSLATED)


def test_the_command_is_content_with_the_catalogues(capsys: pytest.CaptureFixture[str]) -> None:
    assert translate.main(["check"]) == 0
    assert capsys.readouterr().out == ""


def test_a_text_of_the_sources_is_found_wherever_it_stands(texts: Catalog) -> None:
    assert DISCLAIMER in texts
    assert "This file is empty." in texts
    assert "Mark %(number)s: the box must be four numbers." in texts
    assert ("view", "views") in texts
    assert texts.get("Read", context="state")
    assert texts.get(DISCLAIMER).locations == [("app/records.py", 0)]


def written(folder: Path, *messages: tuple[str | tuple[str, str], str | tuple[str, str]]) -> Path:
    """A German catalogue of these messages."""
    catalog = Catalog(locale="de")
    for text, translation in messages:
        catalog.add(text, translation)
    path = catalogue_path("de", folder)
    path.parent.mkdir(parents=True)
    with path.open("wb") as target:
        write_po(target, catalog)
    return path


def test_an_update_adds_what_is_new_drops_what_is_gone_and_keeps_the_rest(tmp_path: Path, texts: Catalog) -> None:
    path = written(tmp_path, ("This file is empty.", "Diese Datei ist leer."), ("An old text.", "Ein alter Text."))

    update_catalogue("de", texts, tmp_path)

    kept = read_catalogue("de", tmp_path)
    assert kept.get("This file is empty.").string == "Diese Datei ist leer."
    assert "An old text." not in kept
    assert not kept.obsolete
    assert not kept.get(DISCLAIMER).string
    once = path.read_bytes()
    update_catalogue("de", texts, tmp_path)
    assert path.read_bytes() == once


@pytest.mark.parametrize(
    ("text", "translation", "problem"),
    [
        ("Sent %(count)s", "Gesendet %(number)s", "placeholders"),
        ("Sent %(count)s", "Gesendet %(count)", "placeholders"),
        ("Sent {percent}", "Gesendet", "placeholders"),
        ("Press <kbd>?</kbd>", "Drücken Sie <b>?</b>", "placeholders"),
        ("About 30%% of all", "Etwa 30 % von allen", "placeholders"),
        ("It's new", 'Es ist "neu"', "quotation mark"),
        ("Salt and pepper", "Salz & Pfeffer", "quotation mark"),
        ("Nothing", "", "not translated"),
        (("%(num)d file", "%(num)d files"), ("%(num)d Datei", ""), "not translated"),
        (("%(num)d file", "%(num)d files"), ("eine Datei", "%(n)d Dateien"), "placeholders"),
    ],
)
def test_a_translation_that_breaks_its_text_is_named(
    tmp_path: Path, text: str | tuple[str, str], translation: str | tuple[str, str], problem: str
) -> None:
    texts = Catalog()
    texts.add(text)
    written(tmp_path, (text, translation))

    assert any(problem in line for line in problems("de", texts, tmp_path))


def test_a_failure_raised_with_values_is_a_template_that_a_catalogue_can_translate() -> None:
    shown = {failure.__name__ for failure in every_failure() if status_of(failure()) != 500}
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "app").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in shown
        and node.args
        and isinstance(node.args[0], ast.JoinedStr)
    ]
    assert not wrong, "f-strings as messages: " + ", ".join(wrong)


def test_no_text_stands_in_an_f_string_where_python_3_11_hides_it_from_extraction() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "app").rglob("*.py"))
        for f_string in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(f_string, ast.JoinedStr)
        for node in ast.walk(f_string)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in {"_", "gettext", "ngettext", "pgettext"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]
    assert not wrong, "texts in f-strings: " + ", ".join(wrong)


def test_every_failures_own_sentence_is_marked(texts: Catalog) -> None:
    shown = (failure for failure in every_failure() if status_of(failure()) != 500)
    assert [failure.__name__ for failure in shown if failure.message not in texts] == []


# Text between tags, and in attributes that are read out or shown.
_SPOKEN = re.compile(r'>([^<>]+)<|\s(?:aria-label|title|alt|placeholder|aria-valuetext)="([^"]*)"')
_JINJA = re.compile(
    r"(?s)\{#.*?#\}|\{%-?\s*trans.*?endtrans\s*-?%\}|\{%.*?%\}|\{\{.*?\}\}|<(script|style)\b.*?</\1>|<!doctype.*?>"
)
# The same in a page, and what its scripts are given to say.
_SAID = re.compile(r'>([^<>]+)<|(?:label=|title=|alt=|placeholder=|": )"([^"]*)"')
# Abbreviations of units, and names of keys and signs that are the same everywhere.
_SAME_EVERYWHERE = re.compile(r"^(?:px|mm|ms|[^\w]*|Shift|Ctrl|Alt|Esc|Home|End|Enter|[A-Z0-9?+=/.,-]|F\d+)$")


@pytest.mark.parametrize("path", sorted((ROOT / "templates").glob("*.html")), ids=lambda path: path.name)
def test_no_template_has_words_outside_of_gettext(path: Path) -> None:
    bare = _JINJA.sub(" ", path.read_text(encoding="utf-8"))
    spoken = (part.strip() for match in _SPOKEN.finditer(bare) for part in match.groups() if part)
    words = (word for part in spoken for word in part.split())

    assert [word for word in words if not _SAME_EVERYWHERE.match(word)] == []


@pytest.fixture
def paths(signed_in: FlaskClient, api: Sender, png: bytes) -> list[str]:
    """Every page that a reader can come to, among them a study with findings that somebody answered."""
    study = api("post", "/studies", **multipart(("a.png", png))).get_json()
    image = study["images"][0]
    marks = [{"region": "wrist", "box_px": image["findings"][0]["box_px"], "answer": "confirmed"}]
    api("post", f"/studies/{study['id']}/images/{image['id']}/feedback", json={"findings": marks, "comment": "…"})
    here = f"/studies/{study['id']}"
    why = f"{here}/images/{image['id']}/why/0"
    return [
        "/",
        "/studies",
        "/studies?state=read&verdict=none",
        here,
        why,
        "/agreement",
        "/help",
        "/account",
        "/account/second-factor",
        "/account/passkeys",
        "/sign-in/code",
        "/people",
        "/tenants",
        "/retention?days=30",
        "/audit",
        "/sign-in",
        "/nothing",
    ]


@pytest.fixture
def root(app: Flask, services: Services) -> FlaskClient:
    """The browser of an administrator, who comes to every page."""
    people.add_person(services, Actor("default", "test"), "Root", "admin", None)
    client = app.test_client()
    use_link(client, people.add_link(services, Actor("default", "test"), "Root"))
    return client


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_page_is_wholly_in_its_language(root: FlaskClient, paths: list[str], code: str, texts: Catalog) -> None:
    english = re.compile("|".join(_pattern(text) for message in texts for text in _translated(code, message)))

    for path in paths:
        # What one reader's page leaves behind in the application must not show on the next one's.
        root.get(path)
        page = root.get(path, headers={"Accept-Language": code}).get_data(as_text=True)
        assert f'<html lang="{LANGUAGES[code].tag}">' in page
        said = {text.strip() for match in _SAID.findall(page) for text in match}
        assert [text for text in sorted(said) if english.fullmatch(text)] == [], path


def _translated(code: str, message: Message) -> Iterator[str]:
    """The English forms of a message that are longer than a sign or two and differ from what this language says."""
    # A word that has a meaning of its own in some context may be right in English elsewhere.
    if isinstance(message.id, str) and not message.context:
        if len(message.id) > 3 and catalogue(code).gettext(message.id) != message.id:
            yield message.id
    elif not message.context:
        yield from message.id


def _pattern(text: str) -> str:
    return re.sub(r"%\\\(\w+\\\)[sd]", '[^<"]+', re.escape(text))
