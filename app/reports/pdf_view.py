"""One view of a study in a report: its verdict, its picture, its findings, and where they come from."""

import io
from typing import Any

from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.platypus import CondPageBreak, Image, KeepTogether, Spacer, Table  # type: ignore[import-untyped]

from app.records import Reading, StudyImage
from app.reports.pdf_sheet import TEXT_WIDTH_PT
from app.reports.pdf_style import (
    HEADING,
    LABEL,
    NOTE,
    NUMBER,
    NUMBER_HEAD,
    RULED_TIGHT,
    SMALL,
    STRONG,
    VERDICT_INK,
    paragraph,
)
from app.reports.wording import Wording
from app.reports.words import region_name, share_words, tier_name, verdict_advice, verdict_title, warning_words

_MOST_PICTURE_HEIGHT_PT = 118 * mm


def view_part(image: StudyImage, picture: bytes, title: str, wording: Wording) -> list[Any]:
    """The flowables of a view; `picture` has its boxes drawn in.

    Raises:
        OSError: the picture cannot be read.
    """
    reading = image.reading
    said, advice = verdict_title(reading.verdict, wording), verdict_advice(reading.verdict, wording)
    score = wording.gettext("%(verdict)s (score %(score)s)", verdict=said, score=share_words(reading.score, wording))
    verdict = ParagraphStyle("verdict", STRONG, fontSize=11, textColor=VERDICT_INK[reading.verdict])
    note = wording.gettext("Note.")
    legend = wording.gettext("Solid line: definite. Dashed line: possible.")
    top = [
        paragraph(title, HEADING),
        paragraph(score, verdict),
        paragraph(advice),
        *(paragraph(f"{note} {warning_words(code, wording)}", NOTE) for code in reading.warnings),
        Spacer(0, 4),
        _fitted(picture),
        Spacer(0, 2),
        *([paragraph(legend, SMALL)] if reading.findings else []),
        Spacer(0, 4),
    ]
    origin = KeepTogether(_origin(image, wording))
    return [KeepTogether(top), *_findings(reading, wording), Spacer(0, 4), origin, Spacer(0, 4)]


def _fitted(picture: bytes) -> Image:
    fitted = Image(io.BytesIO(picture), hAlign="LEFT")
    scale = min(TEXT_WIDTH_PT / fitted.imageWidth, _MOST_PICTURE_HEIGHT_PT / fitted.imageHeight)
    fitted.drawWidth, fitted.drawHeight = fitted.imageWidth * scale, fitted.imageHeight * scale
    return fitted


def _findings(reading: Reading, wording: Wording) -> list[Any]:
    if not reading.findings:
        return [paragraph(wording.gettext("The software marked no place on this view."))]
    head = [
        paragraph(wording.gettext("Marked place"), LABEL),
        paragraph(wording.gettext("Kind"), LABEL),
        paragraph(wording.gettext("Confidence"), NUMBER_HEAD),
    ]
    rows = [
        [
            paragraph(region_name(finding.region, wording).capitalize(), STRONG),
            paragraph(tier_name(finding.tier, wording).capitalize()),
            paragraph(share_words(finding.confidence, wording), NUMBER),
        ]
        for finding in sorted(reading.findings, key=lambda finding: -finding.confidence)
    ]
    widths = [70 * mm, 50 * mm, TEXT_WIDTH_PT - 120 * mm]
    return [CondPageBreak(18 * mm), Table([head, *rows], widths, style=RULED_TIGHT, repeatRows=1)]


def _origin(image: StudyImage, wording: Wording) -> list[Any]:
    reading, spacing = image.reading, image.reading.spacing_mm
    size = f"{reading.width} × {reading.height} px"
    if spacing:
        row, column = (wording.number(float(f"{side:.3g}")) for side in spacing)
        size += wording.gettext(", %(row)s × %(column)s mm each", row=row, column=column)
    read = wording.gettext(
        "Read %(time)s in %(duration)s ms. Size %(size)s.",
        time=wording.time(image.created_at),
        duration=wording.number(round(reading.timing_ms.total)),
        size=size,
    )
    model = wording.gettext(
        "Model %(name)s, version %(version)s", name=reading.model.name, version=reading.model.version
    )
    weights = wording.gettext("SHA-256 of the weights %(sha256)s", sha256=reading.model.sha256)
    return [paragraph(line, SMALL) for line in (read, model, weights)]
