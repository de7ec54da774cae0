"""A study to a report that a clinician reads, completes and signs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.platypus import CondPageBreak, KeepTogether, Spacer, Table  # type: ignore[import-untyped]

from app.records import Feedback, Study
from app.reports.pdf_sheet import INK, MUTED, TEXT_WIDTH_PT, write_contact_sheets
from app.reports.pdf_style import BODY, HEADING, LABEL, RULED, SMALL, STRONG, TIGHT, TITLE, paragraph
from app.reports.pdf_text import install_fonts, is_whole, lines
from app.reports.pdf_view import view_part
from app.reports.wording import ENGLISH, Wording
from app.reports.words import answer_words
from app.translatable import N_

DECLARATION = N_(
    "I have looked at the radiographs myself. Verdicts, marks and confidences in this report are the software's; "
    "the assessment is mine."
)
NOT_WRITTEN = N_("Some characters of this text cannot be written in this report. A question mark stands for each.")
# reportlab cuts the letters of each document out of one font object, which loses its place when two do so at once.
_ONE_AT_A_TIME = Lock()
_HANDWRITTEN_LINES = 5


def study_pdf(
    study: Study,
    images: Mapping[str, bytes],
    statement: str,
    reader: str,
    made_at: datetime,
    *,
    answers: Sequence[Feedback] = (),
    wording: Wording = ENGLISH,
) -> bytes:
    """The report of a study: a PDF file on A4, the same bytes for the same input.

    images: for the id of each view its radiograph with the boxes drawn in, as PNG, JPEG or TIFF.
    statement: the reader's own words, any characters; with "" there are lines to write on. Never interpreted as markup.
    reader: the name under the signature line. made_at: aware; shown in UTC.
    answers: what readers stored of the views, newest first; of each reader the newest answer to a view is shown.
    wording: the language of the report; what readers wrote stays as they wrote it.

    What its fonts can write, `app.reports.pdf_text` tells; where they lack a character, its plain letter stands for it,
    else "?", and a note under the text says so. No file name is in the report: it may carry a patient's name.

    Raises:
        KeyError: `images` lacks a view. OSError: a image cannot be read.
    """
    with _ONE_AT_A_TIME:
        install_fonts()
        story: list[Any] = [paragraph(_title(study, wording), TITLE), _facts(study, reader, made_at, wording)]
        for number, image in enumerate(study.images, 1):
            title = wording.gettext("View %(number)s of %(count)s", number=number, count=len(study.images))
            story += view_part(image, images[image.id], title, wording)
        story += _answers(study, answers, wording) if study.images else []
        story += _assessment(statement, wording)
        story.append(_signature(reader, wording))
        return write_contact_sheets(story, study_id=study.id, made_at=made_at, wording=wording)


def _title(study: Study, wording: Wording) -> str:
    return wording.gettext("Radiograph report") if study.images else wording.gettext("Radiograph report: no views")


def _facts(study: Study, reader: str, made_at: datetime, wording: Wording) -> Table:
    marked = sum(image.assessment.verdict != "none" for image in study.images)
    rows = [
        (wording.gettext("Patient"), ""),
        (wording.gettext("Study"), study.id),
        (wording.gettext("Read by the software"), wording.time(study.created_at)),
        (
            wording.gettext("Views"),
            wording.gettext(
                "%(count)s, of which the software marked %(marked)s", count=len(study.images), marked=marked
            ),
        ),
        (wording.gettext("Reader"), reader),
        (wording.gettext("Report made"), wording.time(made_at)),
    ]
    cells = [[paragraph(label, LABEL), paragraph(value)] for label, value in rows]
    # Who the patient is, the program does not know: the line is to be filled in.
    to_fill_in = [("LINEBELOW", (1, 0), (1, 0), 0.5, MUTED), ("VALIGN", (0, 0), (0, 0), "BOTTOM")]
    heights = [9 * mm, *[None] * (len(rows) - 1)]
    return Table(cells, [50 * mm, TEXT_WIDTH_PT - 50 * mm], heights, style=[*TIGHT, *to_fill_in], hAlign="LEFT")


def _answers(study: Study, answers: Sequence[Feedback], wording: Wording) -> list[Any]:
    heading = paragraph(wording.gettext("Answers of readers"), HEADING)
    newest = list(_newest(study, answers))
    if not newest:
        return [KeepTogether([heading, paragraph(wording.gettext("No reader has stored an answer."))])]
    parts: list[Any] = [CondPageBreak(30 * mm), heading]
    for number, answer in newest:
        reader = answer.person_name or wording.gettext("A former reader")
        view = wording.gettext("View %(number)s", number=number)
        parts.append(paragraph(f"{view} · {reader} · {wording.time(answer.created_at)}", STRONG))
        if said := answer_words(answer, wording):
            parts.append(paragraph(said))
        parts += _written(answer.comment, wording)
        parts.append(Spacer(0, 4))
    return parts


def _newest(study: Study, answers: Sequence[Feedback]) -> Iterator[tuple[int, Feedback]]:
    """View by view the newest answer of each reader, with the view's number."""
    for number, image in enumerate(study.images, 1):
        seen: set[str] = set()
        for answer in answers:
            if answer.image_id == image.id and answer.person_id not in seen:
                seen.add(answer.person_id)
                yield number, answer


def _assessment(statement: str, wording: Wording) -> list[Any]:
    heading = paragraph(wording.gettext("Assessment by the reader"), HEADING)
    written = _written(statement, wording)
    if not written:
        empty = Table([[""]] * _HANDWRITTEN_LINES, [TEXT_WIDTH_PT], rowHeights=9 * mm, style=RULED)
        return [KeepTogether([heading, empty])]
    return [CondPageBreak(30 * mm), heading, *written]


def _written(text: str, wording: Wording) -> list[Any]:
    """Text of a reader, line by line, with a note where one of its letters cannot be written."""
    paragraphs = [paragraph(line) if line else Spacer(0, BODY.leading / 2) for line in lines(text)]
    return paragraphs if is_whole(text) else [*paragraphs, paragraph(wording.gettext(NOT_WRITTEN), SMALL)]


def _signature(reader: str, wording: Wording) -> KeepTogether:
    gap = 8 * mm
    widths = [TEXT_WIDTH_PT - 50 * mm - gap, gap, 50 * mm]
    names = [paragraph(reader), "", paragraph(wording.gettext("Date"))]
    roles = [paragraph(wording.gettext("Reader: name and signature"), SMALL), "", ""]
    ruled = [("LINEABOVE", (0, 0), (0, 0), 0.7, INK), ("LINEABOVE", (2, 0), (2, 0), 0.7, INK)]
    table = Table([names, roles], widths, style=[*TIGHT, *ruled])
    return KeepTogether([Spacer(0, 10), paragraph(wording.gettext(DECLARATION)), Spacer(0, 16 * mm), table])
