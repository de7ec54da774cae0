"""The directories of a TIFF before a parser sees them: how many strips or tiles each claims."""

import struct
from collections.abc import Iterator

from app.errors import DamagedImage

# A strip a row of the tallest image that fits a byte budget; more of them only cost time.
MOST_SEGMENTS = 100_000
MOST_DIRECTORIES = 64
# StripOffsets, StripByteCounts, TileOffsets, TileByteCounts.
_SEGMENT_TAGS = (273, 279, 324, 325)


def check_directories(raw: bytes) -> None:
    """Look at the counts of every directory, without the values behind them.

    Raises:
        DamagedImage: more strips or tiles than any image has, or a directory that is cut off.

    Source: TIFF 6.0, section 2; BigTIFF has the same with numbers of 8 bytes.
    """
    try:
        for tag, count in _counts(raw):
            if tag in _SEGMENT_TAGS and count > MOST_SEGMENTS:
                raise DamagedImage
    except struct.error:
        raise DamagedImage from None


def _counts(raw: bytes) -> Iterator[tuple[int, int]]:
    """Tag and count of each entry, directory after directory."""
    order = "<" if raw.startswith(b"II") else ">"
    is_big = raw[2:4] in (b"+\x00", b"\x00+")
    number, entries, entry_bytes = ("Q", "Q", 20) if is_big else ("I", "H", 12)
    layout, head = f"{order}HH{number}", struct.calcsize(order + entries)
    at = struct.unpack_from(order + number, raw, 8 if is_big else 4)[0]
    for _ in range(MOST_DIRECTORIES):
        if not at:
            return
        total = struct.unpack_from(order + entries, raw, at)[0]
        for n in range(total):
            tag, _, count = struct.unpack_from(layout, raw, at + head + n * entry_bytes)
            yield tag, count
        at = struct.unpack_from(order + number, raw, at + head + total * entry_bytes)[0]
