"""Lookup tables of a DICOM file, and the modality transformation: from stored values to those of the VOI."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from app.errors import DamagedImage
from app.imaging.dicom.windows import Step, number
from app.imaging.display.window import Lut, Values

_MOST_LUT_BYTES = 1 << 20
# X-Ray Angiographic, X-Ray Radiofluoroscopic and (retired) biplane images.
_ANGIOGRAPHY = tuple(f"1.2.840.10008.5.1.4.1.1.12.{n}" for n in (1, 2, 3))
_NOT_LINEAR = ("LOG", "DISP")
# A table that leaves its brightest three quarters unused was written for fewer bits than it declares.
_UNUSED_BITS = 2


def modality(dataset: Dataset) -> Step:
    """Stored values to the values that the VOI is given in: a LUT, or slope and intercept.

    Source: DICOM PS3.3 C.11.1; C.8.7.1.1.2 for angiography, whose Modality LUT is for measuring and not for display.
    """
    is_angiography = dataset.get("SOPClassUID") in _ANGIOGRAPHY
    lut = None if is_angiography else first_lut(dataset, "ModalityLUTSequence", dataset.get("PixelRepresentation") == 1)
    if lut is not None:
        return lut.apply
    slope, intercept = number(dataset.get("RescaleSlope")), number(dataset.get("RescaleIntercept"))
    is_for_measuring = is_angiography and dataset.get("PixelIntensityRelationship") in _NOT_LINEAR
    if slope is None or slope == 0 or intercept is None or is_for_measuring:
        return lambda values: values
    return lambda values: values * slope + intercept


def voi_lut(dataset: Dataset, signed: bool) -> Step | None:
    """The first VOI LUT as a curve to 0–255, by the bits that its entries use where those are far fewer than declared.

    Source: DICOM PS3.3 C.11.2.1.1.
    """
    lut = first_lut(dataset, "VOILUTSequence", signed)
    if lut is None:
        return None
    used = int(lut.entries.max()).bit_length()
    bits = used if 0 < used <= lut.bits - _UNUSED_BITS else lut.bits
    table = Lut(lut.first, bits, lut.entries)
    return lambda values: full_scale(table, table.apply(values))


def first_lut(dataset: Dataset, keyword: str, signed: bool) -> Lut | None:
    """The first LUT of a sequence; its length is checked before pydicom parses the items."""
    if keyword not in dataset:
        return None
    raw_items = getattr(dataset.get_item(keyword), "value", None)
    if isinstance(raw_items, bytes) and len(raw_items) > _MOST_LUT_BYTES:
        raise DamagedImage
    items = dataset[keyword].value
    if not items:
        return None
    return lut_of(items[0].get("LUTDescriptor"), items[0].get("LUTData"), signed, is_big_endian(dataset))


def lut_of(descriptor: object, data: object, signed: bool, big: bool) -> Lut | None:
    """A LUT from its descriptor (entries, first value, bits) and data; None where they make no sense.

    Source: DICOM PS3.3 C.11.1.1 and C.7.6.3.1.5.
    """
    order = ">" if big else "<"
    numbers = _words(descriptor, order)
    if numbers is None or len(numbers) != 3 or data is None:
        return None
    count, first, bits = int(numbers[0]) or 65536, int(numbers[1]), int(numbers[2])
    if signed and first > 32767:
        first -= 65536
    if isinstance(data, bytes) and bits <= 8 and len(data) in (count, count + 1):
        entries: Values | None = np.frombuffer(data, np.uint8).astype(np.float64)
    else:
        entries = _words(data, order)
    if entries is None or not entries.size or not 1 <= bits <= 16:
        return None
    return Lut(first, bits, np.minimum(entries[:count], 2.0**bits - 1))


def full_scale(lut: Lut, values: Values) -> Values:
    """Entries of a LUT to 0–255."""
    return values * (255.0 / (2.0**lut.bits - 1))


def is_big_endian(dataset: Dataset) -> bool:
    """Whether the words of the file have their most significant byte first."""
    return not dataset.original_encoding[1]


def _words(value: object, order: str) -> Values | None:
    """16-bit unsigned words, in any of the types that pydicom gives them."""
    if isinstance(value, bytes):
        return np.frombuffer(value[: len(value) // 2 * 2], f"{order}u2").astype(np.float64)
    if isinstance(value, int):
        value = [value]
    if isinstance(value, (list, tuple, MultiValue)):
        return (np.asarray(value, np.int64) & 0xFFFF).astype(np.float64)
    return None
