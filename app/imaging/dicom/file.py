"""DICOM of one frame to `Radiograph`: which files are taken, and what their header must say first."""

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO

from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    AllTransferSyntaxes,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MPEGTransferSyntaxes,
)
from pydicom.valuerep import VR

from app.config import Limits
from app.errors import DamagedImage, ImageTooLarge, MultiFrame, NoPixels, UnsupportedColour, UnsupportedImage
from app.imaging.dicom.extent import aspect_scale, spacing_mm
from app.imaging.dicom.grey import show_dicom_colour, show_grey
from app.imaging.dicom.header import KEYWORDS, header_of
from app.imaging.dicom.pixels import pixel_array
from app.imaging.image_size import check_size
from app.imaging.notices import OVERLAY_NOT_SHOWN, PROPORTIONS_RESTORED
from app.records import Radiograph

_NEEDED = (
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "Columns",
    "Rows",
    "SamplesPerPixel",
    "NumberOfFrames",
    "PhotometricInterpretation",
    "PixelRepresentation",
    "PlanarConfiguration",
    "PixelData",
    "ModalityLUTSequence",
    "VOILUTSequence",
    "RescaleSlope",
    "RescaleIntercept",
    "WindowCenter",
    "WindowWidth",
    "WindowCenterWidthExplanation",
    "VOILUTFunction",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "PixelIntensityRelationship",
    "PixelAspectRatio",
    "ShutterShape",
    "ShutterLeftVerticalEdge",
    "ShutterRightVerticalEdge",
    "ShutterUpperHorizontalEdge",
    "ShutterLowerHorizontalEdge",
    "CenterOfCircularShutter",
    "RadiusOfCircularShutter",
    "VerticesOfThePolygonalShutter",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "NominalScannedPixelSpacing",
    "RedPaletteColorLookupTableDescriptor",
    "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor",
    "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableData",
)
_OVERLAY_GROUPS = range(0x6000, 0x601F, 2)
_VRS = {vr.value.encode() for vr in VR if len(vr.value) == 2}
_ELEMENTS: tuple[str | int, ...] = (*KEYWORDS, *_NEEDED, *(group << 16 | 0x0010 for group in _OVERLAY_GROUPS))
_FIRST_GROUPS = (0x0002, 0x0008)
_MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "PALETTE COLOR")
# A radiograph's header has some hundreds of elements, of two or three reads each.
_MOST_READS = 200_000
# An inflated header on top of the pixels: far more than any header, far less than a bomb.
_HEADER_BYTES = 16 * 1024 * 1024
_ENCODINGS: dict[tuple[bool | None, bool | None], UID] = {
    (True, True): ImplicitVRLittleEndian,
    (False, True): ExplicitVRLittleEndian,
}


class _BoundedBytes(BytesIO):
    """A file in memory that gives up after so many reads: a few bytes an element would cost minutes otherwise."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads > _MOST_READS:
            raise DamagedImage
        return super().read(size)


def looks_like_dicom(raw: bytes) -> bool:
    """Whether the bytes are a DICOM file, with or without preamble and file meta information.

    Source: DICOM PS3.10 7.1; PS3.5 7.1 for the shape of the first element.
    """
    if raw[128:132] == b"DICM":
        return True
    if len(raw) < 12:
        return False
    for order in "<>":
        group, element, length = struct.unpack(f"{order}HHI", raw[:8])
        if group in _FIRST_GROUPS and element <= 0x0100:
            return raw[4:6] in _VRS or length <= min(len(raw), 1024)
    return False


def decode_dicom(raw: bytes, limits: Limits) -> Radiograph:
    """Decode a DICOM object of one frame; raises as `app.imaging.decode` says.

    Source: DICOM PS3.3 C.7.6.3 (image pixel), C.11.1 and C.11.2 (LUTs); 10.7.1.3 for the spacing.
    """
    dataset = read_elements(raw, limits, _ELEMENTS)
    check_header(dataset, limits)
    show = show_grey if dataset.PhotometricInterpretation in _MONOCHROME else show_dicom_colour
    scale = aspect_scale(dataset, limits)
    shown = show(pixel_array(dataset), dataset, scale)
    warnings = (*shown.warnings, *_notices(dataset, scale))
    bits = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    spacing = spacing_mm(dataset)
    if spacing is not None:
        spacing = spacing[0] / scale[0], spacing[1] / scale[1]
    return Radiograph(shown.grey, spacing, "dicom", bits, warnings, shown.levels, header_of(dataset, scale))


def read_elements(raw: bytes, limits: Limits, elements: Sequence[str | int] | None = None) -> FileDataset:
    """Parse these elements, by keyword or tag, or all of them; values are converted when they are asked for.

    Raises:
        ImageTooLarge, DamagedImage: deflated beyond the limits, or more elements than any header has.
    """
    return _read(inflated(raw, limits), elements)


def _read(raw: bytes, elements: Sequence[str | int] | None) -> FileDataset:
    tags = None if elements is None else [Tag(each) for each in elements]
    dataset = dcmread(_BoundedBytes(raw), force=True, specific_tags=tags)
    if not hasattr(dataset, "file_meta"):
        dataset.file_meta = FileMetaDataset()
    if not dataset.file_meta.get("TransferSyntaxUID"):
        dataset.file_meta.TransferSyntaxUID = _ENCODINGS.get(dataset.original_encoding, ExplicitVRBigEndian)
    return dataset


def inflated(raw: bytes, limits: Limits) -> bytes:
    """The same file with its data set inflated, where its transfer syntax says that it is deflated.

    pydicom would inflate without a bound. Source: DICOM PS3.5 A.5; the group length element is PS3.10 7.1.
    """
    start = 132 if raw[128:132] == b"DICM" else 0
    if raw[start : start + 8] != b"\x02\x00\x00\x00UL\x04\x00":
        return raw
    end = start + 12 + int.from_bytes(raw[start + 8 : start + 12], "little")
    deflated = DeflatedExplicitVRLittleEndian.encode()
    if deflated not in raw[start:end]:
        return raw
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    body = inflater.decompress(raw[end:], limits.pixels * 2 + _HEADER_BYTES)
    if inflater.unconsumed_tail:
        raise ImageTooLarge
    if not inflater.eof:
        raise DamagedImage
    # Zero bytes pad a UID, so nothing moves.
    plain = ExplicitVRLittleEndian.encode().ljust(len(deflated), b"\x00")
    return raw[:end].replace(deflated, plain) + body


def check_header(dataset: Dataset, limits: Limits) -> None:
    """Refuse what is not one image of a bearable size, in a colour model and a transfer syntax that are known."""
    syntax: UID = dataset.file_meta.TransferSyntaxUID
    if syntax in MPEGTransferSyntaxes or _frame_count(dataset) > 1:
        raise MultiFrame
    if "PixelData" not in dataset or not dataset["PixelData"].value:
        raise NoPixels
    if "Rows" not in dataset or "Columns" not in dataset:
        raise DamagedImage
    check_size(int(dataset.Columns or 0), int(dataset.Rows or 0), limits)
    if syntax not in AllTransferSyntaxes:
        raise UnsupportedImage("This DICOM file is compressed in a way that is not supported.")
    if dataset.PhotometricInterpretation not in _MONOCHROME + _COLOURS:
        raise UnsupportedColour("This file uses colours that no X-ray has. Send it in grey or RGB.")
    grey = dataset.PhotometricInterpretation in (*_MONOCHROME, "PALETTE COLOR")
    if dataset.SamplesPerPixel != (1 if grey else 3) or dataset.BitsAllocated not in (1, 8, 16, 32):
        raise DamagedImage


def _frame_count(dataset: Dataset) -> int:
    """Number of Frames by its leading digits, as other readers take "1A"; 1 where there are none."""
    element = dataset.get_item("NumberOfFrames") if "NumberOfFrames" in dataset else None
    value = getattr(element, "value", None)
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    digits = re.match(r"\s*(\d{1,9})", text)
    return int(digits[1]) if digits else 1


def _notices(dataset: Dataset, scale: tuple[float, float]) -> Iterator[str]:
    """Codes of what a reader should know of how the image is shown.

    Source: DICOM PS3.3 C.9.2: overlays are graphics beside the pixels; the detector must not take them for anatomy.
    """
    if any(element.tag.group in _OVERLAY_GROUPS for element in dataset):
        yield OVERLAY_NOT_SHOWN
    if scale != (1.0, 1.0):
        yield PROPORTIONS_RESTORED
