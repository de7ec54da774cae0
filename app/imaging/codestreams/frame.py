"""Size and depth of a compressed image as its codestream claims them."""

import struct
from dataclasses import dataclass

from app.errors import DamagedImage


@dataclass(frozen=True)
class Frame:
    """Size, bits per sample and components of a codestream, told before any codec allocates memory for it."""

    width: int
    height: int
    bits: int
    components: int


def unpack(layout: str, code: bytes, at: int) -> tuple[int, ...]:
    """Unpack big-endian numbers.

    Raises:
        DamagedImage: the bytes end before them.
    """
    try:
        return struct.unpack_from(layout, code, at)
    except struct.error:
        raise DamagedImage from None
