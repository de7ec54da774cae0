"""Text of any kind to the markup of a paragraph: never interpreted, never a box in place of a letter.

Two fonts write a report. Bitstream Vera comes with reportlab and goes into the file: Latin letters of western Europe
and some of the centre. Symbol is one of the fourteen fonts that every PDF reader has: Greek letters without accents.
What neither holds is written by its plain letter ("ř" as "r", "ά" as "α"), and as "?" where there is none: Cyrillic,
Arabic, Chinese, emoji.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from itertools import groupby

from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]

TEXT, BOLD, GREEK = "ReportText", "ReportBold", "Symbol"
UNKNOWN = "?"
_TAB = "    "
# What Symbol holds of the Greek alphabet. Source: PDF 32000-1, D.5.
_GREEK_LETTERS = frozenset(chr(code) for code in [*range(0x391, 0x3A2), *range(0x3A3, 0x3AA), *range(0x3B1, 0x3CA)])
# Marks that change a letter's look, and characters that are not seen at all.
_SILENT = frozenset({"Mn", "Me", "Cc", "Cf", "Cs"})


@cache
def install_fonts() -> frozenset[str]:
    """Make the fonts known to reportlab, once in a process; returns what `TEXT` and `BOLD` can write."""
    held: set[int] | None = None
    for name, file in ((TEXT, "Vera.ttf"), (BOLD, "VeraBd.ttf")):
        font = TTFont(name, file)
        pdfmetrics.registerFont(font)
        codes = set(font.face.charToGlyph)
        held = codes if held is None else held & codes
    return frozenset(chr(code) for code in held or ())


def markup(text: str) -> str:
    """One line of text as the markup of a reportlab paragraph, whose own signs are escaped."""
    runs = groupby(_writable(text), key=_GREEK_LETTERS.__contains__)
    return "".join(_run(is_greek, letters) for is_greek, letters in runs)


def lines(text: str) -> list[str]:
    """The lines of a text without spaces at their ends; never two empty ones in a row, nor one at either end."""
    kept: list[str] = []
    for line in text.splitlines():
        if line.strip() or (kept and kept[-1]):
            kept.append(line.rstrip())
    return kept[:-1] if kept and not kept[-1] else kept


def is_whole(text: str) -> bool:
    """Whether a report can write every letter of a text, if need be without its accent."""
    return "".join(_writable(text)).count(UNKNOWN) == text.count(UNKNOWN)


def _run(is_greek: bool, letters: Iterable[str]) -> str:
    escaped = escape("".join(letters), quote=False)
    return f'<font face="{GREEK}">{escaped}</font>' if is_greek else escaped


def _writable(text: str) -> Iterator[str]:
    for character in unicodedata.normalize("NFC", text.replace("\t", _TAB)):
        yield from _nearest(character)


def _nearest(character: str) -> str:
    """The character, else what it is made of, else "?"; nothing for what is not seen."""
    if _is_held(character):
        return character
    if unicodedata.category(character) in _SILENT:
        return ""
    if character.isspace():
        return " "
    parts = [part for part in unicodedata.normalize("NFKD", character) if unicodedata.category(part) not in _SILENT]
    return "".join(parts) if parts and all(_is_held(part) for part in parts) else UNKNOWN


def _is_held(character: str) -> bool:
    is_seen = unicodedata.category(character) not in _SILENT
    return is_seen and (character in _GREEK_LETTERS or character in install_fonts())
