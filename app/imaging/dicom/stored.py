"""A stored DICOM object as other systems ask for it: its header in JSON, its frame, a digest of its pixels.

Source: DICOM PS3.18 F (DICOM JSON Model), 8.7.3 (media types and transfer syntaxes).
"""

import hashlib
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from pydicom.tag import Tag
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from app.config import Limits
from app.errors import DamagedImage, NoPixels
from app.imaging.dicom.file import inflated, read_elements
from app.imaging.dicom.pixels import joined_fragments
from app.imaging.guard import guarded

Json = dict[str, Any]

_PIXELS = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "PixelData")
_PIXEL_DATA = (Tag(0x7FE0, 0x0008), Tag(0x7FE0, 0x0009), Tag(0x7FE0, 0x0010))
# pydicom converts a value when it is asked for, and fails then; a sequence may be nested without end.
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, NotImplementedError, OverflowError, RecursionError)


@dataclass(frozen=True)
class StoredFrame:
    """The one frame of an object: its bytes, and the transfer syntax that they are in."""

    data: bytes = field(repr=False)
    transfer_syntax: str


@dataclass(frozen=True)
class StoredFile:
    """A file, and the transfer syntax that its data set is in."""

    data: bytes = field(repr=False)
    transfer_syntax: str


@guarded()
def header_json(raw: bytes, limits: Limits) -> Json:
    """Every element but the pixel data in the DICOM JSON Model, texts in UTF-8; one that has no valid value is absent.

    Raises:
        ImageTooLarge, DamagedImage: from inflating and parsing the header.
    """
    dataset = read_elements(raw, limits)
    found: Json = {}
    for tag in sorted(dataset.keys()):
        if tag.element == 0 or tag in _PIXEL_DATA:
            continue
        try:
            # Without a threshold no value becomes a reference that leads nowhere.
            found[f"{tag:08X}"] = dataset[tag].to_json_dict(None, 0)
        except _UNREADABLE:
            continue
    if "00080005" in found:
        found["00080005"]["Value"] = ["ISO_IR 192"]
    return found


@guarded()
def stored_frame(raw: bytes, limits: Limits) -> StoredFrame:
    """The frame as it is stored: native in Explicit VR Little Endian, or its codestream.

    Raises:
        ImageTooLarge, DamagedImage: from inflating and parsing, or the pixels end too early.
        NoPixels: the object has no image.
    """
    dataset = read_elements(raw, limits, _PIXELS)
    if "PixelData" not in dataset or not dataset.PixelData:
        raise NoPixels
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_compressed:
        return StoredFrame(joined_fragments(dataset.PixelData), str(syntax))
    data = bytes(dataset.PixelData)
    if syntax == ExplicitVRBigEndian and dataset.BitsAllocated == 16:
        data = b"".join(data[at + 1 : at + 2] + data[at : at + 1] for at in range(0, len(data) - 1, 2))
    bits = int(dataset.Rows) * int(dataset.Columns) * int(dataset.SamplesPerPixel) * int(dataset.BitsAllocated)
    if len(data) * 8 < bits:
        raise DamagedImage
    return StoredFrame(data[: (bits + 7) // 8], str(ExplicitVRLittleEndian))


@guarded()
def stored_file(raw: bytes, limits: Limits) -> StoredFile:
    """The object as a file with preamble and file meta information (PS3.10 7.1), inflated where it came deflated.

    Raises:
        ImageTooLarge, DamagedImage: from inflating and parsing, or the object cannot be written as a file.
    """
    file = inflated(raw, limits)
    dataset = read_elements(file, limits)
    if file[128:132] != b"DICM":
        out = BytesIO()
        dataset.save_as(out, enforce_file_format=True)
        file = out.getvalue()
    return StoredFile(file, str(dataset.file_meta.TransferSyntaxUID))


@guarded()
def pixel_digest(raw: bytes, limits: Limits) -> str:
    """SHA-256 of the pixel data as they are stored; of the whole file where it has none.

    An archive may change the header of an object, and writes file meta information of its own; the image stays.

    Raises:
        ImageTooLarge, DamagedImage: from inflating and parsing.
    """
    value = read_elements(raw, limits, ("PixelData",)).get("PixelData")
    return hashlib.sha256(value if isinstance(value, bytes) else raw).hexdigest()
