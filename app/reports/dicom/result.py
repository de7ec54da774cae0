"""The result of one image, and the attributes that all DICOM objects made of it share."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime

from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    ComprehensiveSRStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    SecondaryCaptureImageStorage,
)

from app.records import Study, StudyImage
from app.reports.uids import derived_uid, study_uid_of

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
class ResultKind:
    """Kind of result object, and what all objects of the kind share; `name` is a part of their UIDs."""

    name: str
    sop_class: UID
    modality: str
    series_number: int
    description: str


STRUCTURED_REPORT = ResultKind(
    "structured-report", ComprehensiveSRStorage, "SR", 9001, "Fracture detection, structured report"
)
SECONDARY_CAPTURE = ResultKind(
    "secondary-capture", SecondaryCaptureImageStorage, "OT", 9002, "Fracture detection, findings drawn"
)
PRESENTATION_STATE = ResultKind(
    "presentation-state",
    GrayscaleSoftcopyPresentationStateStorage,
    "PR",
    9003,
    "Fracture detection, presentation state",
)


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
    def kinds(self) -> tuple[ResultKind, ...]:
        """The results that can be made: none while pending, no image of a file that cannot be decoded."""
        assessment = self.image.assessment
        if assessment.verdict == "pending":
            return ()
        if assessment.reason == "unreadable":
            return (STRUCTURED_REPORT,)
        is_grey = self.is_referable and self.source is not None and self.source.get("SamplesPerPixel") == 1
        return (STRUCTURED_REPORT, SECONDARY_CAPTURE, *((PRESENTATION_STATE,) if is_grey else ()))

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
        return derived_uid(*parts, assessment.verdict)

    def instance_uid(self, kind: ResultKind) -> str:
        """The SOP Instance UID of a result."""
        return self.uid(kind.name)

    def series_uid(self, kind: ResultKind) -> str:
        """The Series Instance UID of a result."""
        return self.uid(f"{kind.name}-series")

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
            dataset.StudyInstanceUID = dataset.get("StudyInstanceUID") or study_uid_of(self.study)
            dataset.SeriesInstanceUID = self.series_uid(SECONDARY_CAPTURE)
            dataset.SOPInstanceUID = self.instance_uid(SECONDARY_CAPTURE)
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
    for name in ("Content{}", "InstanceCreation{}", "Series{}", "PresentationCreation{}", "{}OfSecondaryCapture"):
        for part, value in (("Date", date), ("Time", time)):
            if name.format(part) in dataset:
                setattr(dataset, name.format(part), value)
    if "ObservationDateTime" in dataset:
        dataset.ObservationDateTime = date + time
    for item in dataset.get("ContributingEquipmentSequence", ()):
        item.ContributionDateTime = date + time
    dataset.TimezoneOffsetFromUTC = "+0000"
    return dataset
