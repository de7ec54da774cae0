"""The result of one image, and the attributes that all DICOM objects made of it share."""

import hashlib
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime

from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from app.records import Study, StudyImage

MANUFACTURER = "Fracture detection (open source)"
# Type 2 attributes of the Patient and General Study modules (PS3.3 C.7.1.1, C.7.2.1): present, empty when unknown.
_TYPE_2 = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
    "StudyID",
)
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")


@dataclass(frozen=True)
class Result:
    """One image with its assessment, and the DICOM object that it came from.

    source: header of the image's DICOM file without pixel data, or None for another format.
    stated: what a reader decided of the study, in words; "" while nobody did.
    """

    study: Study
    image: StudyImage
    source: Dataset | None
    stated: str = ""

    @property
    def is_referable(self) -> bool:
        """Whether other DICOM objects can refer to the source: it has every UID of the hierarchy."""
        return self.source is not None and all(self.source.get(name) for name in _UIDS)

    @property
    def at(self) -> datetime:
        """The time of the assessment, in UTC: the content date of every object made of it."""
        return self.image.created_at.astimezone(UTC)

    def uid(self, kind: str) -> str:
        """A UID that is the same for the same assessment and decision, and another one for any other.

        Source: DICOM PS3.5 B.2, UUID-derived UIDs.
        """
        assessment = self.image.assessment
        parts = (kind, self.study.id, self.image.id, assessment.model.sha256, repr(assessment.findings), self.stated)
        digest = hashlib.sha256("\0".join((*parts, assessment.verdict)).encode()).digest()
        # Version 8 and the variant of RFC 9562, as a UUID made of a digest of one's own has.
        number = int.from_bytes(digest[:16]) & ~(0xF << 76) & ~(0x3 << 62) | (0x8 << 76) | (0x2 << 62)
        return f"2.25.{number}"

    def evidence(self) -> Dataset:
        """The referenced image's header, complete where the standard wants an attribute that the file lacks.

        Without a source that can be referred to, it is the header of this result's own secondary capture.
        """
        dataset = deepcopy(self.source) if self.source is not None else Dataset()
        if self.source is None and self.study.patient is not None:
            patient = self.study.patient
            dataset.PatientName, dataset.PatientID = patient.name, patient.id or ""
            dataset.PatientBirthDate = (patient.birth_date or "").replace("-", "")
            dataset.PatientSex = patient.sex or ""
        for name in _TYPE_2:
            if name not in dataset:
                setattr(dataset, name, "")
        if not self.is_referable:
            assessment = self.image.assessment
            dataset.StudyInstanceUID = self.uid("study") if self.source is None else dataset.get("StudyInstanceUID")
            dataset.StudyInstanceUID = dataset.StudyInstanceUID or self.uid("study")
            dataset.SeriesInstanceUID = self.uid("secondary-capture-series")
            dataset.SOPInstanceUID = self.uid("secondary-capture")
            dataset.SOPClassUID = SecondaryCaptureImageStorage
            dataset.Modality = "OT"
            dataset.Rows, dataset.Columns = assessment.height, assessment.width
        return dataset

    def scale_xy(self) -> tuple[float, float]:
        """Stored pixels of the referenced image per pixel of the decoded radiograph, along columns and rows.

        They differ where the pixels of the file are not square and the radiograph was stretched.
        """
        assessment = self.image.assessment
        if not self.is_referable or self.source is None:
            return 1.0, 1.0
        return self.source.Columns / assessment.width, self.source.Rows / assessment.height


def side_of(evidence: Dataset) -> str:
    """The side of a paired body part, "" where the file does not say: Laterality is of type 2C (PS3.3 C.7.3.1)."""
    return str(evidence.get("Laterality") or evidence.get("ImageLaterality") or "")


def date_stably(dataset: Dataset, at: datetime) -> Dataset:
    """Replace the time of writing by the time of the assessment, so that the same UID means the same content."""
    date, time = at.strftime("%Y%m%d"), at.strftime("%H%M%S")
    for name in ("Content", "InstanceCreation", "Series", "PresentationCreation"):
        if f"{name}Date" in dataset:
            setattr(dataset, f"{name}Date", date)
        if f"{name}Time" in dataset:
            setattr(dataset, f"{name}Time", time)
    if "ObservationDateTime" in dataset:
        dataset.ObservationDateTime = date + time
    dataset.TimezoneOffsetFromUTC = "+0000"
    return dataset
