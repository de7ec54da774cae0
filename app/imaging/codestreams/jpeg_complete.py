"""Whether the entropy-coded data of a JPEG reach its last sample.

Decoders fill in grey, or whatever their buffer held, for data that are missing, and say so only in a warning.
"""

import re

import imagecodecs
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from app.errors import DamagedImage
from app.imaging.codestreams.jpeg import DCT, PROGRESSIVE, SOS, Jpeg, Segment

# What decoding needs; libjpeg also warns of the version or the transform in an APPn, which is no damage.
_APPLICATION = (*range(0xE0, 0xF0), 0xFE)
_COEFFICIENTS = 64
_WHOLE_BLOCK = bytes((0, _COEFFICIENTS - 1, 0))
_PADDING_BEFORE_END = re.compile(r"extraneous bytes before marker 0xd9")
_UNKNOWN_SAMPLING = re.compile(r"subsampling", re.IGNORECASE)
# Begins with a set bit, where missing bits are decoded as zeros, and holds no marker.
_OTHER_TAIL = bytes(np.random.default_rng(81).integers(128, 255, 64, np.uint8))
_RESTART = re.compile(rb"\xff+[\xd0-\xd7]")


def check_complete(jpeg: Jpeg) -> None:
    """Check that every scan is there to its last sample.

    jpeg: of a DCT or the lossless process, of a size and depth that were checked.

    Raises:
        DamagedImage: data are missing or corrupt.
    """
    if jpeg.process in DCT and jpeg.frame.bits == 8:
        _check_scans(jpeg)
        _check_by_warnings(jpeg)
    else:
        decode_twice(jpeg)


def decode_strictly(jpeg: Jpeg, code: bytes) -> NDArray[np.uint8] | None:
    """Decode and check in one pass, at the pace of libjpeg-turbo.

    jpeg: of 8 bits and a DCT process, of a size that was checked; code: what it was parsed from, without other images.

    Returns (H, W) uint8 of one component, (H, W, 3) uint8 RGB of three; None where the decoder remarks on anything,
    or the number of components is another: `check_complete` then tells damage from a harmless remark.

    Raises:
        DamagedImage: a scan is missing.
    """
    _check_scans(jpeg)
    components = jpeg.frame.components
    if components not in (1, 3):
        return None
    try:
        pixels = simplejpeg.decode_jpeg(code, "GRAY" if components == 1 else "RGB", strict=True)
    except ValueError:
        return None
    return np.asarray(pixels[..., 0] if components == 1 else pixels, np.uint8)


def decode_twice(jpeg: Jpeg) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """Decode with zeros and with other bits behind the end of each scan: they show only where data are missing.

    Returns (H, W) or (H, W, C) uint8 or uint16.

    Raises:
        DamagedImage: the two differ.
    """
    _check_scans(jpeg)
    pixels = imagecodecs.jpeg8_decode(_plain(jpeg.segments))
    others = imagecodecs.jpeg8_decode(_plain(tuple(_with_other_tail(each) for each in jpeg.segments)))
    if pixels.shape[:2] != (jpeg.frame.height, jpeg.frame.width) or not np.array_equal(pixels, others):
        raise DamagedImage
    return np.asarray(pixels)


def _check_scans(jpeg: Jpeg) -> None:
    """Every component has a scan; in a progressive JPEG every coefficient has all its bits.

    Source: ITU-T T.81 B.2.3 and G.1.1.1.
    """
    ids = set()
    missing_bits: dict[tuple[int, int], int] = {}
    for scan in jpeg.scans:
        count = scan.parameters[0] if scan.parameters else 0
        if len(scan.parameters) != 4 + 2 * count:
            raise DamagedImage
        first, last, bits = scan.parameters[-3:]
        for component in scan.parameters[1 : 1 + 2 * count : 2]:
            ids.add(component)
            missing_bits.update(((component, at), bits & 15) for at in range(first, min(last, _COEFFICIENTS - 1) + 1))
    if len(ids) != jpeg.frame.components:
        raise DamagedImage
    if jpeg.process == PROGRESSIVE and (len(missing_bits) != len(ids) * _COEFFICIENTS or any(missing_bits.values())):
        raise DamagedImage


def _check_by_warnings(jpeg: Jpeg) -> None:
    """Decode at an eighth of the size, which reads all entropy-coded data, and stop at the first warning."""
    warning = _warning(_plain(jpeg.segments, jpeg.process != PROGRESSIVE))
    if warning is not None and _PADDING_BEFORE_END.search(warning):
        trimmed = tuple(_without_padding(each) for each in jpeg.segments)
        warning = _warning(_plain(trimmed, jpeg.process != PROGRESSIVE))
    if warning is not None and _UNKNOWN_SAMPLING.search(warning):
        decode_twice(jpeg)
    elif warning is not None:
        raise DamagedImage


def _warning(code: bytes) -> str | None:
    try:
        simplejpeg.decode_jpeg(code, "GRAY", fastdct=True, min_height=1, min_width=1, strict=True)
    except ValueError as error:
        return str(error)
    return None


def _plain(segments: tuple[Segment, ...], is_sequential: bool = False) -> bytes:
    """The codestream without application data and, where sequential, with the scan parameters that T.81 asks for."""
    parts = []
    for each in segments:
        if each.marker == SOS and is_sequential:
            parts.append(Segment(SOS, each.parameters[:-3] + _WHOLE_BLOCK, each.entropy).encoded())
        elif each.marker not in _APPLICATION:
            parts.append(each.encoded())
    return b"\xff\xd8" + b"".join(parts) + b"\xff\xd9"


def _without_padding(segment: Segment) -> Segment:
    return Segment(segment.marker, segment.parameters, segment.entropy.rstrip(b"\x00\xff "))


def _with_other_tail(segment: Segment) -> Segment:
    """The same scan with other bits behind each of its restart intervals."""
    if segment.marker != SOS:
        return segment
    entropy = _RESTART.sub(lambda found: _OTHER_TAIL + found[0], segment.entropy) + _OTHER_TAIL
    return Segment(SOS, segment.parameters, entropy)
