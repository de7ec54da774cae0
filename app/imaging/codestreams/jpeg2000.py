"""Structure of JPEG 2000 codestreams: size, and whether every tile is there."""

from app.errors import DamagedImage
from app.imaging.codestreams.frame import Frame, unpack

_SOT, _EOC = b"\xff\x90", b"\xff\xd9"
_START = b"\xff\x4f\xff\x51"
_MOST_TILE_PARTS = 100_000


def jpeg2000_frame(code: bytes) -> Frame:
    """The SIZ segment of a JPEG 2000 codestream, with or without the JP2 boxes around it.

    Raises:
        DamagedImage: there is none.

    Source: ITU-T T.800 A.5.1.
    """
    at = _siz(code)
    right, bottom, left, top = unpack(">IIII", code, at + 4)
    components, depth = unpack(">HB", code, at + 36)
    return Frame(right - left, bottom - top, (depth & 0x7F) + 1, components)


def closed_jpeg2000(code: bytes) -> bytes:
    """The codestream with an end marker, which some encoders leave out, once all its tile-parts are found complete.

    Raises:
        DamagedImage: a tile-part is cut off, or a tile is missing.

    Source: ITU-T T.800 A.4.2 (SOT) and B.3 (tiles).
    """
    at, tiles = code.find(_SOT, _siz(code)), set()
    if at < 0:
        raise DamagedImage
    for _ in range(_MOST_TILE_PARTS):
        if code[at : at + 2] != _SOT:
            break
        _, tile, length, _ = unpack(">HHIB", code, at + 2)
        tiles.add(tile)
        end = at + length if length else _end_of_last(code)
        if end > len(code) or end <= at:
            raise DamagedImage
        at = end
    if len(tiles) != _tile_count(code):
        raise DamagedImage
    return code if code[at : at + 2] == _EOC else code[:at] + _EOC


def _siz(code: bytes) -> int:
    start = code.find(_START)
    if start < 0:
        raise DamagedImage
    return start + 4


def _tile_count(code: bytes) -> int:
    right, bottom, _, _, width, height, left, top = unpack(">8I", code, _siz(code) + 4)
    if not width or not height:
        raise DamagedImage
    return -(-(right - left) // width) * -(-(bottom - top) // height)


def _end_of_last(code: bytes) -> int:
    """Where the last tile-part ends, which may leave its length open."""
    end = code.rfind(_EOC)
    return end if end >= 0 else len(code)
