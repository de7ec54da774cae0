"""TIFF files to `Radiograph`: tifffile parses the tags, and every strip and tile is accounted for."""

from dataclasses import replace
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from tifffile import TiffFile, TiffPage

from app.config import Limits
from app.errors import DamagedImage, MultiFrame, UnsupportedColour, UnsupportedImage
from app.imaging.codestreams.jpeg import EOI, Jpeg, parse_jpeg
from app.imaging.codestreams.jpeg_complete import check_complete
from app.imaging.image_size import check_size
from app.imaging.notices import MAIN_IMAGE_ONLY
from app.imaging.raster.pillow import open_image, show
from app.imaging.raster.rendering import Shown, show_colour, show_deep_colour, show_deep_grey, to_radiograph
from app.imaging.raster.tiff_directories import MOST_DIRECTORIES, check_directories
from app.imaging.raster.tiff_segments import COMPRESSIONS, NOT_SUPPORTED, check_segments, layout_of, samples_of
from app.records import Radiograph

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_OLD_JPEG, _JPEG, _WEBP = 6, 7, 50001
_REDUCED_OR_MASK = 0b101
_OLD_THUMBNAIL = 2
_ASSOCIATED, _UNASSOCIATED = 1, 2


def decode_tiff(raw: bytes, limits: Limits) -> Radiograph:
    """Decode a TIFF of one image, and of thumbnails of it; raises as `app.imaging.decode` says.

    Source: TIFF 6.0 (Adobe, 1992); sections 8 for NewSubfileType, 14 for predictors, 18 for associated alpha.
    """
    check_directories(raw)
    with TiffFile(BytesIO(raw)) as file:
        page, is_alone = _main_page(file)
        check_size(page.imagewidth, page.imagelength, limits)
        check_segments(page, raw)
        shown = _show(page, raw, limits)
        orientation = page.tags.get("Orientation")
        turn = orientation.value if orientation and orientation.value in range(1, 9) else 1
        bits = page.bitspersample if isinstance(page.bitspersample, int) else max(page.bitspersample)
    radiograph = to_radiograph(shown, "tiff", bits, turn)
    return radiograph if is_alone else replace(radiograph, warnings=(*radiograph.warnings, MAIN_IMAGE_ONLY))


def _main_page(file: TiffFile) -> tuple[TiffPage, bool]:
    """The page that is no reduced copy and no mask of another, and whether it is the only one.

    Raises:
        MultiFrame: several of them. DamagedImage: none.
    """
    pages = [file.pages[n] for n in range(min(len(file.pages), MOST_DIRECTORIES))]
    main = [page for page in pages if isinstance(page, TiffPage) and not _is_thumbnail(page)]
    if len(main) > 1:
        raise MultiFrame
    if not main:
        raise DamagedImage
    return main[0], len(pages) == 1


def _is_thumbnail(page: TiffPage) -> bool:
    old = page.tags.get("SubfileType")
    return bool(int(page.subfiletype) & _REDUCED_OR_MASK) or (old is not None and old.value == _OLD_THUMBNAIL)


def _show(page: TiffPage, raw: bytes, limits: Limits) -> Shown:
    photometric, compression = int(page.photometric), int(page.compression)
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR):
        raise UnsupportedColour
    if photometric == _YCBCR or compression in (_OLD_JPEG, _JPEG, _WEBP):
        return _show_by_pillow(page, raw, limits)
    if compression not in COMPRESSIONS:
        raise UnsupportedImage(NOT_SUPPORTED)
    layout = layout_of(page)
    samples = samples_of(page, layout, raw)
    if photometric == _PALETTE:
        return show_colour(_painted(page, samples))
    if photometric == _RGB:
        return _show_rgb(samples, layout.bits, _opacity(page))
    return _show_grey(samples, layout.bits, photometric == _WHITE_IS_ZERO, _opacity(page))


def _show_by_pillow(page: TiffPage, raw: bytes, limits: Limits) -> Shown:
    """Colour differences and lossy compression of 8 bits, which libtiff turns into RGB exactly as everywhere.

    Raises:
        DamagedImage: the JPEG data of a strip or tile are incomplete.
    """
    if page.bitspersample not in (8, (8, 8, 8)):
        raise UnsupportedImage(NOT_SUPPORTED)
    if int(page.compression) == _JPEG:
        for at, count in zip(page.dataoffsets, page.databytecounts, strict=True):
            check_complete(_whole_jpeg(page, raw[at : at + count]))
    return show(open_image(raw, "TIFF", limits))


def _whole_jpeg(page: TiffPage, segment: bytes) -> Jpeg:
    """A strip's codestream with the tables that all strips share. Source: TIFF Technical Note 2."""
    tables = page.jpegtables
    if tables:
        segment = tables[: tables.rfind(bytes((0xFF, EOI)))] + segment[2:]
    return parse_jpeg(segment)


def _opacity(page: TiffPage) -> int | None:
    """Meaning of the sample behind the colours; a fourth one without a tag is opacity, as other readers take it."""
    colours = 3 if int(page.photometric) == _RGB else 1
    if page.samplesperpixel <= colours:
        return None
    extra = [int(each) for each in page.extrasamples]
    return extra[0] if extra else _UNASSOCIATED


def _show_grey(samples: NDArray[np.generic], bits: int, is_inverted: bool, opacity: int | None) -> Shown:
    grey = samples[..., 0]
    if bits <= 8 and grey.dtype == np.uint8:
        eight = _to_eight(grey, bits)
        eight = 255 - eight if is_inverted else eight
        if opacity in (_ASSOCIATED, _UNASSOCIATED):
            alpha = _to_eight(samples[..., 1], bits) if opacity == _UNASSOCIATED else None
            return show_colour(np.repeat(eight[..., None], 3, axis=2), alpha)
        return Shown(eight)
    if opacity == _UNASSOCIATED and samples.dtype == np.uint16:
        grey = (grey.astype(np.float32) * (samples[..., 1].astype(np.float32) / (2**bits - 1))).astype(np.uint16)
    return show_deep_grey(grey, is_inverted)


def _show_rgb(samples: NDArray[np.generic], bits: int, opacity: int | None) -> Shown:
    if samples.shape[2] < 3 or samples.dtype not in (np.uint8, np.uint16):
        raise UnsupportedImage(NOT_SUPPORTED)
    has_alpha = opacity == _UNASSOCIATED
    if samples.dtype == np.uint8:
        eight = _to_eight(samples, bits)
        return show_colour(eight[..., :3], eight[..., 3] if has_alpha else None)
    deep = samples.astype(np.uint16)
    if bits < 16:
        deep = (deep.astype(np.uint32) * 65535 // (2**bits - 1)).astype(np.uint16)
    return show_deep_colour(deep[..., :3], deep[..., 3] if has_alpha else None)


def _to_eight(samples: NDArray[np.generic], bits: int) -> NDArray[np.uint8]:
    """Samples of up to 8 bits over the full range of 8."""
    if bits == 8:
        return np.asarray(samples, np.uint8)
    wide = np.asarray(samples, np.uint16)
    return np.asarray(wide * 255 // (2**bits - 1), np.uint8)


def _painted(page: TiffPage, samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    """(H, W, 3) RGB of palette indices."""
    colours = page.colormap
    if colours is None or samples.dtype != np.uint8 or colours.shape[1] < 2 ** int(page.bitspersample):
        raise DamagedImage
    rgb = np.asarray((colours >> 8).astype(np.uint8).T)
    return np.asarray(rgb[samples[..., 0].astype(np.intp)], np.uint8)
