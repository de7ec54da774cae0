"""BMP, WebP, AVIF, HEIF and JPEG XL files to `Radiograph`: what phones, browsers and old workstations export."""

from io import BytesIO

import imagecodecs
import numpy as np
import pi_heif
from PIL import Image

from app.config import Limits
from app.errors import DamagedImage, MultiFrame, UnsupportedColour, UnsupportedImage
from app.imaging.image_size import check_size
from app.imaging.raster.pillow import open_image, orientation_of, show
from app.imaging.raster.rendering import Shown, show_colour, show_deep_colour, show_deep_grey, to_radiograph
from app.records import Format, Radiograph
from app.translatable import N_

_JXL_CODESTREAM = b"\xff\x0a"
_JXL_CONTAINER = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"hevx")
_AVIF_BRANDS = (b"avif", b"avis")
# Arithmetic coding never writes that many zeros: such a tail is what a broken transfer leaves.
_MOST_TRAILING_ZEROS = 64
_UNCOMPRESSED_BMP = (0, 3, 6)
_PACKED_BMP = N_("This bitmap is of a kind that is not supported. Save it as a PNG and send that.")


def camera_format(raw: bytes) -> Format | None:
    """The format that the first bytes show; None for none of these."""
    if raw.startswith(b"BM"):
        return "bmp"
    if raw.startswith(b"RIFF") and raw[8:12] == b"WEBP":
        return "webp"
    if raw.startswith((_JXL_CODESTREAM, _JXL_CONTAINER)):
        return "jxl"
    if raw[4:8] == b"ftyp":
        brands = {raw[at : at + 4] for at in (8, *range(16, min(int.from_bytes(raw[:4]), 128), 4))}
        return "avif" if brands.intersection(_AVIF_BRANDS) else "heif" if brands.intersection(_HEIF_BRANDS) else None
    return None


def decode_bmp(raw: bytes, limits: Limits) -> Radiograph:
    """Decode an uncompressed bitmap; Pillow would fill up a packed one that is cut off."""
    if int.from_bytes(raw[30:34], "little") not in _UNCOMPRESSED_BMP:
        raise UnsupportedImage(_PACKED_BMP)
    return _by_pillow(raw, limits, "BMP", "bmp")


def decode_webp(raw: bytes, limits: Limits) -> Radiograph:
    """Decode a WebP of one frame; raises as `app.imaging.decode` says."""
    _check_tail(raw)
    return _by_pillow(raw, limits, "WEBP", "webp")


def decode_avif(raw: bytes, limits: Limits) -> Radiograph:
    """Decode an AVIF of one frame; raises as `app.imaging.decode` says."""
    _check_tail(raw)
    return _by_pillow(raw, limits, "AVIF", "avif")


def decode_heif(raw: bytes, limits: Limits) -> Radiograph:
    """Decode the primary image of an HEIF file, upright: libheif applies its rotation.

    Raises:
        MultiFrame: an image sequence. Others as `app.imaging.decode` says.
    """
    _check_tail(raw)
    heif = pi_heif.open_heif(BytesIO(raw), convert_hdr_to_8bit=True)
    width, height = heif.size
    check_size(width, height, limits)
    if heif.mode not in ("L", "LA", "RGB", "RGBA"):
        raise UnsupportedColour
    image = Image.frombytes(heif.mode, heif.size, bytes(heif.data), "raw", heif.mode, heif.stride)
    return to_radiograph(show(image), "heif", 8)


def decode_jxl(raw: bytes, limits: Limits) -> Radiograph:
    """Decode a JPEG XL image of one frame, upright: libjxl applies its orientation.

    Raises:
        MultiFrame: an animation. Others as `app.imaging.decode` says.
    """
    pixels = np.asarray(imagecodecs.jpegxl_decode(raw, numthreads=1))
    if pixels.ndim not in (2, 3) or (pixels.shape[-1] > 4 and pixels.ndim == 3):
        raise MultiFrame
    check_size(pixels.shape[1], pixels.shape[0], limits)
    return to_radiograph(_show_samples(pixels), "jxl", pixels.dtype.itemsize * 8)


def _by_pillow(raw: bytes, limits: Limits, pillow_format: str, kind: Format) -> Radiograph:
    image = open_image(raw, pillow_format, limits)
    return to_radiograph(show(image), kind, 8, orientation_of(image))


def _check_tail(raw: bytes) -> None:
    if len(raw) - len(raw.rstrip(b"\x00")) > _MOST_TRAILING_ZEROS:
        raise DamagedImage


def _show_samples(pixels: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Shown:
    """(H, W) or (H, W, 1–4) samples; the second or fourth is opacity."""
    planes = pixels if pixels.ndim == 3 else pixels[..., None]
    count = planes.shape[2]
    if planes.dtype == np.uint8:
        eight = np.asarray(planes, np.uint8)
        if count == 1:
            return Shown(np.ascontiguousarray(eight[..., 0]))
        rgb = eight[..., :3] if count > 2 else np.repeat(eight[..., :1], 3, axis=2)
        return show_colour(rgb, eight[..., -1] if count in (2, 4) else None)
    if count <= 2:
        return show_deep_grey(planes[..., 0])
    if planes.dtype != np.uint16:
        raise DamagedImage
    deep = np.asarray(planes, np.uint16)
    return show_deep_colour(deep[..., :3], deep[..., 3] if count == 4 else None)
