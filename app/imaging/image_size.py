"""The size of an image from its header alone, for data sets of thousands of files."""

from pathlib import Path

from PIL import Image, UnidentifiedImageError

from app.errors import DamagedImage

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
