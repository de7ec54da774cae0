"""The views of a report: the key image, all of them four a page, and the software's assessment of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.platypus import CondPageBreak, KeepTogether, PageBreak, Spacer, Table  # type: ignore[import-untyped]

from app.records import Assessment, StudyImage
from app.reports.pdf_image import MarkedRadiograph
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
    TIGHT,
    TITLE,
    VERDICT_INK,
    paragraph,
)
from app.reports.report_boxes import ReportBox
from app.reports.wording import Wording
from app.reports.words import (
    region_name,
    scope_words,
    share_words,
    tier_name,
    verdict_advice,
    verdict_title,
    warning_words,
)

_KEY_SIZE_PT = (TEXT_WIDTH_PT, 74 * mm)
_GAP_PT = 6 * mm
# Of the legend under a small image; the appendix has all of it.
_MOST_LINES = 4
_SMALL_SIZE_PT = ((TEXT_WIDTH_PT - _GAP_PT) / 2, 88 * mm)


@dataclass(frozen=True)
class MarkedView:
    """A view of a report, numbered from 1, with the boxes to draw on it."""

    number: int
    image: StudyImage
    png: bytes
    boxes: tuple[ReportBox, ...]

    def drawn(self, most_pt: tuple[float, float]) -> MarkedRadiograph:
        """The radiograph with its boxes, as large as fits."""
        assessment = self.image.assessment
        return MarkedRadiograph(self.png, (assessment.width, assessment.height), self.boxes, most_pt)

    def title(self, count: int, wording: Wording) -> str:
        """Its number among all."""
        return wording.gettext("View %(number)s of %(count)s", number=self.number, count=count)

    def legend(self, wording: Wording) -> list[Any]:
        """Legend: the meaning of each number on the image, and of dashes."""
        named = [paragraph(f"{box.label}: {box.words}", SMALL) for box in self.boxes]
        dashed = wording.gettext("Dashed line and question mark: only possible.")
        return [*named, *([paragraph(dashed, SMALL)] if any(box.is_possible for box in self.boxes) else [])]


def key_image(views: Sequence[MarkedView], wording: Wording) -> list[Any]:
    """The view that shows the most: of those with boxes the one with the highest score, else the first.

    Raises:
        OSError: its image cannot be decoded.
    """
    if not views:
        return []
    key = max(views, key=lambda view: (bool(view.boxes), view.image.assessment.score, -view.number))
    heading = paragraph(key.title(len(views), wording), HEADING)
    return [KeepTogether([heading, key.drawn(_KEY_SIZE_PT), Spacer(0, 2), *key.legend(wording)])]


def all_views(views: Sequence[MarkedView], wording: Wording) -> list[Any]:
    """Every view, four a page; nothing where the key image is the only one."""
    if len(views) < 2:
        return []
    cells = [
        [
            paragraph(view.title(len(views), wording), STRONG),
            view.drawn(_SMALL_SIZE_PT),
            *view.legend(wording)[:_MOST_LINES],
        ]
        for view in views
    ]
    rows = [[cells[n], "", cells[n + 1] if n + 1 < len(cells) else ""] for n in range(0, len(cells), 2)]
    widths = [_SMALL_SIZE_PT[0], _GAP_PT, _SMALL_SIZE_PT[0]]
    return [PageBreak(), Table(rows, widths, style=[*TIGHT, ("BOTTOMPADDING", (0, 0), (-1, -1), 8)])]


def appendix(views: Sequence[MarkedView], wording: Wording) -> list[Any]:
    """The software's assessment of each view, with model, settings and times."""
    if not views:
        return []
    parts: list[Any] = [PageBreak(), paragraph(wording.gettext("Appendix: assessment by the software"), TITLE)]
    for view in views:
        parts += _assessed(view, view.title(len(views), wording), wording)
    return parts


def _assessed(view: MarkedView, title: str, wording: Wording) -> list[Any]:
    assessment = view.image.assessment
    said, advice = verdict_title(assessment.verdict, wording), verdict_advice(assessment.verdict, wording)
    score = wording.gettext("%(verdict)s (score %(score)s)", verdict=said, score=share_words(assessment.score, wording))
    verdict = ParagraphStyle("verdict", STRONG, fontSize=11, textColor=VERDICT_INK[assessment.verdict])
    note = wording.gettext("Note.")
    top = [
        paragraph(title, HEADING),
        paragraph(score, verdict),
        paragraph(advice),
        *([paragraph(scope, NOTE)] if (scope := scope_words(assessment, wording)) else []),
        *(paragraph(f"{note} {warning_words(code, wording)}", NOTE) for code in assessment.warnings),
        Spacer(0, 4),
    ]
    origin = KeepTogether(_origin(view.image, wording))
    others = _other_findings(assessment, wording)
    return [KeepTogether(top), *_findings(assessment, wording), *others, Spacer(0, 4), origin, Spacer(0, 4)]


def _findings(assessment: Assessment, wording: Wording) -> list[Any]:
    if assessment.verdict == "not-assessed":
        return []
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
