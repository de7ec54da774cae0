"""Texts out of the sources into the catalogues; what a catalogue lacks. Only `scripts.translate` and tests need it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.web.http.errors import status_of
from app.web.i18n.catalogues import FOLDER, catalogue_path
from app.web.i18n.failures import every_failure
from app.web.i18n.language import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
# How the files of a folder are read: Babel's method, and the settings that `create_app` gives to Jinja.
FOLDERS = {
    "app": ([("**.py", "python")], {}),
    "templates": ([("**.html", "jinja2")], {"**.html": {"trimmed": "true", "trim_blocks": "true", "silent": "false"}}),
}
# What must be the same in a text and its translation: "%(count)s" of Python, "{count}" of a script, tags, a literal %.
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w+\}|<[^>]*>|%(?!\()")
# A translation stands in attributes, and is not escaped.
_BREAKS_MARKUP = re.compile(r'"|&(?!\w+;|#\d+;)')


def extracted() -> Catalog:
    """Every text that a page or a report may show, in English, with the files that have it."""
    failures = (failure for failure in every_failure() if status_of(failure()) != 500)
    # The first argument of a failure is its sentence, or the template of one.
    keywords = DEFAULT_KEYWORDS | {"lazy_gettext": None} | dict.fromkeys(failure.__name__ for failure in failures)
    texts = Catalog(project="Fracture detection", charset="utf-8", fuzzy=False)
    for folder, (methods, options) in FOLDERS.items():
        found = extract_from_dir(ROOT / folder, methods, options, keywords, comment_tags=("Translators:",))
        for name, _, text, comments, context in found:
            texts.add(text, None, [(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    return texts


def read_catalogue(language: str, folder: Path = FOLDER) -> Catalog:
    """The catalogue of a language as its file has it; an empty one where there is no file.

    Raises:
        PoFileError: the file is not a catalogue.
    """
    path = catalogue_path(language, folder)
    if not path.exists():
        return Catalog(locale=language, project="Fracture detection", charset="utf-8", fuzzy=False)
    with path.open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def update_catalogue(language: str, texts: Catalog, folder: Path = FOLDER) -> None:
    """Give a catalogue the texts of the sources: new ones untranslated, and none that no source has any more."""
    catalogue = read_catalogue(language, folder)
    began = catalogue.creation_date
    catalogue.update(texts, no_fuzzy_matching=True)
    catalogue.header_comment = f"# The pages in {LANGUAGES[language].name}; docs/languages.md tells how to change this."
    catalogue.version = catalogue.msgid_bugs_address = catalogue.last_translator = catalogue.language_team = ""
    catalogue.obsolete.clear()
    # The same sources give the same file, whenever.
    catalogue.creation_date = catalogue.revision_date = began if isinstance(began, datetime) else datetime.now(UTC)
    path = catalogue_path(language, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        write_po(target, catalogue, width=110, sort_by_file=True, include_lineno=False)


def problems(language: str, texts: Catalog, folder: Path = FOLDER) -> list[str]:
    """Faults of a catalogue, one a line; none when it has every text, whole, and nothing else."""
    catalogue = read_catalogue(language, folder)
    ours, theirs = ({message.id and _key(message) for message in one} for one in (catalogue, texts))
    lines = [f"not in the catalogue: {key}" for key in sorted(map(repr, theirs - ours))]
    lines += [f"in no source: {key}" for key in sorted(map(repr, ours - theirs))]
    lines += [f"in no source: {text!r}" for text in catalogue.obsolete]
    return lines + [f"{wrong}: {message.id!r}" for message in catalogue if message.id for wrong in _wrong(message)]


def _key(message: Message) -> tuple[str | None, tuple[str, ...]]:
    return message.context, _forms(message.id)


def _forms(text: str | Sequence[str | None] | None) -> tuple[str, ...]:
    """A text alone, or its singular and plurals."""
    return (text or "",) if isinstance(text, str | None) else tuple(form or "" for form in text)


def _wrong(message: Message) -> Iterator[str]:
    originals, translations = _forms(message.id), _forms(message.string)
    if message.fuzzy:
        yield "fuzzy"
    if not all(translations):
        yield "not translated"
        return
    # A plural form may leave the number out; no form has what the last original has not.
    wanted = _placeholders(originals[-1])
    for translation in translations:
        found = _placeholders(translation)
        if found != wanted and not (len(translations) > 1 and found == wanted - Counter({"%(num)s": 1})):
            yield f"placeholders {sorted(found.elements())} instead of {sorted(wanted.elements())}"
        if _BREAKS_MARKUP.search(re.sub(r"<[^>]*>", "", translation)):
            yield "a straight quotation mark or a bare &"


def _placeholders(text: str) -> Counter[str]:
    return Counter(_PLACEHOLDER.findall(text))
