"""Failures in the language of the page; what the API answers stays English, with its code."""

from collections.abc import Iterator

from flask_babel import gettext as _  # type: ignore[import-untyped]

from app.errors import FractureError
from app.web.i18n.language import DEFAULT, chosen


def failure_words(failure: FractureError) -> str:
    """A failure's sentence."""
    return str(_(failure.template, **failure.values))


def words_by_code() -> dict[str, str]:
    """A sentence for each code that the API may answer a script with; none in English, which the API speaks itself.

    Such a sentence knows no numbers: a script that has them says it in its own words.
    """
    if chosen() == DEFAULT:
        return {}
    words = ((failure.code, failure.message, str(_(failure.message))) for failure in every_failure())
    # Failures that stop a start or a command never reach a page, and no catalogue has them.
    return {code: said for code, message, said in words if said != message}


def every_failure(of: type[FractureError] = FractureError) -> Iterator[type[FractureError]]:
    """The classes of failures below `of`; those of `app.learning`, which the app never imports, are left out."""
    for failure in of.__subclasses__():
        if failure.__module__.startswith("app.learning"):
            continue
        yield failure
        yield from every_failure(failure)
