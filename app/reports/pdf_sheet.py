"""The sheets of a report: A4, head, disclaimer and "Page 1 of 3" on each, and what the file says of itself."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from reportlab import rl_config  # type: ignore[import-untyped]
from reportlab.lib.colors import HexColor  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate  # type: ignore[import-untyped]

from app.records import DISCLAIMER
from app.reports.pdf_text import BOLD, TEXT, install_fonts
from app.reports.wording import Wording
from app.translatable import N_

# Base 85 is for mail of long ago: images grow by a quarter, and encoding them takes longer than compressing them.
rl_config.useA85 = 0

WIDTH_PT, HEIGHT_PT = A4
SIDE_PT, TOP_PT, BOTTOM_PT = 20 * mm, 24 * mm, 24 * mm
TEXT_WIDTH_PT = WIDTH_PT - 2 * SIDE_PT
INK, MUTED, LINE = HexColor("#15222c"), HexColor("#4a5a66"), HexColor("#c3ced6")
_MAKER = N_("Fracture detection")
_HEAVY, _LIGHT = 8.0, 7.5


def write_contact_sheets(story: Sequence[Any], *, study_id: str, made_at: datetime, wording: Wording) -> bytes:
    """The flowables of `story` on A4 sheets, as a PDF file; the same bytes for the same input.

    The file's own fields name the program and the time, nobody and no file.
    """
    install_fonts()
    out = io.BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        title=wording.gettext("Radiograph report"),
        author=wording.gettext(_MAKER),
        subject=wording.gettext(DISCLAIMER),
        creator=wording.gettext(_MAKER),
        invariant=1,
        lang=wording.tag,
    )
    frame = Frame(
        SIDE_PT, BOTTOM_PT, TEXT_WIDTH_PT, HEIGHT_PT - TOP_PT - BOTTOM_PT,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=partial(_begin, made_at)))
    canvas = partial(_CountedCanvas, study_id=study_id, made_at=made_at, wording=wording)
    document.build(list(story), canvasmaker=canvas)
    return out.getvalue()


def _begin(made_at: datetime, canvas: Canvas, _: object) -> None:
    canvas.setViewerPreference("DisplayDocTitle", "true")
    # reportlab's own clock stands at the year 2000 in a file that is to be the same each time.
    stamp = made_at.astimezone(UTC).strftime("D:%Y%m%d%H%M%S+00'00'")
    canvas.setDateFormatter(lambda *_: stamp)


class _CountedCanvas(Canvas):  # type: ignore[misc]
    """Keeps each page until the last is known, then writes head and foot on all of them."""

    def __init__(self, *args: object, study_id: str, made_at: datetime, wording: Wording, **options: object) -> None:
        super().__init__(*args, **options)
        self._wording = wording
        self._study = wording.gettext("Study %(id)s", id=study_id)
        self._made = wording.gettext("Made %(time)s", time=wording.time(made_at))
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        """Put the page aside."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write every page with its head and foot."""
        pages = self._pages
        for page in pages:
            self.__dict__.update(page)
            self._draw_head()
            self._draw_foot(len(pages))
            super().showPage()
        super().save()

    def _draw_head(self) -> None:
        baseline = HEIGHT_PT - 14 * mm
        self._say_strongly(baseline, self._wording.gettext(_MAKER))
        self._say_quietly()
        self.drawRightString(WIDTH_PT - SIDE_PT, baseline, self._study)
        self._rule(baseline - 2.5 * mm)

    def _draw_foot(self, page_count: int) -> None:
        self._rule(18 * mm)
        self._say_strongly(13.5 * mm, self._wording.gettext(DISCLAIMER))
        self._say_quietly()
        self.drawString(SIDE_PT, 9.5 * mm, self._made)
        page = self._wording.gettext("Page %(number)s of %(count)s", number=self._pageNumber, count=page_count)
        self.drawRightString(WIDTH_PT - SIDE_PT, 9.5 * mm, page)

    def _say_strongly(self, baseline: float, text: str) -> None:
        # Some languages need more room than a line has: smaller letters then.
        size = min(_HEAVY, _HEAVY * TEXT_WIDTH_PT / self.stringWidth(text, BOLD, _HEAVY))
        self.setFillColor(INK)
        self.setFont(BOLD, size)
        self.drawString(SIDE_PT, baseline, text)

    def _say_quietly(self) -> None:
        self.setFillColor(MUTED)
        self.setFont(TEXT, _LIGHT)

    def _rule(self, height_pt: float) -> None:
        self.setStrokeColor(LINE)
        self.setLineWidth(0.5)
        self.line(SIDE_PT, height_pt, WIDTH_PT - SIDE_PT, height_pt)
