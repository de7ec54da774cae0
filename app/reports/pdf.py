"""A study to a report that a clinician reads, completes and signs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.platypus import CondPageBreak, KeepTogether, Spacer, Table  # type: ignore[import-untyped]

from app.records import WORST_FIRST, Feedback, Study
from app.reports.pdf_front import Signature, conclusion, facts, signature
from app.reports.pdf_sheet import TEXT_WIDTH_PT, write_contact_sheets
from app.reports.pdf_style import BODY, HEADING, RULED, SMALL, STRONG, TITLE, paragraph
from app.reports.pdf_text import install_fonts, is_whole, lines
from app.reports.pdf_view import MarkedView, all_views, appendix, key_image
from app.reports.report_boxes import report_boxes
from app.reports.wording import ENGLISH, Wording
from app.reports.words import answer_words, share_words, verdict_title
from app.translatable import N_

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
    reader_id: str = "",
    signed: Signature | None = None,
    wording: Wording = ENGLISH,
) -> bytes:
    """The report of a study: a PDF file on A4, the same bytes for the same input.

    Page one has patient, examination, conclusion, key image, readers and signature; then the views, four a page; the
    software's assessments come last.

    images: for the id of each view its radiograph without boxes, as PNG, JPEG or TIFF.
    statement: the reader's own words, any characters; with "" there are lines to write on. Never interpreted as markup.
    reader: the name under the signature line. made_at: aware; shown in UTC.
    answers: what readers stored of the views, newest first; of each reader the newest answer to a view is shown.
    reader_id: whose boxes are drawn. signed: None for a draft.
    wording: the language of the report; what readers wrote stays as they wrote it.

    What its fonts can write, `app.reports.pdf_text` tells; where they lack a character, its plain letter stands for it,
    else "?", and a note under the text says so. No file name is in the report: it may carry a patient's name.

    Raises:
        KeyError: `images` lacks a view. OSError: an image cannot be decoded.
    """
    with _ONE_AT_A_TIME:
        install_fonts()
        views = [
            MarkedView(number, image, images[image.id], report_boxes(image, answers, reader_id, wording))
            for number, image in enumerate(study.images, 1)
        ]
        story: list[Any] = [paragraph(_title(study, signed, wording), TITLE), facts(study, reader, made_at, wording)]
        story += conclusion(study, _software(study, wording), wording)
        story += _assessment(statement, signed, wording)
        story += key_image(views, wording)
        story += _answers(study, answers, wording) if study.images else []
        story.append(signature(reader, signed, wording))
        story += all_views(views, wording)
        story += appendix(views, wording)
        return write_contact_sheets(story, study_id=study.id, made_at=made_at, wording=wording)


def _title(study: Study, signed: Signature | None, wording: Wording) -> str:
    if not study.images:
        return wording.gettext("Radiograph report: no views")
    return wording.gettext("Radiograph report") if signed else wording.gettext("Radiograph report (draft, not signed)")


def _software(study: Study, wording: Wording) -> str:
    """The software's verdict on its worst view, with the score."""
    if not study.images:
        return wording.gettext("no views")
    worst = max(
        (image.assessment for image in study.images), key=lambda one: (-WORST_FIRST.index(one.verdict), one.score)
    )
    return wording.gettext(
        "%(verdict)s (score %(score)s)",
        verdict=verdict_title(worst.verdict, wording),
        score=share_words(worst.score, wording),
    )


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


def _assessment(statement: str, signed: Signature | None, wording: Wording) -> list[Any]:
    heading = paragraph(wording.gettext("Assessment by the reader"), HEADING)
    written = _written(statement, wording)
    if not written:
        empty = Table([[""]] * _HANDWRITTEN_LINES, [TEXT_WIDTH_PT], rowHeights=9 * mm, style=RULED)
        return [] if signed else [KeepTogether([heading, empty])]
    return [heading, *written]


def _written(text: str, wording: Wording) -> list[Any]:
    """Text of a reader, line by line, with a note where one of its letters cannot be written."""
    paragraphs = [paragraph(line) if line else Spacer(0, BODY.leading / 2) for line in lines(text)]
    return paragraphs if is_whole(text) else [*paragraphs, paragraph(wording.gettext(NOT_WRITTEN), SMALL)]
