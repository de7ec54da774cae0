"""Header values of a DICOM object that the application uses besides its pixels: whose image, of what, from where."""

from collections.abc import Iterator

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from app.records import Header

KEYWORDS = (
    "SpecificCharacterSet",
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "StudyDate",
    "AccessionNumber",
    "Modality",
    "StudyDescription",
    "SeriesDescription",
    "BodyPartExamined",
    "AnatomicRegionSequence",
    "ProtocolName",
    "ImageLaterality",
    "Laterality",
    "ViewPosition",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
)
# PN holds three component groups of 64 characters and two delimiters, the longest of these types (PS3.5 6.2).
_LONGEST_TEXT = 3 * 64 + 2
_MOST_ITEMS = 16
_LONGEST_SEQUENCE_BYTES = 1 << 16


def header_of(dataset: Dataset, aspect_scale: tuple[float, float] = (1.0, 1.0)) -> Header:
    """The header of a data set; what is absent or cannot be decoded is "".

    aspect_scale: pixels of the decoded radiograph per stored pixel, (row, column).
    """

    def text(keyword: str) -> str:
        return next(iter(_texts(dataset, keyword)), "")

    return Header(
        modality=text("Modality").upper(),
        body_parts=tuple(_body_parts(dataset)),
        laterality=(text("ImageLaterality") or text("Laterality")).upper(),
        view_position=text("ViewPosition").upper(),
        study_date=text("StudyDate"),
        sop_class_uid=text("SOPClassUID"),
        sop_instance_uid=text("SOPInstanceUID"),
        study_uid=text("StudyInstanceUID"),
        series_uid=text("SeriesInstanceUID"),
        accession_number=text("AccessionNumber"),
        patient_name=text("PatientName"),
        patient_id=text("PatientID"),
        patient_id_issuer=text("IssuerOfPatientID"),
        patient_birth_date=text("PatientBirthDate"),
        patient_sex=text("PatientSex").upper(),
        aspect_scale=aspect_scale,
    )


def _body_parts(dataset: Dataset) -> Iterator[str]:
    """Every text that may name the part of the body, the coded ones first."""
    yield from _texts(dataset, "BodyPartExamined")
    element = dataset.get_item("AnatomicRegionSequence") if "AnatomicRegionSequence" in dataset else None
    raw = getattr(element, "value", None)
    if not isinstance(raw, bytes) or len(raw) <= _LONGEST_SEQUENCE_BYTES:
        for item in list(dataset.get("AnatomicRegionSequence") or ())[:_MOST_ITEMS]:
            yield from _texts(item, "CodeMeaning")
    for keyword in ("SeriesDescription", "StudyDescription", "ProtocolName"):
        yield from _texts(dataset, keyword)


def _texts(dataset: Dataset, keyword: str) -> list[str]:
    """The printable values of an element, without padding; [] where it is absent, empty or not decodable."""
    try:
        value = dataset.get(keyword)
    except (AttributeError, LookupError, TypeError, ValueError):
        return []
    values = list(value)[:_MOST_ITEMS] if isinstance(value, (list, tuple, MultiValue)) else [value]
    texts = (
        "".join(c for c in str(one) if c.isprintable()).strip()[:_LONGEST_TEXT] for one in values if one is not None
    )
    return [text for text in texts if text]
