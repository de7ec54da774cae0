"""`decode`: bytes in, `Radiograph` out. What a file is, its content says; never its name."""

from collections.abc import Callable

from app.config import Limits
from app.errors import DamagedImage, EmptyFile, UnsupportedImage
from app.imaging.dicom.file import decode_dicom, looks_like_dicom
from app.imaging.guard import guarded
from app.imaging.raster.camera import (
    camera_format,
    decode_avif,
    decode_bmp,
    decode_heif,
    decode_jxl,
    decode_webp,
)
from app.imaging.raster.jpeg import decode_jpeg
from app.imaging.raster.png import decode_png
from app.imaging.raster.tiff import decode_tiff
from app.records import Format, Radiograph
from app.translatable import N_

_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_PDF = b"%PDF-"
_IS_PDF = N_("This is a PDF document. Export the X-ray itself as DICOM, PNG or JPEG and send that file.")
_DECODERS: dict[Format, Callable[[bytes, Limits], Radiograph]] = {
    "jpeg": decode_jpeg,
    "png": decode_png,
    "tiff": decode_tiff,
    "dicom": decode_dicom,
    "bmp": decode_bmp,
    "webp": decode_webp,
    "avif": decode_avif,
    "heif": decode_heif,
    "jxl": decode_jxl,
}


def decode(raw: bytes, limits: Limits) -> Radiograph:
    """Decode one X-ray image, in memory only.

    Returns a radiograph whose `grey` is (H, W) uint8, 0–255, bone bright, contiguous and upright, and whose
    `spacing_mm` is (row, column) or None when the file does not say. `app.imaging.notices` lists its warnings.

    Raises:
        EmptyFile: no bytes.
        UnsupportedImage: by content no format of `docs/formats.md`, or compressed in a way that is not supported.
        DamagedImage: truncated or corrupt: not every sample of the image is in the file.
        NoPixels: a DICOM object without an image, or a side of zero pixels.
        MultiFrame: several images: cine, video, animation, pages.
        UnsupportedColour: CMYK and other colour models that no radiograph has.
        ImageTooLarge: more than `limits.pixels` pixels, told from the header.

    Source: DICOM PS3.3 C.7.6.3.1.2 and C.11.2 for the order of LUTs.
    """
    if not raw:
        raise EmptyFile
    decoder = _DECODERS[format_of(raw)]
    with guarded():
        return decoder(raw, limits)


def format_of(raw: bytes) -> Format:
    """The format that the first bytes of a file show.

    Raises:
        UnsupportedImage: none that is supported.
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
    if found := camera_format(raw):
        return found
    if raw.startswith(_PNG[:4]):
        raise DamagedImage
    if raw.startswith(_PDF):
        raise UnsupportedImage(_IS_PDF)
    raise UnsupportedImage
