"""A radiograph in a report, with its boxes as lines of the page: sharp at any size, dashed where only possible."""

import io
from collections.abc import Sequence

from reportlab.lib.colors import HexColor  # type: ignore[import-untyped]
from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]
from reportlab.platypus import Flowable  # type: ignore[import-untyped]

from app.reports.pdf_text import BOLD
from app.reports.report_boxes import ReportBox

_DEFINITE, _POSSIBLE, _INK = HexColor("#e69f00"), HexColor("#56b4e9"), HexColor("#15222c")
_LINE_PT, _DASH_PT, _LETTER_PT = 1.2, (4, 2.5), 8


class MarkedRadiograph(Flowable):  # type: ignore[misc]
    """A radiograph scaled into a rectangle of the page, in points, with numbered boxes.

    size_px: width and height of the decoded radiograph, in whose pixels the boxes are.

    Raises:
        OSError: the image cannot be decoded.
    """

    def __init__(
        self, png: bytes, size_px: tuple[int, int], boxes: Sequence[ReportBox], most_pt: tuple[float, float]
    ) -> None:
        super().__init__()
        self._image = ImageReader(io.BytesIO(png))
        width, height = self._image.getSize()
        scale = min(most_pt[0] / width, most_pt[1] / height)
        self.width, self.height = width * scale, height * scale
        self._size_px, self._boxes = size_px, boxes

    def wrap(self, *_: float) -> tuple[float, float]:
        """Width and height, in points."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw the radiograph, then its boxes."""
        self.canv.drawImage(self._image, 0, 0, self.width, self.height)
        for box in self._boxes:
            self._draw_box(box)

    def _draw_box(self, box: ReportBox) -> None:
        across, up = self.width / self._size_px[0], self.height / self._size_px[1]
        x1, y1, x2, y2 = box.box_px
        left, bottom, top = x1 * across, self.height - y2 * up, self.height - y1 * up
        colour = _POSSIBLE if box.is_possible else _DEFINITE
        self.canv.saveState()
        self.canv.setLineWidth(_LINE_PT)
        self.canv.setStrokeColor(colour)
        if box.is_possible:
            self.canv.setDash(*_DASH_PT)
        self.canv.rect(left, bottom, (x2 - x1) * across, top - bottom)
        self._draw_label(box.label, left, min(top, self.height - _LETTER_PT - 2), colour)
        self.canv.restoreState()

    def _draw_label(self, label: str, left: float, bottom: float, colour: HexColor) -> None:
        width = self.canv.stringWidth(label, BOLD, _LETTER_PT) + 4
        self.canv.setFillColor(colour)
        self.canv.rect(left, bottom, width, _LETTER_PT + 2, stroke=0, fill=1)
        self.canv.setFillColor(_INK)
        self.canv.setFont(BOLD, _LETTER_PT)
        self.canv.drawString(left + 2, bottom + 2, label)
