"""How the paragraphs and tables of a report look."""

from reportlab.lib.colors import HexColor  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.platypus import Paragraph  # type: ignore[import-untyped]

from app.records import Verdict
from app.reports.pdf_sheet import INK, LINE, MUTED
from app.reports.pdf_text import BOLD, TEXT, markup

WARNED = HexColor("#a33b00")
VERDICT_INK: dict[Verdict, HexColor] = {
    "fracture": WARNED,
    "possible": HexColor("#0a5a94"),
    "pending": INK,
    "not-assessed": WARNED,
    "none": INK,
}

BODY = ParagraphStyle("body", fontName=TEXT, fontSize=9, leading=13, textColor=INK, splitLongWords=1)
SMALL = ParagraphStyle("small", BODY, fontSize=7.5, leading=10.5, textColor=MUTED)
LABEL = ParagraphStyle("label", BODY, textColor=MUTED)
STRONG = ParagraphStyle("strong", BODY, fontName=BOLD)
NUMBER = ParagraphStyle("number", BODY, alignment=2)
NUMBER_HEAD = ParagraphStyle("number head", LABEL, alignment=2)
NOTE = ParagraphStyle("note", BODY, textColor=WARNED)
TITLE = ParagraphStyle("title", BODY, fontName=BOLD, fontSize=16, leading=22, spaceAfter=8)
HEADING = ParagraphStyle("heading", BODY, fontName=BOLD, fontSize=11, leading=15, spaceBefore=12, spaceAfter=4)

_GRID = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]
_CLOSE = [("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]
TIGHT = [*_GRID, *_CLOSE]
RULED = [*_GRID, ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE)]
RULED_TIGHT = [*RULED, *_CLOSE]


def paragraph(text: str, style: ParagraphStyle = BODY) -> Paragraph:
    """A text of any characters, never interpreted as markup."""
    return Paragraph(markup(text), style)
