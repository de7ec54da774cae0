"""PNG files to `Radiograph`; every scan line is accounted for before a codec sees the file."""

import struct
import zlib
from collections.abc import Iterator

import cv2
import numpy as np

from app.config import Limits
from app.errors import DamagedImage, MultiFrame
from app.imaging.image_size import check_size
from app.imaging.raster.pillow import open_image, orientation_of, show
from app.imaging.raster.rendering import Shown, show_deep_colour, show_deep_grey, to_radiograph
from app.records import Radiograph

_SIGNATURE_BYTES = 8
_MOST_CHUNKS = 200_000
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_GREY = 0
_STEP_BYTES = 1 << 20
# First column, first row, column step, row step of each pass. Source: PNG specification (third edition), 8.1.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def decode_png(raw: bytes, limits: Limits) -> Radiograph:
    """Decode a PNG of any bit depth and colour type; raises as `app.imaging.decode` says.

    Source: PNG specification (third edition), 11.2.1 IHDR.
    """
    width, height, bits, colour_type, _, _, interlace = struct.unpack(">IIBBBBB", raw[16:29])
    check_size(width, height, limits)
    compressed = _image_data(raw)
    row_bits = bits * _CHANNELS[colour_type]
    _check_inflates_to(compressed, _scan_line_bytes(width, height, row_bits, bool(interlace)))
    image = open_image(raw, "PNG", limits)
    # Pillow would truncate colour of 16 bits to 8.
    is_deep_colour = bits == 16 and colour_type != _GREY
    return to_radiograph(_deep_colour(raw) if is_deep_colour else show(image), "png", bits, orientation_of(image))


def _image_data(raw: bytes) -> bytes:
    """The joined IDAT chunks of a file that has its end.

    Raises:
        DamagedImage: a chunk is cut off or its checksum wrong, or there is no IEND. MultiFrame: an animation.
    """
    parts = []
    for name, body in _chunks(raw):
        if name == b"acTL":
            raise MultiFrame
        if name == b"IDAT":
            parts.append(body)
        if name == b"IEND":
            return b"".join(parts)
    raise DamagedImage


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk; critical ones, whose name begins with a capital, with their checksum checked."""
    at = _SIGNATURE_BYTES
    for _ in range(_MOST_CHUNKS):
        if at + 12 > len(raw):
            return
        length, name = struct.unpack_from(">I4s", raw, at)
        end = at + 8 + length
        if end + 4 > len(raw):
            return
        is_critical = not name[0] & 0x20
        if is_critical and zlib.crc32(raw[at + 4 : end]) != struct.unpack_from(">I", raw, end)[0]:
            raise DamagedImage
        yield name, raw[at + 8 : end]
        at = end + 4


def _scan_line_bytes(width: int, height: int, pixel_bits: int, is_interlaced: bool) -> int:
    """Bytes of all scan lines with their filter bytes; a pass without pixels has none."""
    passes = _ADAM7 if is_interlaced else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns, rows = -(-max(0, width - left) // across), -(-max(0, height - top) // down)
        total += rows * (1 + -(-columns * pixel_bits // 8)) if columns else 0
    return total


def _check_inflates_to(compressed: bytes, expected: int) -> None:
    """Inflate in steps, keeping nothing; more than is expected is passed over, as every decoder does."""
    inflater = zlib.decompressobj()
    found, rest = 0, compressed
    while not inflater.eof and found < expected:
        step = inflater.decompress(rest, _STEP_BYTES)
        rest = inflater.unconsumed_tail
        found += len(step)
        if not step and not rest:
            break
    if found < expected:
        raise DamagedImage


def _deep_colour(raw: bytes) -> Shown:
    bgr = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_UNCHANGED)
    if bgr is None or bgr.dtype != np.uint16:
        raise DamagedImage
    if bgr.ndim == 2:
        return show_deep_grey(bgr)
    rgb = np.asarray(bgr[..., 2::-1], np.uint16)
    return show_deep_colour(rgb, np.asarray(bgr[..., 3], np.uint16) if bgr.shape[2] == 4 else None)
