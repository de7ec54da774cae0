"""Compile the translations of `app/web/i18n/translations` in memory, so that nothing compiled can go stale."""

import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Babel, Domain, get_locale  # type: ignore[import-untyped]

FOLDER = Path(__file__).parent / "translations"


def catalogue_path(language: str, folder: Path = FOLDER) -> Path:
    """Where the texts of a language stand, "de" for example."""
    return folder / language / "LC_MESSAGES" / "messages.po"


@cache
def catalogue(language: str) -> NullTranslations:
    """The texts of a language; English, in which the sources are written, has none of its own."""
    path = catalogue_path(language)
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as source:
        read = read_po(source, locale=language, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return Translations(compiled)


class CatalogueBabel(Babel):  # type: ignore[misc]
    """Flask-Babel, whose gettext looks into `catalogue`."""

    domain_instance = property(lambda _: _Catalogues())


class _Catalogues(Domain):  # type: ignore[misc]
    def get_translations(self) -> NullTranslations:
        """The texts in the language of the current request."""
        locale = get_locale()
        return catalogue(locale.language) if locale else NullTranslations()
