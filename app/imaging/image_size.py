"""The size of an image: from its header alone, and whether it is bearable."""

from pathlib import Path

from PIL import Image, UnidentifiedImageError

from app.config import Limits
from app.errors import DamagedImage, ImageTooLarge, NoPixels

_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)


def image_size_wh(path: Path) -> tuple[int, int]:
    """Width and height in pixels of the upright image, without decoding its pixels.

    Raises:
        DamagedImage: the file is not an image, or its header is cut off.
        OSError: the file cannot be read.

    Source: EXIF 2.32, tag 274: orientations 5 to 8 exchange width and height.
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
            lying = image.getexif().get(_ORIENTATION) in _LYING
    except (UnidentifiedImageError, SyntaxError, ValueError):
        raise DamagedImage from None
    return (height, width) if lying else (width, height)


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
