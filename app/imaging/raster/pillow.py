"""JPEG, PNG and TIFF to `Radiograph`, by Pillow; OpenCV reads 16-bit colour, which Pillow would truncate."""

import struct
from dataclasses import replace
from io import BytesIO
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from app.config import Limits
from app.errors import DamagedImage, ImageTooLarge, MultiFrame, NoPixels, UnsupportedColour, UnsupportedImage
from app.imaging.codestreams.headers import has_too_many_scans, jpeg_frame
from app.imaging.display.colour import colour_warnings, over_black, to_grey
from app.imaging.display.levels import stretched
from app.records import Format, Levels, Radiograph

_Array = TypeVar("_Array", NDArray[np.uint8], NDArray[np.uint8] | NDArray[np.uint16])

_ORIENTATION = 0x0112
_BITS_PER_SAMPLE = 258
_PHOTOMETRIC = 262
_MINISWHITE = 0
_DEEP_GREY = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
_COLOUR = ("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr")
_GREY = ("1", "L", "LA", "La")

# Pillow 13 knows this mode for little-endian files only.
TiffImagePlugin.OPEN_INFO.setdefault((b"MM", 0, (1,), 1, (16,), ()), ("I;16B", "I;16B"))


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse a size before anything of that size is allocated.

    Raises:
        NoPixels: a side is zero.
        ImageTooLarge: more than `limits.pixels`.
    """
    if width <= 0 or height <= 0:
        raise NoPixels
    if width * height > limits.pixels:
        raise ImageTooLarge


def decode_jpeg(raw: bytes, limits: Limits) -> Radiograph:
    """Decode a JPEG of 8 bits, grey or YCbCr or RGB; raises as `app.imaging.decode` says."""
    frame = jpeg_frame(raw)
    check_size(frame.width, frame.height, limits)
    if frame.bits != 8 or not frame.is_dct:
        raise UnsupportedImage("This JPEG is of a kind that is not supported. Send it as a common JPEG, PNG or DICOM.")
    if has_too_many_scans(raw):
        raise DamagedImage
    return _radiograph(raw, _open(raw, "JPEG", limits), "jpeg", bits=8)


def decode_png(raw: bytes, limits: Limits) -> Radiograph:
    """Decode a PNG of any bit depth and colour type; raises as `app.imaging.decode` says.

    Source: PNG specification (third edition), 11.2.1 IHDR.
    """
    width, height, bits = struct.unpack(">IIB", raw[16:25])
    check_size(width, height, limits)
    # Pillow is content once it has its rows, even where the file was cut off.
    if b"IEND" not in raw:
        raise DamagedImage
    return _radiograph(raw, _open(raw, "PNG", limits), "png", bits)


def decode_tiff(raw: bytes, limits: Limits) -> Radiograph:
    """Decode a TIFF of one page; raises as `app.imaging.decode` says."""
    image = _open(raw, "TIFF", limits)
    tags: Any = getattr(image, "tag_v2", {})
    bits = max(tags.get(_BITS_PER_SAMPLE, (1,)))
    # Pillow itself inverts MINISWHITE up to 8 bits, and not beyond.
    inverted = tags.get(_PHOTOMETRIC) == _MINISWHITE and image.mode in _DEEP_GREY
    return _radiograph(raw, image, "tiff", bits, inverted)


def _open(raw: bytes, pillow_format: str, limits: Limits) -> Image.Image:
    """Read the header; nothing is decompressed yet."""
    image = Image.open(BytesIO(raw), formats=(pillow_format,))
    check_size(*image.size, limits)
    if image.format != pillow_format or getattr(image, "is_animated", False):
        raise MultiFrame
    if image.mode not in _DEEP_GREY + _COLOUR + _GREY:
        raise UnsupportedColour
    return image


def _radiograph(raw: bytes, image: Image.Image, kind: Format, bits: int, inverted: bool = False) -> Radiograph:
    image.load()
    warnings: tuple[str, ...] = ()
    levels: Levels | None = None
    if image.mode in _DEEP_GREY:
        transparent = image.info.get("transparency")
        background = transparent if isinstance(transparent, int) else None
        grey, levels = stretched(np.asarray(image), inverted, background)
    elif bits == 16:
        grey, levels, warnings = _deep_colour(raw)
    elif image.mode in _GREY and not image.has_transparency_data:
        grey = np.asarray(image.convert("L"))
    else:
        rgba = np.asarray(image.convert("RGBA"))
        rgb = over_black(rgba[..., :3], rgba[..., 3])
        grey, warnings = to_grey(rgb), colour_warnings(rgb)
    # A 16-bit colour TIFF comes from OpenCV, which turns it as Pillow does; the tag is gone from `image` by then.
    turn = _orientation(image)
    if levels is not None:
        levels = replace(levels, index=_upright(levels.index, turn))
    return Radiograph(_upright(grey, turn), None, kind, bits, warnings, levels)


def _deep_colour(raw: bytes) -> tuple[NDArray[np.uint8], Levels, tuple[str, ...]]:
    """An image of 16 bits and two to four channels: shown, its levels, and the warnings that its colours give."""
    bgr = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_UNCHANGED)
    if bgr is None:
        raise DamagedImage
    if bgr.dtype != np.uint16:
        raise UnsupportedImage
    if bgr.ndim == 2:
        return *stretched(bgr), ()
    rgb = bgr[..., 2::-1]
    if bgr.shape[2] == 4:
        rgb = (rgb * (bgr[..., 3:] / np.float32(65535))).astype(np.uint16)
    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
    return *stretched(np.asarray(grey, np.uint16)), colour_warnings((np.asarray(rgb, np.uint16) >> 8).astype(np.uint8))


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1–8; 1 (upright) where it cannot be read, which is no reason to refuse the image."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except (ArithmeticError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError, struct.error):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(grey: _Array, orientation: int) -> _Array:
    """Turn an image as its EXIF orientation asks.

    Source: CIPA DC-008 (Exif 3.0), 4.6.5.1 Orientation.
    """
    if orientation >= 5:
        grey = grey.T
    if orientation in (2, 3, 6, 7):
        grey = grey[:, ::-1]
    if orientation in (3, 4, 7, 8):
        grey = grey[::-1]
    return np.ascontiguousarray(grey)  # type: ignore[return-value]  # mypy forgets which of the two it is
