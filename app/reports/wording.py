"""The language that a report speaks: texts, numbers and times, without knowing who translates them."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol


class Wording(Protocol):
    """A language. Times are shown in one time zone, which they name; shares of 0–1 as whole percent."""

    @property
    def tag(self) -> str:
        """BCP 47, such as "pt-PT"."""

    def gettext(self, text: str, /, **values: object) -> str:
        """An English text in this language, with its `%(name)s` filled in where there are values."""

    def ngettext(self, singular: str, plural: str, num: int, /, **values: object) -> str:
        """One of two English texts in this language, as the number asks; `%(num)s` is the number."""

    def number(self, value: float) -> str:
        """A number with at most three digits behind the point."""

    def percent(self, share: float) -> str:
        """A share as whole percent."""

    def time(self, when: datetime) -> str:
        """Day and minute with the time zone."""


def zone_name(local: datetime) -> str:
    """The time zone of a moment: its letters such as "CET", or "UTC+03" for a zone that has none."""
    name = local.tzname() or ""
    return name if name[:1].isalpha() else f"UTC{name}"


@dataclass(frozen=True)
class English:
    """The language that the sources are written in."""

    tag: str = "en-GB"
    zone: tzinfo = UTC

    def gettext(self, text: str, /, **values: object) -> str:
        """The text itself."""
        return text % values if values else text

    def ngettext(self, singular: str, plural: str, num: int, /, **values: object) -> str:
        """The singular for one, else the plural."""
        return (singular if num == 1 else plural) % {"num": num, **values}

    def number(self, value: float) -> str:
        """Such as "0.143" or "1,600"."""
        return f"{round(value, 3):,}".removesuffix(".0")

    def percent(self, share: float) -> str:
        """Such as "87%"."""
        return f"{round(share * 100)}%"

    def time(self, when: datetime) -> str:
        """Such as "3 Nov 2026, 14:05 CET"."""
        local = when.astimezone(self.zone)
        return f"{local.day} {local:%b %Y, %H:%M} {zone_name(local)}"


ENGLISH = English()
