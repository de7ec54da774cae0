"""`decode`: bytes in, `Radiograph` out. What a file is, its content says; never its name."""

from app.config import Limits
from app.errors import DamagedImage, EmptyFile, UnsupportedImage
from app.imaging.dicom.file import decode_dicom, looks_like_dicom
from app.imaging.guard import guarded
from app.imaging.raster.jpeg import decode_jpeg
from app.imaging.raster.png import decode_png
from app.imaging.raster.tiff import decode_tiff
from app.records import Format, Radiograph

_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_READERS = {"jpeg": decode_jpeg, "png": decode_png, "tiff": decode_tiff, "dicom": decode_dicom}


def decode(raw: bytes, limits: Limits) -> Radiograph:
    """Decode one X-ray image, in memory only.

    Returns a radiograph whose `grey` is (H, W) uint8, 0–255, bone bright, contiguous and upright, and whose
    `spacing_mm` is (row, column) or None when the file does not say. Warning "not-a-radiograph": it has colours that
    no radiograph has.

    Raises:
        EmptyFile: no bytes.
        UnsupportedImage: by content not JPEG, PNG, TIFF or DICOM, or compressed in a way that is not supported.
        DamagedImage: truncated or corrupt.
        NoPixels: a DICOM object without an image, or a side of zero pixels.
        MultiFrame: several images: cine, video, animation, pages.
        UnsupportedColour: CMYK and other colour models that no radiograph has.
        ImageTooLarge: more than `limits.pixels` pixels, told from the header.

    Source: DICOM PS3.3 C.7.6.3.1.2 and C.11.2 for the order of LUTs.
    """
    if not raw:
        raise EmptyFile
    reader = _READERS[format_of(raw)]
    with guarded():
        return reader(raw, limits)


def format_of(raw: bytes) -> Format:
    """The format that the first bytes of a file show.

    Raises:
        UnsupportedImage: none of the four.
        DamagedImage: the beginning of a PNG signature, and no more.
    """
    # A DICOM preamble may itself begin like a TIFF (PS3.10 7.1), so it is asked first.
    if looks_like_dicom(raw):
        return "dicom"
    if raw.startswith(b"\xff\xd8"):
        return "jpeg"
    if raw.startswith(_PNG):
        return "png"
    if raw.startswith(_TIFF):
        return "tiff"
    if raw.startswith(_PNG[:4]):
        raise DamagedImage
    raise UnsupportedImage
