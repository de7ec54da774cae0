"""Text of any kind to the markup of a paragraph: never interpreted, never a box in place of a letter.

DejaVu Sans writes a report where it is installed (`static/vendor/fonts`, see scripts/vendor.py): Latin with all its
accents, Greek, Cyrillic, Armenian, Georgian, and many signs. Without it there is Bitstream Vera, which comes with
reportlab: Latin letters of western Europe and some of the centre; then Greek without accents is written in Symbol, one
of the fourteen fonts that every PDF reader has. What the fonts do not hold is written by its plain letter (with Vera
"ř" as "r", "ά" as "α"), and as "?" where there is none: Chinese, emoji. So are Arabic and Hebrew, although DejaVu has
their letters: they run from right to left and join, which reportlab does not do, and wrong words are worse than none.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path

from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]

TEXT, BOLD, GREEK = "ReportText", "ReportBold", "Symbol"
UNKNOWN = "?"
_DEJAVU = Path(__file__).resolve().parents[2] / "static" / "vendor" / "fonts"
_TAB = "    "
# What Symbol holds of the Greek alphabet. Source: PDF 32000-1, D.5.
_SYMBOL_LETTERS = frozenset(chr(code) for code in [*range(0x391, 0x3A2), *range(0x3A3, 0x3AA), *range(0x3B1, 0x3CA)])
# Marks that change a letter's look, and characters that are not seen at all.
_SILENT = frozenset({"Mn", "Me", "Cc", "Cf", "Cs"})
# Source: UAX #9, the types of letters and digits of scripts that run from right to left.
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


@cache
def install_fonts() -> frozenset[str]:
    """Make the fonts known to reportlab, once in a process; returns what `TEXT` and `BOLD` can write."""
    text, bold = _DEJAVU / "DejaVuSans.ttf", _DEJAVU / "DejaVuSans-Bold.ttf"
    files = (str(text), str(bold)) if text.exists() and bold.exists() else ("Vera.ttf", "VeraBd.ttf")
    held: set[int] | None = None
    for name, file in zip((TEXT, BOLD), files, strict=True):
        font = TTFont(name, file)
        pdfmetrics.registerFont(font)
        codes = set(font.face.charToGlyph)
        held = codes if held is None else held & codes
    letters = (chr(code) for code in held or ())
    return frozenset(letter for letter in letters if unicodedata.bidirectional(letter) not in _RIGHT_TO_LEFT)


def markup(text: str) -> str:
    """One line of text as the markup of a reportlab paragraph, whose own signs are escaped."""
    return "".join(_run(by_symbol, letters) for by_symbol, letters in groupby(_writable(text), key=_is_symbols))


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


def _run(by_symbol: bool, letters: Iterable[str]) -> str:
    escaped = escape("".join(letters), quote=False)
    return f'<font face="{GREEK}">{escaped}</font>' if by_symbol else escaped


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
    return is_seen and (character in install_fonts() or character in _SYMBOL_LETTERS)


def _is_symbols(character: str) -> bool:
    return character in _SYMBOL_LETTERS and character not in install_fonts()
