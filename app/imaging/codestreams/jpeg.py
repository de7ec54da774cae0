"""Structure of JPEG and JPEG-LS codestreams: segments, frame header, scans; without decoding any sample."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.errors import DamagedImage, MultiFrame
from app.imaging.codestreams.frame import Frame, unpack

EOI, SOS = 0xD9, 0xDA
BASELINE, EXTENDED, PROGRESSIVE, LOSSLESS, JPEG_LS = 0xC0, 0xC1, 0xC2, 0xC3, 0xF7
DCT = (BASELINE, EXTENDED, PROGRESSIVE)
_APP2 = 0xE2
# Start of frame: 0xC0–0xCF without DHT (C4), JPG (C8) and DAC (CC).
_FRAMES = (*DCT, LOSSLESS, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, JPEG_LS)
_WITHOUT_LENGTH = (0x00, 0x01, *range(0xD0, 0xD9))
# After a start of scan: the next marker that is neither a stuffed byte nor a restart.
_AFTER_SCAN = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")
# JPEG-LS stuffs a bit, not a byte: whatever is below 0x80 belongs to the data (ITU-T T.87 A.1).
_AFTER_LS_SCAN = re.compile(rb"\xff+[\x80-\xcf\xd8-\xfe]")
# Each scan costs a pass over the whole image, and an empty one takes few bytes. Source: libjpeg-turbo, "DoS
# vulnerabilities in the JPEG standard" (2015).
_MOST_SCANS = 64
_MOST_SEGMENTS = 20_000
# MP entry types of images that belong together: disparity, multi-angle, panorama. Source: CIPA DC-007, 5.2.3.3.1.
_SERIES = (0x020001, 0x020002, 0x020003)


@dataclass(frozen=True)
class Segment:
    """A marker, the parameters behind its length, and the entropy-coded data that follow a start of scan."""

    marker: int
    parameters: bytes
    entropy: bytes = b""

    def encoded(self) -> bytes:
        """The segment as it stands in a codestream."""
        return bytes((0xFF, self.marker)) + (len(self.parameters) + 2).to_bytes(2) + self.parameters + self.entropy


@dataclass(frozen=True)
class Jpeg:
    """A codestream taken apart; `process` is the marker of its frame header."""

    frame: Frame
    process: int
    segments: tuple[Segment, ...]

    @property
    def scans(self) -> list[Segment]:
        """The scans, in order."""
        return [segment for segment in self.segments if segment.marker == SOS]

    def encoded(self) -> bytes:
        """The codestream from SOI to EOI without bytes between segments and without the index of further images."""
        kept = (each.encoded() for each in self.segments if not _is_mpf(each))
        return b"\xff\xd8" + b"".join(kept) + b"\xff\xd9"


def parse_jpeg(code: bytes) -> Jpeg:
    """Take a codestream apart. Bytes between segments and behind the end marker are passed over.

    Raises:
        DamagedImage: no frame header, more than one, a segment cut off, or more scans than any encoder writes.

    Source: ITU-T T.81 B.1.1 and B.2.2; T.87 C.2.2.
    """
    segments = tuple(_segments(code))
    frames = [segment for segment in segments if segment.marker in _FRAMES]
    if len(frames) != 1 or sum(segment.marker == SOS for segment in segments) > _MOST_SCANS:
        raise DamagedImage
    bits, height, width, components = unpack(">BHHB", frames[0].parameters, 0)
    return Jpeg(Frame(width, height, bits, components), frames[0].marker, segments)


def check_is_single(jpeg: Jpeg) -> None:
    """Accept a main image with others that depend on it, such as a phone's gain map or preview.

    Raises:
        MultiFrame: images of a series: stereo, panorama, several angles.

    Source: CIPA DC-007 (Multi-Picture Format), 5.2.3 MP Index IFD.
    """
    for segment in jpeg.segments:
        if _is_mpf(segment) and any(kind in _SERIES for kind in _mp_types(segment.parameters[4:])):
            raise MultiFrame


def _segments(code: bytes) -> Iterator[Segment]:
    """Every segment with a length up to the end marker or the last byte, scans with their entropy-coded data."""
    at, count, is_ls = 2, 0, False
    while (at := code.find(b"\xff", at)) >= 0 and at + 1 < len(code):
        marker = code[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == EOI:
            return
        elif marker in _WITHOUT_LENGTH:
            at += 2
        else:
            end = at + 2 + unpack(">H", code, at + 2)[0]
            count += 1
            if end < at + 4 or end > len(code) or count > _MOST_SEGMENTS:
                raise DamagedImage
            is_ls = is_ls or marker == JPEG_LS
            behind = _entropy_end(code, end, is_ls) if marker == SOS else end
            yield Segment(marker, code[at + 4 : end], code[end:behind])
            at = behind


def _entropy_end(code: bytes, start: int, is_ls: bool) -> int:
    found = (_AFTER_LS_SCAN if is_ls else _AFTER_SCAN).search(code, start)
    return found.start() if found else len(code)


def _is_mpf(segment: Segment) -> bool:
    return segment.marker == _APP2 and segment.parameters.startswith(b"MPF\x00")


def _mp_types(tiff: bytes) -> list[int]:
    """The type code of every MP entry; [] where the index cannot be parsed."""
    order = "<" if tiff.startswith(b"II") else ">"
    try:
        start = unpack(f"{order}I", tiff, 4)[0]
        for n in range(unpack(f"{order}H", tiff, start)[0]):
            tag, _, size, at = unpack(f"{order}HHII", tiff, start + 2 + 12 * n)
            if tag == 0xB002:
                return [unpack(f"{order}I", tiff, at + 16 * k)[0] & 0xFFFFFF for k in range(min(size // 16, 64))]
    except DamagedImage:
        return []
    return []
