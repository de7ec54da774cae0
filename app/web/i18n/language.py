"""The language of a page: the choice of its user, else of the browser, else English."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import cast

from babel import Locale
from babel.dates import format_date, format_time, get_datetime_format
from babel.numbers import format_decimal, format_percent
from flask import Flask, Response, current_app, has_app_context, has_request_context, request

from app.errors import BadRequest
from app.reports import Wording, zone_name
from app.web.i18n.catalogues import CatalogueBabel, catalogue

COOKIE = "language"
DEFAULT = "en"
_ZONE = "time_zone"


@dataclass(frozen=True)
class Language:
    """A language of the pages: its name in itself, and the country whose dates and numbers it takes."""

    name: str
    locale_name: str

    @cached_property
    def locale(self) -> Locale:
        """Its Babel locale."""
        return Locale.parse(self.locale_name)

    @property
    def tag(self) -> str:
        """BCP 47, for `lang` and for a script's Intl."""
        return self.locale_name.replace("_", "-")


LANGUAGES: Mapping[str, Language] = {
    "en": Language("English", "en_GB"),
    "de": Language("Deutsch", "de"),
    "es": Language("Español", "es"),
    "fr": Language("Français", "fr"),
    "pt": Language("Português", "pt_PT"),
    "el": Language("Ελληνικά", "el"),
}


@dataclass(frozen=True)
class BabelWording(Wording):
    """A language as the reports want it: texts from its catalogue, numbers and times as Babel writes them."""

    code: str
    zone: tzinfo = UTC

    @property
    def tag(self) -> str:
        """BCP 47."""
        return LANGUAGES[self.code].tag

    @property
    def _locale(self) -> Locale:
        return LANGUAGES[self.code].locale

    def gettext(self, text: str, /, **values: object) -> str:
        """The text in this language."""
        translated = str(catalogue(self.code).gettext(text))
        return translated % values if values else translated

    def ngettext(self, singular: str, plural: str, num: int, /, **values: object) -> str:
        """The text in the plural form that this language has for `num`."""
        return str(catalogue(self.code).ngettext(singular, plural, num)) % {"num": num, **values}

    def number(self, value: float) -> str:
        """A number as this language writes it."""
        return str(format_decimal(value, locale=self._locale))

    def percent(self, share: float) -> str:
        """Whole percent as this language writes it."""
        return str(format_percent(share, locale=self._locale))

    def time(self, when: datetime) -> str:
        """Day and minute as this language writes them, with the time zone."""
        local, locale = when.astimezone(self.zone), self._locale
        order = str(get_datetime_format("medium", locale=locale))
        # Told the zone, Babel would convert; a moment that is local already stays as it is without.
        naive = local.replace(tzinfo=None)
        time, date = format_time(naive, "short", locale=locale), format_date(naive, "medium", locale=locale)
        return f"{order.format(time, date)} {zone_name(local)}"


def install(app: Flask, zone: tzinfo) -> None:
    """Give templates and views gettext: `_("…")`, `ngettext`, `{% trans %}`; and answers their language."""
    CatalogueBabel(app, default_timezone="UTC", locale_selector=lambda: LANGUAGES[chosen()].locale)
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.extensions[_ZONE] = zone
    app.jinja_env.globals.update(LANGUAGES=LANGUAGES, language=chosen)
    app.after_request(_declare)


def chosen() -> str:
    """The language of the current request, a key of `LANGUAGES`; English where there is none."""
    if not has_request_context():
        return DEFAULT
    cookie = request.cookies.get(COOKIE, "")
    if cookie in LANGUAGES:
        return cookie
    # In the order of the reader's liking; Werkzeug's own match would give "de" to who asks for "en-US, de;q=0.5".
    asked_for = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
    return next((language for language in asked_for if language in LANGUAGES), DEFAULT)


def current() -> BabelWording:
    """How the current page speaks."""
    return BabelWording(chosen(), _zone())


def asked(args: Mapping[str, str]) -> BabelWording:
    """How a file for a program speaks: in the language `lang` of its address, else in that of the request.

    Raises:
        BadRequest: `lang` is none of `LANGUAGES`.
    """
    code = args.get("lang") or chosen()
    if code not in LANGUAGES:
        raise BadRequest("lang must be one of %(languages)s.", languages=", ".join(LANGUAGES))
    return BabelWording(code, _zone())


def _zone() -> tzinfo:
    return cast(tzinfo, current_app.extensions[_ZONE]) if has_app_context() else UTC


def _declare(answer: Response) -> Response:
    if answer.mimetype == "text/html":
        answer.headers["Content-Language"] = current().tag
        answer.vary.update(("Accept-Language", "Cookie"))
    return answer
