"""The header of a DICOM image as other DICOM objects refer to it and copy from it."""

import re
from collections.abc import Sequence

from pydicom.dataset import Dataset

from app.config import Limits
from app.imaging.dicom.file import looks_like_dicom, read_elements
from app.imaging.dicom.header import KEYWORDS, header_of
from app.imaging.guard import guarded
from app.records import Header

_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
_TEXTS = (
    "SpecificCharacterSet",
    "PatientName",
    "PatientID",
    "PatientSex",
    "AccessionNumber",
    "ReferringPhysicianName",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "PatientBirthDate",
    "PatientOrientation",
    "Modality",
    "Laterality",
    "ImageLaterality",
    "PresentationLUTShape",
)
_IMAGE = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "WindowCenter",
    "WindowWidth",
    "WindowCenterWidthExplanation",
    "VOILUTFunction",
    "VOILUTSequence",
    "ModalityLUTSequence",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
)
# PS3.5 6.2: the forms of DA, TM and UI. A value of another form is left out, as writers and receivers refuse it.
_FORMS = {
    "StudyDate": re.compile(r"\d{8}"),
    "PatientBirthDate": re.compile(r"\d{8}"),
    "StudyTime": re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?"),
    "Laterality": re.compile(r"[LR]"),
    "ImageLaterality": re.compile(r"[LR]"),
    "PatientSex": re.compile(r"[MFO]"),
}
_UID = re.compile(r"[0-9]+(\.[0-9]+)+")


@guarded()
def dicom_source(raw: bytes, limits: Limits, also: Sequence[str] = ()) -> Dataset | None:
    """The elements of an image that its results need, without pixel data; None for a file that is no DICOM object.

    also: keywords of further elements. An element whose value does not have the form of its VR is absent.

    Raises:
        ImageTooLarge, DamagedImage: from inflating and parsing the header.
    """
    if not looks_like_dicom(raw):
        return None
    keywords = (*_UIDS, *_TEXTS, *_IMAGE, *also)
    found = read_elements(raw, limits, keywords)
    source = Dataset()
    for keyword in keywords:
        # pydicom converts a value when it is asked for, and fails then.
        try:
            value = found.get(keyword)
            form = _FORMS.get(keyword)
            if value is None or (keyword in _UIDS and not (_UID.fullmatch(str(value)) and len(str(value)) <= 64)):
                continue
            if form is None or form.fullmatch(str(value)):
                setattr(source, keyword, value)
        except (ValueError, TypeError, NotImplementedError, LookupError, OverflowError):
            continue
    return source


@guarded()
def dicom_header(raw: bytes, limits: Limits) -> Header | None:
    """The header of a file that is not decoded; None for a file that is no DICOM object.

    Raises:
        ImageTooLarge, DamagedImage: from inflating and parsing the header.
    """
    return header_of(read_elements(raw, limits, KEYWORDS)) if looks_like_dicom(raw) else None
