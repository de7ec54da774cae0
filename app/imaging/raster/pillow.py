"""Decode with Pillow: header first, pixels once the size is known to be within the limits."""

import struct
from io import BytesIO

import numpy as np
from PIL import Image

from app.config import Limits
from app.errors import MultiFrame, UnsupportedColour
from app.imaging.image_size import check_size
from app.imaging.raster.rendering import Shown, show_colour, show_deep_grey

_ORIENTATION = 0x0112
DEEP_GREY = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
_COLOUR = ("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr")
_GREY = ("1", "L", "LA", "La")


def open_image(raw: bytes, pillow_format: str, limits: Limits) -> Image.Image:
    """Parse the header; nothing is decompressed yet.

    Raises:
        MultiFrame: an animation. NoPixels, ImageTooLarge: by its size. UnsupportedColour: CMYK, Lab and the like.
    """
    image = Image.open(BytesIO(raw), formats=(pillow_format,))
    check_size(*image.size, limits)
    if image.format != pillow_format or getattr(image, "is_animated", False):
        raise MultiFrame
    if image.mode not in DEEP_GREY + _COLOUR + _GREY:
        raise UnsupportedColour
    return image


def show(image: Image.Image) -> Shown:
    """Decode the pixels: grey of any depth, colour of 8 bits."""
    image.load()
    if image.mode in DEEP_GREY:
        transparent = image.info.get("transparency")
        return show_deep_grey(np.asarray(image), background=transparent if isinstance(transparent, int) else None)
    if not image.has_transparency_data:
        return (
            Shown(np.asarray(image.convert("L")))
            if image.mode in _GREY
            else show_colour(np.asarray(image.convert("RGB")))
        )
    rgba = np.asarray(image.convert("RGBA"))
    return show_colour(rgba[..., :3], rgba[..., 3])


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation, 1–8; 1 (upright) where it cannot be parsed, which is no reason to refuse the image."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except (ArithmeticError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError, struct.error):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
