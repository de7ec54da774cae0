"""A study to a report that a clinician reads, completes and signs."""

import io
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from reportlab.lib.colors import HexColor  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    CondPageBreak,
    Image,
    KeepTogether,
    Paragraph,
    Spacer,
    Table,
)

from app.records import Reading, Study, StudyImage, Verdict
from app.reports.pdf_sheet import INK, LINE, MUTED, TEXT_WIDTH_PT, utc_words, write_sheets
from app.reports.pdf_text import BOLD, TEXT, install_fonts, is_whole, lines, markup
from app.reports.words import VERDICT_WORDS, percent, warning_words

DECLARATION = (
    "I have looked at the radiographs myself. Verdicts, marks and confidences in this report are the software's; "
    "the assessment is mine."
)
_WARNED = HexColor("#a33b00")
# reportlab cuts the letters of each document out of one font object, which loses its place when two do so at once.
_ONE_AT_A_TIME = Lock()
_VERDICT_INK: dict[Verdict, HexColor] = {"fracture": _WARNED, "possible": HexColor("#0a5a94"), "none": INK}
_MOST_PICTURE_HEIGHT_PT = 118 * mm
_HANDWRITTEN_LINES = 5

_BODY = ParagraphStyle("body", fontName=TEXT, fontSize=9.5, leading=13.5, textColor=INK, splitLongWords=1)
_SMALL = ParagraphStyle("small", _BODY, fontSize=7.5, leading=10.5, textColor=MUTED)
_LABEL = ParagraphStyle("label", _BODY, textColor=MUTED)
_STRONG = ParagraphStyle("strong", _BODY, fontName=BOLD)
_NUMBER = ParagraphStyle("number", _BODY, alignment=2)
_NUMBER_HEAD = ParagraphStyle("number head", _LABEL, alignment=2)
_NOTE = ParagraphStyle("note", _BODY, textColor=_WARNED)
_TITLE = ParagraphStyle("title", _BODY, fontName=BOLD, fontSize=17, leading=22, spaceAfter=8)
_HEADING = ParagraphStyle("heading", _BODY, fontName=BOLD, fontSize=11.5, leading=15, spaceBefore=12, spaceAfter=4)

_GRID = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]
_TIGHT = [*_GRID, ("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]
_RULED = [*_GRID, ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE)]


def study_pdf(study: Study, pictures: Mapping[str, bytes], statement: str, reader: str, made_at: datetime) -> bytes:
    """The report of a study: a PDF file on A4, the same bytes for the same input.

    pictures: for the id of each view its radiograph with the boxes drawn in, as PNG, JPEG or TIFF.
    statement: the reader's own words, any characters; with "" there are lines to write on. Never interpreted as markup.
    reader: the name under the signature line. made_at: aware; shown in UTC.

    Text is written in Bitstream Vera, which reportlab ships, and Greek letters in the PDF reader's own Symbol. Where
    neither holds a character, its plain letter stands for it, else "?", and a note under the text says so.
    No file name is in the report: it may carry a patient's name.

    Raises:
        KeyError: `pictures` lacks a view. OSError: a picture cannot be read.
    """
    with _ONE_AT_A_TIME:
        story = _story(study, pictures, statement, reader, made_at)
        return write_sheets(story, study_id=study.id, made_at=made_at)


def _story(study: Study, pictures: Mapping[str, bytes], statement: str, reader: str, made_at: datetime) -> list[Any]:
    install_fonts()
    story = [Paragraph(_title(study), _TITLE), _facts(study, reader, made_at)]
    for number, image in enumerate(study.images, 1):
        story += _view(image, pictures[image.id], f"View {number} of {len(study.images)}")
    story += _assessment(statement)
    return [*story, _signature(reader)]


def _title(study: Study) -> str:
    return "Radiograph report" if study.images else "Radiograph report: no views"


def _facts(study: Study, reader: str, made_at: datetime) -> Table:
    marked = sum(image.reading.verdict != "none" for image in study.images)
    views = f"{len(study.images)}, of which the software marked {marked}"
    rows = [
        ("Patient", ""),
        ("Study", study.id),
        ("Read by the software", utc_words(study.created_at)),
        ("Views", views),
        ("Reader", reader),
        ("Report made", utc_words(made_at)),
    ]
    cells = [[_words(label, _LABEL), _words(value)] for label, value in rows]
    # Who the patient is, the program does not know: the line is to be filled in.
    to_fill_in = [("LINEBELOW", (1, 0), (1, 0), 0.5, MUTED), ("VALIGN", (0, 0), (0, 0), "BOTTOM")]
    heights = [9 * mm, *[None] * (len(rows) - 1)]
    return Table(cells, [42 * mm, TEXT_WIDTH_PT - 42 * mm], heights, style=[*_TIGHT, *to_fill_in], hAlign="LEFT")


def _view(image: StudyImage, picture: bytes, title: str) -> list[Any]:
    reading = image.reading
    said, advice = VERDICT_WORDS[reading.verdict]
    verdict = ParagraphStyle("verdict", _STRONG, fontSize=11, textColor=_VERDICT_INK[reading.verdict])
    notes = [_words(f"Note. {warning_words(code)}", _NOTE) for code in reading.warnings]
    top = [
        _words(title, _HEADING),
        _words(f"{said} (score {percent(reading.score)})", verdict),
        _words(advice),
        *notes,
        Spacer(0, 4),
        _fitted(picture),
        Spacer(0, 2),
        *([_words("Solid line: definite. Dashed line: possible.", _SMALL)] if reading.findings else []),
        Spacer(0, 4),
    ]
    return [KeepTogether(top), *_findings(reading), Spacer(0, 4), KeepTogether(_origin(image)), Spacer(0, 4)]


def _fitted(picture: bytes) -> Image:
    fitted = Image(io.BytesIO(picture), hAlign="LEFT")
    scale = min(TEXT_WIDTH_PT / fitted.imageWidth, _MOST_PICTURE_HEIGHT_PT / fitted.imageHeight)
    fitted.drawWidth, fitted.drawHeight = fitted.imageWidth * scale, fitted.imageHeight * scale
    return fitted


def _findings(reading: Reading) -> list[Any]:
    if not reading.findings:
        return [_words("The software marked no place on this view.")]
    surest_first = sorted(reading.findings, key=lambda finding: -finding.confidence)
    head = [_words("Marked place", _LABEL), _words("Kind", _LABEL), _words("Confidence", _NUMBER_HEAD)]
    rows = [
        [
            _words(finding.region.capitalize(), _STRONG),
            _words(finding.tier.capitalize()),
            _words(percent(finding.confidence), _NUMBER),
        ]
        for finding in surest_first
    ]
    widths = [70 * mm, 50 * mm, TEXT_WIDTH_PT - 120 * mm]
    return [CondPageBreak(18 * mm), Table([head, *rows], widths, style=[*_RULED, *_TIGHT[-2:]], repeatRows=1)]


def _origin(image: StudyImage) -> list[Any]:
    reading = image.reading
    spacing = reading.spacing_mm
    size = f"{reading.width} × {reading.height} px" + (
        f", {spacing[0]:.3g} × {spacing[1]:.3g} mm each" if spacing else ""
    )
    return [
        _words(f"Read {utc_words(image.created_at)} in {round(reading.timing_ms.total)} ms. Size {size}.", _SMALL),
        _words(f"Model {reading.model.name}, version {reading.model.version}", _SMALL),
        _words(f"SHA-256 of the weights {reading.model.sha256}", _SMALL),
    ]


def _assessment(statement: str) -> list[Any]:
    heading = _words("Assessment by the reader", _HEADING)
    written = lines(statement)
    if not written:
        empty = Table([[""]] * _HANDWRITTEN_LINES, [TEXT_WIDTH_PT], rowHeights=9 * mm, style=_RULED)
        return [KeepTogether([heading, empty])]
    paragraphs = [_words(line) if line else Spacer(0, _BODY.leading / 2) for line in written]
    if not is_whole(statement):
        words = "Some characters of this text cannot be written in this report. A question mark stands for each."
        paragraphs.append(_words(words, _SMALL))
    return [CondPageBreak(30 * mm), heading, *paragraphs]


def _signature(reader: str) -> KeepTogether:
    gap = 8 * mm
    widths = [TEXT_WIDTH_PT - 50 * mm - gap, gap, 50 * mm]
    names = [_words(reader), "", _words("Date")]
    roles = [_words("Reader: name and signature", _SMALL), "", ""]
    ruled = [("LINEABOVE", (0, 0), (0, 0), 0.7, INK), ("LINEABOVE", (2, 0), (2, 0), 0.7, INK)]
    table = Table([names, roles], widths, style=[*_TIGHT, *ruled])
    return KeepTogether([Spacer(0, 10), _words(DECLARATION), Spacer(0, 16 * mm), table])


def _words(text: str, style: ParagraphStyle = _BODY) -> Paragraph:
    return Paragraph(markup(text), style)
