"""The DICOM objects of a study: originals that came as DICOM, and the results that are made of them on request."""

from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from app import imaging
from app.config import Limits
from app.errors import NotFound
from app.records import Person, Study
from app.reports.dicom import SECONDARY_CAPTURE, Result, ResultKind
from app.reports.uids import study_uid_of
from app.services import RecordServices
from app.usecases import audit
from app.usecases.patients.terms import study_uid_term
from app.usecases.reports.dicom import result_of
from app.usecases.sealed_records import open_original, open_study
from app.usecases.triage import Filters, query_of

# Uploads of the same examination more often than that are a mistake.
MOST_COPIES = 20
_QUERIED = ("StudyDescription", "SeriesDescription", "SeriesNumber", "InstanceNumber", "BodyPartExamined")
_OF_THE_IMAGE = ("Rows", "Columns", "BitsAllocated", "Laterality", "ImageLaterality")


@dataclass(frozen=True)
class Names:
    """UIDs that an address may give; None names all of them."""

    study: str
    series: str | None = None
    instance: str | None = None


@dataclass(frozen=True)
class HeldObject:
    """One object that can be retrieved; `kind` is None for an original.

    about: attributes of study, series and instance, for searches.
    """

    result: Result
    kind: ResultKind | None
    about: Dataset = field(repr=False)

    @property
    def has_frame(self) -> bool:
        """Whether it is an image."""
        return self.kind == SECONDARY_CAPTURE or (self.kind is None and "Rows" in self.about)

    def is_named(self, names: Names) -> bool:
        """Whether an address names it."""
        about = self.about
        return about.StudyInstanceUID == names.study and all(
            wanted is None or wanted == here
            for wanted, here in ((names.series, about.SeriesInstanceUID), (names.instance, about.SOPInstanceUID))
        )


def named_objects(services: RecordServices, person: Person, names: Names) -> list[HeldObject]:
    """The objects of the tenant that an address names, each once; that the person views their studies is entered.

    Raises:
        NotFound: there is none.
    """
    found: dict[str, HeldObject] = {}
    for study in studies_of_uid(services, person, names.study):
        for one in objects_of(services, study):
            if one.is_named(names):
                found.setdefault(one.about.SOPInstanceUID, one)
                audit.record_view(services, person, study.id)
    if not found:
        raise NotFound
    return list(found.values())


def studies_of_uid(services: RecordServices, person: Person, study_uid: str) -> list[Study]:
    """The studies of the tenant with a Study Instance UID, newest first."""
    term = study_uid_term(services.blind_index, person.tenant, study_uid)
    query = query_of(services, person.tenant, Filters(terms=(term,), newest_first=True))
    page = services.store.worklist.page(person.tenant, query, MOST_COPIES)
    return [open_study(services, entry.study) for entry in page.entries]


def objects_of(services: RecordServices, study: Study) -> list[HeldObject]:
    """The objects of a study.

    Raises:
        StoredDataDamaged: an original does not open.
    """
    limits = services.settings.limits
    objects: list[HeldObject] = []
    for number, image in enumerate(study.images, start=1):
        raw = open_original(services, study.tenant, study.id, image.id)
        result = result_of(study, image, raw, limits)
        if result.is_referable:
            objects.append(HeldObject(result, None, _about_original(result, raw, limits, number)))
        objects += [HeldObject(result, kind, _about_result(result, kind)) for kind in result.kinds]
    return [one for one in objects if one.about.StudyInstanceUID == study_uid_of(study)]


def _about_original(result: Result, raw: bytes, limits: Limits, number: int) -> Dataset:
    source = imaging.dicom_source(raw, limits, _QUERIED)
    about = source if source is not None else Dataset()
    if not about.get("InstanceNumber"):
        about.InstanceNumber = number
    return about


def _about_result(result: Result, kind: ResultKind) -> Dataset:
    """Attributes of a result for searches, without making the object."""
    about = result.evidence()
    for keyword in _OF_THE_IMAGE:
        if keyword in about:
            delattr(about, keyword)
    about.SOPClassUID, about.Modality = kind.sop_class, kind.modality
    about.SeriesInstanceUID, about.SOPInstanceUID = result.series_uid(kind), result.instance_uid(kind)
    about.SeriesNumber, about.SeriesDescription, about.InstanceNumber = kind.series_number, kind.description, 1
    return about
