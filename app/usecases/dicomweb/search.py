"""Search the stored studies as DICOM studies, series and instances.

Source: DICOM PS3.18 10.6 (QIDO-RS); PS3.4 C.3.4 for the attributes of an answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

from pydicom.dataset import Dataset

from app.errors import StoredDataDamaged
from app.records import Person, Study
from app.reports.uids import study_uid_of
from app.services import RecordServices
from app.storage import WorklistQuery
from app.usecases import audit
from app.usecases.dicomweb.held import HeldObject, Names, named_objects, objects_of
from app.usecases.patients.terms import accession_term, patient_terms, study_uid_term
from app.usecases.sealed_records import open_study
from app.usecases.triage import Filters, query_of

Json = dict[str, Any]

MOST_ANSWERS = 100
# A search by date or modality alone looks at so many of the newest studies.
MOST_OPENED = 1000
_OPENED_AT_ONCE = 50
_OF_STUDY = (
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "StudyDescription",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
)
_OF_SERIES = ("SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "BodyPartExamined")
_OF_INSTANCE = ("SOPClassUID", "SOPInstanceUID", "InstanceNumber", "Rows", "Columns", "BitsAllocated")


@dataclass(frozen=True)
class StudyKeys:
    """Keys that a study must match; empty ones match everything.

    patient_name: beginnings of parts of the name, case and accents ignored. patient_id, accession_number: whole.
    since, until: of the study date, both included. modalities: one of them is in the study.
    """

    patient_name: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    accession_number: str = field(default="", repr=False)
    study_uids: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    modalities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Span:
    """The part of the matches that is asked for."""

    limit: int = MOST_ANSWERS
    offset: int = 0

    def of(self, found: Iterable[Json]) -> list[Json]:
        """That part."""
        return list(islice(found, self.offset, self.offset + self.limit))


def find_studies(services: RecordServices, person: Person, keys: StudyKeys, span: Span) -> list[Json]:
    """The tenant's studies that match, newest first, in the DICOM JSON Model; each Study Instance UID once."""
    audit.record_list_view(services, person)
    return span.of(_matching(services, person, keys))


def find_series(
    services: RecordServices, person: Person, study_uid: str, keys: Mapping[str, str], span: Span
) -> list[Json]:
    """The series of a study whose attributes match; `keys` by keyword, with wildcards.

    Raises:
        NotFound: the tenant has no such study.
    """
    series: dict[str, list[HeldObject]] = {}
    for one in named_objects(services, person, Names(study_uid)):
        if _matches(one.about, keys):
            series.setdefault(one.about.SeriesInstanceUID, []).append(one)
    return span.of(_series_json(objects) for objects in series.values())


def find_instances(
    services: RecordServices, person: Person, names: Names, keys: Mapping[str, str], span: Span
) -> list[Json]:
    """The instances of a study or series whose attributes match; `keys` by keyword, with wildcards.

    Raises:
        NotFound: the tenant has no such study or series.
    """
    objects = named_objects(services, person, names)
    return span.of(
        _json(one.about, ("StudyInstanceUID", *_OF_SERIES, *_OF_INSTANCE))
        for one in objects
        if _matches(one.about, keys)
    )


def _matching(services: RecordServices, person: Person, keys: StudyKeys) -> Iterator[Json]:
    answered: set[str] = set()
    for study in islice(_candidates(services, person.tenant, keys), MOST_OPENED):
        uid = study_uid_of(study)
        if uid in answered or not _fits(study, keys):
            continue
        with suppress(StoredDataDamaged):
            objects = objects_of(services, study)
            modalities = sorted({one.about.Modality for one in objects if one.about.get("Modality")})
            if objects and (not keys.modalities or set(keys.modalities) & set(modalities)):
                answered.add(uid)
                yield _study_json(study, objects, modalities)


def _candidates(services: RecordServices, tenant: str, keys: StudyKeys) -> Iterator[Study]:
    """Studies with the index terms of the keys, newest first; one that does not open is left out."""
    index = services.blind_index
    terms = patient_terms(index, tenant, keys.patient_name) + patient_terms(index, tenant, keys.patient_id)
    terms += (accession_term(index, tenant, keys.accession_number),) if keys.accession_number else ()
    for uid in keys.study_uids or ("",):
        own = (study_uid_term(index, tenant, uid),) if uid else ()
        query = query_of(services, tenant, Filters(terms=own + terms, newest_first=True))
        yield from _pages(services, tenant, query)


def _pages(services: RecordServices, tenant: str, query: WorklistQuery) -> Iterator[Study]:
    after: str | None = None
    while True:
        page = services.store.worklist.page(tenant, query, _OPENED_AT_ONCE, after)
        for entry in page.entries:
            with suppress(StoredDataDamaged):
                yield open_study(services, entry.study)
        after = page.next
        if after is None:
            return


def _fits(study: Study, keys: StudyKeys) -> bool:
    """Whether a study fits what the index does not say exactly."""
    number = study.patient.id if study.patient else None
    if keys.patient_id and number != keys.patient_id:
        return False
    if keys.since is None and keys.until is None:
        return True
    text = study.examination.study_date
    return bool(text) and (keys.since or date.min) <= date.fromisoformat(text) <= (keys.until or date.max)


def _matches(about: Dataset, keys: Mapping[str, str]) -> bool:
    return all(fnmatchcase(str(about.get(name, "")), wanted) for name, wanted in keys.items())


def _study_json(study: Study, objects: Sequence[HeldObject], modalities: Sequence[str]) -> Json:
    about = Dataset()
    for keyword in _OF_STUDY:
        setattr(about, keyword, objects[0].about.get(keyword, ""))
    if study.patient is not None:
        # As a clinician may have corrected it.
        about.PatientName, about.PatientID = study.patient.name, study.patient.id or ""
    about.ModalitiesInStudy = list(modalities)
    about.NumberOfStudyRelatedSeries = len({one.about.SeriesInstanceUID for one in objects})
    about.NumberOfStudyRelatedInstances = len(objects)
    counts = ("ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")
    return _json(about, (*_OF_STUDY, *counts))


def _series_json(objects: Sequence[HeldObject]) -> Json:
    about = objects[0].about
    about.NumberOfSeriesRelatedInstances = len(objects)
    return _json(about, ("StudyInstanceUID", *_OF_SERIES, "NumberOfSeriesRelatedInstances"))


def _json(about: Dataset, keywords: Sequence[str]) -> Json:
    """These attributes, where present, in the DICOM JSON Model."""
    answer = Dataset()
    answer.SpecificCharacterSet, answer.InstanceAvailability = "ISO_IR 192", "ONLINE"
    for keyword in keywords:
        if keyword in about:
            setattr(answer, keyword, about.get(keyword))
    found: Json = answer.to_json_dict()
    return found
