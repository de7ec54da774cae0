"""One view of a study in a report: its verdict, its drawn, its findings, and where they come from."""

import io
from typing import Any

from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.platypus import CondPageBreak, Image, KeepTogether, Spacer, Table  # type: ignore[import-untyped]

from app.records import Assessment, StudyImage
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

_MOST_IMAGE_HEIGHT_PT = 118 * mm


def view_part(image: StudyImage, drawn: bytes, title: str, wording: Wording) -> list[Any]:
    """The flowables of a view; `drawn` has its boxes drawn in.

    Raises:
        OSError: the drawn cannot be read.
    """
    assessment = image.assessment
    said, advice = verdict_title(assessment.verdict, wording), verdict_advice(assessment.verdict, wording)
    score = wording.gettext("%(verdict)s (score %(score)s)", verdict=said, score=share_words(assessment.score, wording))
    verdict = ParagraphStyle("verdict", STRONG, fontSize=11, textColor=VERDICT_INK[assessment.verdict])
    note = wording.gettext("Note.")
    legend = wording.gettext("Solid line: definite. Dashed line: possible.")
    top = [
        paragraph(title, HEADING),
        paragraph(score, verdict),
        paragraph(advice),
        *(paragraph(f"{note} {warning_words(code, wording)}", NOTE) for code in assessment.warnings),
        Spacer(0, 4),
        _fitted(drawn),
        Spacer(0, 2),
        *([paragraph(legend, SMALL)] if assessment.findings else []),
        Spacer(0, 4),
    ]
    origin = KeepTogether(_origin(image, wording))
    others = _other_findings(assessment, wording)
    return [KeepTogether(top), *_findings(assessment, wording), *others, Spacer(0, 4), origin, Spacer(0, 4)]


def _fitted(drawn: bytes) -> Image:
    fitted = Image(io.BytesIO(drawn), hAlign="LEFT")
    scale = min(TEXT_WIDTH_PT / fitted.imageWidth, _MOST_IMAGE_HEIGHT_PT / fitted.imageHeight)
    fitted.drawWidth, fitted.drawHeight = fitted.imageWidth * scale, fitted.imageHeight * scale
    return fitted


def _findings(assessment: Assessment, wording: Wording) -> list[Any]:
    if not assessment.findings:
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
        for finding in sorted(assessment.findings, key=lambda finding: -finding.confidence)
    ]
    widths = [70 * mm, 50 * mm, TEXT_WIDTH_PT - 120 * mm]
    return [CondPageBreak(18 * mm), Table([head, *rows], widths, style=RULED_TIGHT, repeatRows=1)]


def _other_findings(assessment: Assessment, wording: Wording) -> list[Any]:
    """One line for what is marked and is no fracture."""
    if not assessment.other_findings:
        return []
    listed = ", ".join(
        f"{region_name(finding.region, wording)} {share_words(finding.confidence, wording)}"
        for finding in assessment.other_findings
    )
    return [paragraph(wording.gettext("Also found, no fracture: %(findings)s", findings=listed))]


def _origin(image: StudyImage, wording: Wording) -> list[Any]:
    assessment, spacing = image.assessment, image.assessment.spacing_mm
    size = f"{assessment.width} × {assessment.height} px"
    if spacing:
        row, column = (wording.number(float(f"{side:.3g}")) for side in spacing)
        size += wording.gettext(", %(row)s × %(column)s mm each", row=row, column=column)
    read = wording.gettext(
        "Read %(time)s in %(duration)s ms. Size %(size)s.",
        time=wording.time(image.created_at),
        duration=wording.number(round(assessment.timing_ms.total)),
        size=size,
    )
    model = wording.gettext(
        "Model %(name)s, version %(version)s", name=assessment.model.name, version=assessment.model.version
    )
    weights = wording.gettext("SHA-256 of the weights %(sha256)s", sha256=assessment.model.sha256)
    return [paragraph(line, SMALL) for line in (read, model, weights)]
