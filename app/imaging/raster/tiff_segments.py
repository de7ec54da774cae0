"""Strips and tiles of a TIFF page to samples: each one is decoded to its full size, or the file is damaged."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from tifffile import TiffPage

from app.errors import DamagedImage, UnsupportedImage
from app.imaging.raster.tiff_directories import MOST_SEGMENTS
from app.translatable import N_

_NONE, _CCITT_RLE, _CCITT_3, _CCITT_4, _LZW, _DEFLATE, _PACKBITS = 1, 2, 3, 4, 5, (8, 32946), 32773
_LZMA, _ZSTD = 34925, 50000
COMPRESSIONS = (_NONE, _CCITT_RLE, _CCITT_3, _CCITT_4, _LZW, *_DEFLATE, _PACKBITS, _LZMA, _ZSTD)
_DECODERS: dict[int, Callable[..., bytes | bytearray]] = {
    _LZW: imagecodecs.lzw_decode,
    _PACKBITS: imagecodecs.packbits_decode,
    _LZMA: imagecodecs.lzma_decode,
    _ZSTD: imagecodecs.zstd_decode,
}
_HORIZONTAL, _FLOATING = 2, 3
_LSB_FIRST = 2
_SEPARATE = 2
NOT_SUPPORTED = N_(
    "This TIFF is of a kind that is not supported. Save it as an uncompressed grey TIFF or a PNG and send that."
)


@dataclass(frozen=True)
class Layout:
    """Where the samples of a page lie: size, samples per pixel, bits and type of each, size of a segment."""

    height: int
    width: int
    samples: int
    bits: int
    dtype: np.dtype[np.generic]
    segment_hw: tuple[int, int]
    is_separate: bool

    @property
    def samples_together(self) -> int:
        """Samples of a pixel that stand next to each other."""
        return 1 if self.is_separate else self.samples


def check_segments(page: TiffPage, raw: bytes) -> None:
    """Check that every strip or tile that the page needs lies inside the file.

    Raises:
        DamagedImage: one is missing, empty or beyond the end, or there are far too many.
    """
    offsets, counts = page.dataoffsets, page.databytecounts
    planes = page.samplesperpixel if page.planarconfig == _SEPARATE else 1
    rows, columns = _segment_hw(page)
    needed = planes * -(-page.imagelength // rows) * -(-page.imagewidth // columns)
    if not needed <= MOST_SEGMENTS or min(len(offsets), len(counts)) < needed:
        raise DamagedImage
    if any(n <= 0 or at <= 0 or at + n > len(raw) for at, n in zip(offsets[:needed], counts[:needed], strict=True)):
        raise DamagedImage


def layout_of(page: TiffPage) -> Layout:
    """How the samples of a page are stored.

    Raises:
        UnsupportedImage: samples of different depth, complex numbers, or a depth that no image has.
    """
    bits = page.bitspersample
    kind = {1: "u", 2: "i", 3: "f", 4: "u"}.get(int(page.sampleformat))
    if not isinstance(bits, int) or kind is None:
        raise UnsupportedImage(NOT_SUPPORTED)
    size = next((size for size in (1, 2, 4, 8) if bits <= 8 * size), 0)
    is_packed = bits not in (8, 16, 32, 64)
    if not size or bits < 1 or (bits > 32 and kind != "f") or (is_packed and kind != "u"):
        raise UnsupportedImage(NOT_SUPPORTED)
    if kind == "f" and size == 1:
        raise UnsupportedImage(NOT_SUPPORTED)
    return Layout(
        page.imagelength,
        page.imagewidth,
        page.samplesperpixel,
        bits,
        np.dtype(f"{kind}{size}"),
        _segment_hw(page),
        page.planarconfig == _SEPARATE and page.samplesperpixel > 1,
    )


def samples_of(page: TiffPage, layout: Layout, raw: bytes) -> NDArray[np.generic]:
    """(H, W, S) samples in native byte order, as `layout.dtype`; every one of them comes from the file.

    page: whose segments were checked, and whose compression is one of `COMPRESSIONS`.

    Raises:
        DamagedImage: a segment holds fewer samples than it must.
    """
    out = np.zeros((layout.height, layout.width, layout.samples), layout.dtype)
    rows, columns = layout.segment_hw
    across, down = -(-layout.width // columns), -(-layout.height // rows)
    for n in range((layout.samples if layout.is_separate else 1) * across * down):
        plane, place = divmod(n, across * down)
        top, left = place // across * rows, place % across * columns
        data = raw[page.dataoffsets[n] : page.dataoffsets[n] + page.databytecounts[n]]
        # A strip ends with the image; a tile is always whole.
        height = rows if page.is_tiled else min(rows, layout.height - top)
        segment = _segment(page, layout, data, (height, columns))
        part = segment[: layout.height - top, : layout.width - left]
        into = slice(plane, plane + 1) if layout.is_separate else slice(None)
        out[top : top + part.shape[0], left : left + part.shape[1], into] = part
    return out


def _segment_hw(page: TiffPage) -> tuple[int, int]:
    if page.is_tiled:
        rows, columns = page.tilelength, page.tilewidth
    else:
        rows, columns = min(page.rowsperstrip or page.imagelength, page.imagelength), page.imagewidth
    if rows < 1 or columns < 1:
        raise DamagedImage
    return rows, columns


def _segment(page: TiffPage, layout: Layout, data: bytes, shape_hw: tuple[int, int]) -> NDArray[np.generic]:
    """One strip or tile as (h, w, samples next to each other)."""
    height, width = shape_hw
    together = layout.samples_together
    row_bytes = -(-width * together * layout.bits // 8)
    plain = _decompressed(page, data, height * row_bytes, (layout.segment_hw[0], width))
    if len(plain) < height * row_bytes:
        raise DamagedImage
    samples = _unpacked(page, layout, bytes(plain[: height * row_bytes]), width * together)
    return _without_predictor(page, samples.reshape(height, width, together))


def _decompressed(page: TiffPage, data: bytes, expected: int, full_hw: tuple[int, int]) -> bytes:
    """At least `expected` bytes where the segment is whole; the last strip may be padded to a full one."""
    compression = int(page.compression)
    if page.fillorder == _LSB_FIRST and compression != _NONE:
        data = bytes(imagecodecs.bitorder_decode(data))
    most = max(expected, full_hw[0] * (expected // max(1, full_hw[0]) + 1)) + 64
    if compression == _NONE:
        return bytes(imagecodecs.bitorder_decode(data)) if page.fillorder == _LSB_FIRST else data
    if compression in _DEFLATE:
        return _inflated(data, most)
    if compression in _DECODERS:
        return bytes(_DECODERS[compression](data, out=most))
    return _fax(page, data, expected, full_hw[1])


def _inflated(data: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj()
    plain = inflater.decompress(data, most)
    if not inflater.eof and not inflater.unconsumed_tail:
        raise DamagedImage
    return plain


def _fax(page: TiffPage, data: bytes, expected: int, width: int) -> bytes:
    """Rows of a CCITT codestream, packed to bits again as an uncompressed segment has them."""
    if page.bitspersample != 1 or page.samplesperpixel != 1:
        raise DamagedImage
    height = expected // -(-width // 8)
    compression = int(page.compression)
    if compression == _CCITT_4:
        rows = imagecodecs.ccittfax4_decode(data, height, width)
    elif compression == _CCITT_3:
        options = page.tags.get("T4Options")
        rows = imagecodecs.ccittfax3_decode(data, height, width, t4options=int(options.value) if options else 0)
    else:
        rows = imagecodecs.ccittrle_decode(data, height, width)
    return np.packbits(np.asarray(rows) > 0, axis=1).tobytes()


def _unpacked(page: TiffPage, layout: Layout, plain: bytes, run: int) -> NDArray[np.generic]:
    """Samples of packed rows in native byte order."""
    if layout.bits % 8 == 0 and layout.bits in (8, 16, 32, 64):
        return np.frombuffer(plain, layout.dtype.newbyteorder(page.parent.byteorder)).astype(layout.dtype)
    return np.asarray(imagecodecs.packints_decode(plain, layout.dtype, layout.bits, runlen=run))


def _without_predictor(page: TiffPage, samples: NDArray[np.generic]) -> NDArray[np.generic]:
    if page.predictor == _HORIZONTAL and samples.dtype.kind in "ui":
        return np.cumsum(samples, axis=1, dtype=samples.dtype)
    if page.predictor == _FLOATING and samples.dtype.kind == "f":
        return _floats(page, samples)
    if page.predictor not in (1, None):
        raise UnsupportedImage(NOT_SUPPORTED)
    return samples


def _floats(page: TiffPage, samples: NDArray[np.generic]) -> NDArray[np.generic]:
    stored = samples.astype(samples.dtype.newbyteorder(page.parent.byteorder))
    return np.asarray(imagecodecs.floatpred_decode(stored, axis=-2, dist=samples.shape[-1])).astype(samples.dtype)
