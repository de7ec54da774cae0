"""De-identify DICOM images by the Basic Application Level Confidentiality Profile.

Each element is kept, emptied, replaced or removed as the standard's table says; beyond it, private and unknown
elements, names of people and long texts that the table does not list are removed. Pixels are decoded and written
uncompressed, so that no comment of a codestream comes along.

Source: DICOM PS3.15 Annex E, table E.1-1, as dicom-anonymizer has it in machine-readable form; PS3.16 CID 7050.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import import_module
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import dictionary_has_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import BaseTag
from pydicom.uid import ExplicitVRLittleEndian

from app.config import Limits
from app.errors import DamagedImage
from app.imaging.dicom.extent import aspect_scale
from app.imaging.dicom.file import check_header, read_elements
from app.imaging.dicom.pixels import pixel_array
from app.imaging.guard import guarded
from app.records import BoxPx

TABLE = "2026c"
METHOD = f"DICOM PS3.15 Annex E Basic Profile ({TABLE})"
_MODULE = f"dicomanonymizer.dicom_anonymization_databases.dicomfields_{TABLE}"
_BASIC_PROFILE = ("113100", "Basic Application Confidentiality Profile")
_CLEAN_PIXELS = ("113101", "Clean Pixel Data Option")
_REMOVED_LISTS = ("X_TAGS", "X_Z_TAGS", "X_D_TAGS", "X_Z_D_TAGS")
_EMPTIED_LISTS = ("Z_TAGS", "Z_D_TAGS")
_REPLACED_LISTS = ("D_TAGS",)
# Curves and overlays, whole: both may hold drawn text.
_GRAPHICS = (*range(0x5000, 0x5020, 2), *range(0x6000, 0x6020, 2))
_TEXTS = ("LT", "ST", "UT", "UC", "PN")
_NUMBERS = ("DS", "IS", "FL", "FD", "SL", "SS", "UL", "US", "SV", "UV")
_DUMMIES = {"DA": "19000101", "TM": "000000", "DT": "19000101000000", "AS": "000Y"}
# pydicom converts a value when it is asked for, and fails then.
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, NotImplementedError, OverflowError, RecursionError)


class Deidentifier:
    """Replaces identifiers by others that are the same within one export and mean nothing outside of it.

    secret: random bytes of one export; without them nobody computes the identifiers.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def uid(self, uid: str) -> str:
        """The UID in place of another one (PS3.5 B.2)."""
        return f"2.25.{int.from_bytes(self._digest('uid', uid)[:15])}"

    def patient(self, number: str) -> str:
        """The number in place of a patient's."""
        return self._digest("patient", number).hex()[:16] if number else ""

    @guarded()
    def file(self, raw: bytes, limits: Limits, boxes: Sequence[BoxPx] = ()) -> bytes:
        """The de-identified file of a DICOM image, uncompressed.

        boxes: parts of the decoded radiograph that are painted over.

        Raises:
            FractureError: the image cannot be decoded, as `app.imaging.decode` says.
        """
        source = read_elements(raw, limits)
        check_header(source, limits)
        scale = aspect_scale(source, limits)
        clean = self._cleaned(source)
        number = str(source.get("PatientID") or "")
        clean.PatientName = clean.PatientID = self.patient(number)
        _set_pixels(clean, _painted(pixel_array(source), source, boxes, scale))
        _state_profile(clean, has_clean_pixels=bool(boxes))
        return _written(clean)

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.digest(self._secret, f"{kind}/{text}".encode(), hashlib.sha256)

    def _cleaned(self, source: Dataset) -> Dataset:
        clean = Dataset()
        for tag in sorted(source.keys()):
            try:
                element = self._element(source[tag]) if _is_kept(tag) else None
            except _UNREADABLE:
                element = None
            if element is not None:
                clean.add(element)
        return clean

    def _element(self, element: DataElement) -> DataElement | None:
        """The element in place of one that is not removed by its tag alone; None to remove it."""
        tag, vr = element.tag, element.VR
        if vr == "SQ":
            items = DicomSequence([self._cleaned(item) for item in element.value])
            return DataElement(tag, vr, items)
        if tag in _listed("U_TAGS"):
            values = [element.value] if isinstance(element.value, str) else list(element.value or ())
            return DataElement(tag, "UI", [self.uid(str(value)) for value in values])
        if tag in _listed(*_EMPTIED_LISTS):
            return DataElement(tag, vr, None)
        if tag in _listed(*_REPLACED_LISTS):
            return DataElement(tag, vr, _dummy(vr))
        return None if vr in _TEXTS else DataElement(tag, vr, element.value)


def _written(clean: Dataset) -> bytes:
    clean.file_meta = FileMetaDataset()
    clean.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = BytesIO()
    clean.save_as(out, enforce_file_format=True)
    return out.getvalue()


@cache
def _listed(*lists: str) -> frozenset[int]:
    """The tags of some lists of the table."""
    table = import_module(_MODULE)
    tags: Iterable[tuple[int, ...]] = (tag for name in lists for tag in getattr(table, name))
    return frozenset(tag[0] << 16 | tag[1] for tag in tags if len(tag) == 2)


def _is_kept(tag: BaseTag) -> bool:
    """Whether an element with this tag has a counterpart in the de-identified object."""
    if tag.is_private or tag.element == 0 or tag.group in _GRAPHICS or tag.group == 0x7FE0:
        return False
    return dictionary_has_tag(tag) and tag not in _listed(*_REMOVED_LISTS)


def _dummy(vr: str) -> object:
    if vr in _NUMBERS:
        return 0
    return b"\x00\x00" if vr in ("OB", "OW", "UN") else _DUMMIES.get(vr, "REMOVED")


def _painted(
    pixels: NDArray[np.generic], source: Dataset, boxes: Sequence[BoxPx], scale: tuple[float, float]
) -> NDArray[np.generic]:
    """The stored values with the boxes black; scale: pixels of the radiograph per stored pixel, (row, column)."""
    painted = pixels.copy()
    is_inverted = source.PhotometricInterpretation == "MONOCHROME1"
    black: Callable[..., np.generic] = np.max if is_inverted else np.min
    for x1, y1, x2, y2 in boxes:
        rows = slice(max(0, int(y1 / scale[0])), int(np.ceil(y2 / scale[0])))
        columns = slice(max(0, int(x1 / scale[1])), int(np.ceil(x2 / scale[1])))
        painted[rows, columns] = black(pixels) if pixels.ndim == 2 else 0
    return painted


def _set_pixels(clean: Dataset, pixels: NDArray[np.generic]) -> None:
    if pixels.ndim == 3:
        clean.PhotometricInterpretation, clean.PlanarConfiguration = "RGB", 0
    if pixels.dtype.itemsize > 2:
        raise DamagedImage
    bits = pixels.dtype.itemsize * 8
    clean.BitsAllocated = bits
    clean.BitsStored = min(int(clean.get("BitsStored") or bits), bits)
    clean.HighBit = clean.BitsStored - 1
    clean.PixelRepresentation = int(pixels.dtype.kind == "i")
    data = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    clean.PixelData = data + b"\x00" * (len(data) % 2)
    clean["PixelData"].VR = "OW" if bits > 8 else "OB"


def _state_profile(clean: Dataset, *, has_clean_pixels: bool) -> None:
    """Say what was done (PS3.15 E.2, PS3.3 C.12.1.1.1)."""
    options = (_BASIC_PROFILE, *((_CLEAN_PIXELS,) if has_clean_pixels else ()))
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = [METHOD, *(meaning for _, meaning in options[1:])]
    clean.DeidentificationMethodCodeSequence = [_code(*option) for option in options]
    clean.LongitudinalTemporalInformationModified = "REMOVED"


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code
