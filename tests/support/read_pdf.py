"""Reads back what a report says, with the standard library alone: its pages, its text, its images, its own fields.

Enough of ISO 32000-1 for files that reportlab writes: whole objects, Flate streams, text shown by Tj.
"""

import re
import zlib
from dataclasses import dataclass

_OBJECT = re.compile(rb"(?s)(\d+) 0 obj\b(.*?)endobj")
_STREAM = re.compile(rb"(?s)(<<.*?>>)\s*stream\r?\n(.*)endstream")
_FONT_OR_TEXT = re.compile(rb"(?s)/(F[\d+]+) [\d.]+ Tf|\(((?:\\.|[^\\()])*)\) Tj|(T\*)")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
# The letters of Adobe's Symbol that a report uses, in their order there. Source: ISO 32000-1, D.5.
_SYMBOL = dict(zip(range(0x41, 0x5B), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True)) | dict(
    zip(range(0x61, 0x7B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True)
)


@dataclass(frozen=True)
class Pdf:
    """pages: the text of each; drawn: how it is drawn. info: the file's own fields. images: their (width, height)."""

    pages: tuple[str, ...]
    drawn: tuple[bytes, ...]
    info: bytes
    images: tuple[tuple[int, int], ...]
    objects: dict[int, bytes]

    @property
    def text(self) -> str:
        """The text of all pages."""
        return "\n".join(self.pages)


def read_pdf(raw: bytes) -> Pdf:
    """A file that is whole: header, objects, a cross-reference table that points at them."""
    assert raw.startswith(b"%PDF-1.")
    assert raw.rstrip().endswith(b"%%EOF")
    objects = {int(number): body for number, body in _OBJECT.findall(raw)}
    start = int(re.search(rb"startxref\s+(\d+)", raw)[1])
    places = re.findall(rb"(\d{10}) 00000 n", raw[start:])
    for number, place in enumerate(places, 1):
        assert raw[int(place) :].startswith(b"%d 0 obj" % number)
    info = objects[int(re.search(rb"/Info (\d+) 0 R", raw)[1])]
    images = tuple(
        (_number(body, b"Width"), _number(body, b"Height"))
        for body in objects.values()
        if b"/Subtype /Image" in body[:600]
    )
    kids = [body for body in objects.values() if re.search(rb"/Kids\s*\[", body)]
    order = [int(number) for number in re.findall(rb"(\d+) 0 R", re.search(rb"(?s)/Kids\s*\[(.*?)\]", kids[0])[1])]
    maps = _fonts(objects)
    drawn = tuple(_stream(objects[_reference(objects[number], b"Contents")]) for number in order)
    return Pdf(tuple(_page_text(page, maps) for page in drawn), drawn, info, images, objects)


def _number(body: bytes, name: bytes) -> int:
    return int(re.search(rb"/%s (\d+)" % name, body)[1])


def _page_text(drawn: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    said, font = [], {}
    for name, text, line in _FONT_OR_TEXT.findall(drawn):
        if name:
            font = fonts.get(name, {})
        elif line:
            said.append("\n")
        else:
            said.append("".join(font.get(code, chr(code)) for code in _unescaped(text)))
    return "".join(said)


def _fonts(objects: dict[int, bytes]) -> dict[bytes, dict[int, str]]:
    """For each font's short name what its codes mean."""
    maps: dict[bytes, dict[int, str]] = {}
    for body in objects.values():
        name = re.search(rb"/Name /([\w+]+)", body)
        if b"/Type /Font" not in body or not name:
            continue
        if b"/ToUnicode" in body:
            maps[name[1]] = _unicode_map(_stream(objects[_reference(body, b"ToUnicode")]))
        elif b"/BaseFont /Symbol" in body:
            maps[name[1]] = {**_SYMBOL, 0x56: "ς"}
    return maps


def _unicode_map(cmap: bytes) -> dict[int, str]:
    pairs = re.findall(rb"<(\w\w)> <(\w{4})>", cmap)
    return {int(code, 16): chr(int(meaning, 16)) for code, meaning in pairs}


def _reference(body: bytes, name: bytes) -> int:
    return int(re.search(rb"/%s (\d+) 0 R" % name, body)[1])


def _stream(body: bytes) -> bytes:
    head, packed = _STREAM.search(body).groups()
    packed = packed[: _number(head, b"Length")]
    return zlib.decompress(packed) if b"FlateDecode" in head else packed


def _unescaped(text: bytes) -> bytes:
    def one(match: re.Match[bytes]) -> bytes:
        what = match[1]
        return bytes([int(what, 8)]) if what.isdigit() else _ESCAPES.get(what, what)

    return re.sub(rb"\\([0-7]{1,3}|.)", one, text)
