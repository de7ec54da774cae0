"""A radiograph and what is drawn over it, as PNG."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from app.drawings import Drawing, Label, Stroke
from app.errors import UnusableImage

_SHIFT = 4
_LEAST_DASHED_PX = 3.0
_DASH_WIDTHS, _GAP_WIDTHS = 5.0, 3.5
_BACKGROUND_OPACITY = 0.6


def render_png(grey: NDArray[np.uint8], drawing: Drawing | None = None, long_side_px: int | None = None) -> bytes:
    """A PNG of the radiograph with the drawing over it: 8-bit grey, or RGB once something is drawn.

    grey: (H, W) uint8. drawing: in pixels of `grey`. long_side_px: scale a larger image down to this, drawing and
    all; a smaller one stays as it is. Nothing is drawn outside the image.

    Raises:
        UnusableImage: OpenCV cannot write an image of this size.
    """
    drawing = drawing or Drawing()
    scale = min(1.0, long_side_px / max(grey.shape)) if long_side_px else 1.0
    grey = _scaled(grey, scale)
    image = _drawn(grey, drawing, scale) if drawing.strokes or drawing.labels else grey
    # OpenCV 5 writes with run lengths by default: faster than any zlib level asked for, and hardly larger.
    try:
        done, png = cv2.imencode(".png", image)
    except cv2.error:
        raise UnusableImage from None
    if not done:
        raise UnusableImage
    return png.tobytes()


def render_webp(grey: NDArray[np.uint8], long_side_px: int, quality: int = 82) -> bytes:
    """A WebP of the radiograph, scaled down to `long_side_px` where it is larger; quality 1–100.

    Raises:
        UnusableImage: OpenCV cannot write an image of this size.
    """
    scaled = _scaled(grey, min(1.0, long_side_px / max(grey.shape)))
    try:
        done, webp = cv2.imencode(".webp", scaled, [cv2.IMWRITE_WEBP_QUALITY, quality])
    except cv2.error:
        raise UnusableImage from None
    if not done:
        raise UnusableImage
    return webp.tobytes()


def render_rgb(grey: NDArray[np.uint8], drawing: Drawing) -> NDArray[np.uint8]:
    """The radiograph with the drawing over it as (H, W, 3) uint8, red first; `grey` and `drawing` as `render_png`."""
    return np.ascontiguousarray(_drawn(grey, drawing, 1.0)[:, :, ::-1])


def _scaled(grey: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    if scale >= 1.0:
        return grey
    size_wh = max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))
    return np.asarray(cv2.resize(grey, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def _drawn(grey: NDArray[np.uint8], drawing: Drawing, scale: float) -> NDArray[np.uint8]:
    """(H, W, 3) uint8, blue first, as OpenCV draws."""
    image = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    for stroke in drawing.strokes:
        _draw_stroke(image, stroke, scale)
    for label in drawing.labels:
        _draw_label(image, label, scale)
    return image


def _draw_stroke(image: NDArray[np.uint8], stroke: Stroke, scale: float) -> None:
    width = max(1.0, stroke.width_px * scale)
    start, end = (np.array(point) * scale for point in (stroke.start_px, stroke.end_px))
    for first, last in _dashes(start, end, width) if stroke.dashed else [(start, end)]:
        cv2.line(image, _fixed(first), _fixed(last), stroke.colour_rgb[::-1], round(width), cv2.LINE_AA, _SHIFT)


def _dashes(
    start: NDArray[np.float64], end: NDArray[np.float64], width: float
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Cut a line into dashes of even length, with a whole dash at either end so that corners stay closed.

    A line that is too short for two dashes gets shorter ones: it must not look like a solid one.
    """
    length = float(np.hypot(*(end - start)))
    dash, gap = _DASH_WIDTHS * width, _GAP_WIDTHS * width
    if length < 2 * dash + gap:
        dash, gap = (part * length / (2 * dash + gap) for part in (dash, gap))
    if length < _LEAST_DASHED_PX:
        return [(start, end)]
    count = max(2, round((length + gap) / (dash + gap)))
    step = (end - start) / length
    gap = (length - count * dash) / (count - 1)
    places = [i * (dash + gap) for i in range(count)]
    return [(start + step * at, start + step * min(at + dash, length)) for at in places]


def _draw_label(image: NDArray[np.uint8], label: Label, scale: float) -> None:
    """Text on a darkened patch; moved or shrunk as needed to stay inside the image."""
    font = cv2.FontFace("sans")
    height, width = image.shape[:2]
    size = max(8, math.floor(label.height_px * scale * 0.78))
    text_width = _text_width(font, label.text, size)
    if text_width > width - 4:
        size = max(4, math.floor(size * (width - 4) / text_width))
        text_width = _text_width(font, label.text, size)
    patch_w, patch_h = min(width, text_width + size // 2), min(height, math.ceil(size / 0.78))
    left = int(np.clip(round(label.top_left_px[0] * scale), 0, width - patch_w))
    top = int(np.clip(round(label.top_left_px[1] * scale), 0, height - patch_h))
    patch = image[top : top + patch_h, left : left + patch_w]
    patch[:] = (patch * (1 - _BACKGROUND_OPACITY)).astype(np.uint8)
    origin = left + (patch_w - text_width) // 2, top + round(patch_h * 0.8)
    cv2.putText(image, label.text, origin, label.colour_rgb[::-1], font, size, 600)


def _text_width(font: "cv2.FontFace", text: str, size: int) -> int:
    x, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), font, size, 600)
    return int(x + width)


def _fixed(point: NDArray[np.float64]) -> tuple[int, int]:
    """A point for OpenCV in fixed point; pixel centres lie at whole numbers there, at halves in a box."""
    x, y = np.clip((point - 0.5) * (1 << _SHIFT), -(1 << 24), 1 << 24)
    return round(float(x)), round(float(y))
