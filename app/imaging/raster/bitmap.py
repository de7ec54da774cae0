"""Windows bitmaps (BMP), which old workstations export: for data sets, not for uploads."""

from io import BytesIO

from PIL import Image

from app.config import Limits
from app.errors import UnsupportedColour
from app.imaging.guard import guarded
from app.imaging.raster.pillow import check_size, decode_png
from app.records import Radiograph

MAGIC = b"BM"
_MODES = ("1", "L", "P", "RGB", "RGBA")


def decode_bitmap(raw: bytes, limits: Limits) -> Radiograph:
    """Decode a BMP; its pixels become those that a PNG of them would have.

    Raises:
        DamagedImage: truncated or corrupt.
        UnsupportedColour: a colour model that no radiograph has.
        ImageTooLarge: more than `limits.pixels` pixels, told from the header.
    """
    with guarded():
        image = Image.open(BytesIO(raw), formats=("BMP",))
        check_size(*image.size, limits)
        if image.mode not in _MODES:
            raise UnsupportedColour
        image.load()
        png = BytesIO()
        image.save(png, "PNG", compress_level=1)
        return decode_png(png.getvalue(), limits)
