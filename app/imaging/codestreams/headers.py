"""What the header of a compressed image claims, read before any codec allocates memory for it."""

import struct
from dataclasses import dataclass

from app.errors import DamagedImage

# Start of frame: 0xC0–0xCF without DHT (C4), JPG (C8) and DAC (CC); 0xF7 is JPEG-LS.
_DCT = (0xC0, 0xC1, 0xC2)
_FRAMES = (*_DCT, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7)
_WITHOUT_LENGTH = (0x01, *range(0xD0, 0xD9))
_MOST_SCANS = 64


@dataclass(frozen=True)
class Frame:
    """Size and depth as a codestream claims them; `is_dct` for the JPEG processes of every camera."""

    width: int
    height: int
    bits: int
    components: int
    is_dct: bool


def jpeg_frame(code: bytes) -> Frame:
    """The frame header of a JPEG or JPEG-LS codestream.

    Raises:
        DamagedImage: it ends before its frame header, or is none.

    Source: ITU-T T.81 B.1.1 and B.2.2; T.87 C.2.2.
    """
    at = 2
    while at + 4 <= len(code):
        if code[at] != 0xFF:
            raise DamagedImage
        marker = code[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        elif marker in _FRAMES:
            bits, height, width, components = _unpack(">BHHB", code, at + 4)
            return Frame(width, height, bits, components, marker in _DCT)
        else:
            at += 2 + max(2, int.from_bytes(code[at + 2 : at + 4]))
    raise DamagedImage


def jpeg2000_frame(code: bytes) -> Frame:
    """The SIZ segment of a JPEG 2000 codestream, with or without the JP2 boxes around it.

    Raises:
        DamagedImage: there is none.

    Source: ITU-T T.800 A.5.1.
    """
    start = code.find(b"\xff\x4f\xff\x51")
    if start < 0:
        raise DamagedImage
    right, bottom, left, top = _unpack(">IIII", code, start + 8)
    components, depth = _unpack(">HB", code, start + 40)
    return Frame(right - left, bottom - top, (depth & 0x7F) + 1, components, is_dct=False)


def has_too_many_scans(code: bytes) -> bool:
    """Whether a progressive JPEG has so many scans that only an attack explains it.

    Each scan costs a pass over the whole image, and an empty one takes few bytes. Source: libjpeg-turbo, "DoS
    vulnerabilities in the JPEG standard" (2015).
    """
    return code.count(b"\xff\xda") > _MOST_SCANS


def is_complete(code: bytes) -> bool:
    """Whether a JPEG, JPEG-LS or JPEG 2000 codestream ends with its end marker, padding aside."""
    return code.rstrip(b"\x00\xff").endswith(b"\xff\xd9")


def _unpack(layout: str, code: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(layout, code, at)
    except struct.error:
        raise DamagedImage from None
