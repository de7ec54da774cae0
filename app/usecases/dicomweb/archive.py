"""Search an archive for studies, and take one: its images are stored as those that the DICOM node receives."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from app import imaging
from app.errors import BadRequest, DifferentPatients, NotFound, TooManyFiles
from app.exchange_errors import NothingToTake, OwnResult
from app.records import Patient, Person
from app.services import RecordServices
from app.usecases import audit
from app.usecases.patients.identity import may_be_same, patient_of
from app.usecases.studies.receive import receive

MOST_FOUND = 50


@dataclass(frozen=True)
class ArchiveKeys:
    """Keys of a search; at least one is needed. study_date: YYYY-MM-DD."""

    patient_id: str = field(default="", repr=False)
    patient_name: str = field(default="", repr=False)
    accession_number: str = field(default="", repr=False)
    study_date: str = ""
    study_uid: str = field(default="", repr=False)


@dataclass(frozen=True)
class ArchiveStudy:
    """A study as an archive describes it. study_date: YYYY-MM-DD, "" where it does not say."""

    study_uid: str = field(repr=False)
    patient: Patient | None
    study_date: str
    accession_number: str = field(repr=False)
    modalities: tuple[str, ...]
    description: str = field(repr=False)


@dataclass(frozen=True)
class ImageNames:
    """UIDs of an image in an archive."""

    study: str
    series: str
    instance: str


class Archive(Protocol):
    """An archive of the hospital."""

    def find(self, keys: ArchiveKeys, most: int) -> Sequence[ArchiveStudy]:
        """At most `most` studies that match.

        Raises:
            ArchiveUnavailable: it does not answer.
        """

    def images(self, study_uid: str) -> Sequence[ImageNames]:
        """The images of a study that are of a kind that is taken.

        Raises:
            ArchiveUnavailable: it does not answer.
        """

    def retrieve(self, names: ImageNames) -> bytes:
        """The file of an image.

        Raises:
            ArchiveUnavailable: it does not answer, or sends more than an upload may have.
        """


def search_archive(
    services: RecordServices, person: Person, archive: Archive | None, keys: ArchiveKeys
) -> Sequence[ArchiveStudy]:
    """The archive's studies that match; that the person searched is entered first.

    Raises:
        NotFound: this tenant has no archive.
        BadRequest: no key is given.
        ArchiveUnavailable: it does not answer.
    """
    asked = _archive_of(services, person, archive)
    if keys == ArchiveKeys():
        raise BadRequest("Give at least one of number, name, accession number and date.")
    with services.store.begin() as unit:
        audit.record(services, unit, person, "archive-searched", "archive")
    return asked.find(keys, MOST_FOUND)


def take_study(services: RecordServices, person: Person, archive: Archive | None, study_uid: str) -> str:
    """Take the images of a study of the archive; returns the id of our study, whose images are pending.

    Images that are stored already stay as they are; results that this software sent there are left out.

    Raises:
        NotFound: this tenant has no archive.
        NothingToTake: the archive has no such study, or no image in it.
        TooManyFiles: more images than a study takes.
        DifferentPatients: an image names another patient than the archive did; it is not stored.
        ArchiveUnavailable: it does not answer.
        FractureError: an image cannot be stored, as `receive` says.
    """
    asked = _archive_of(services, person, archive)
    found = next((one for one in asked.find(ArchiveKeys(study_uid=study_uid), 1) if one.study_uid == study_uid), None)
    images = asked.images(study_uid) if found else ()
    if found is None or not images:
        raise NothingToTake
    if len(images) > services.settings.limits.files:
        raise TooManyFiles
    study_id = ""
    for names in images:
        raw = asked.retrieve(names)
        _check_patient(services, found, raw)
        with suppress(OwnResult):
            study_id = receive(services, person.tenant, raw, by=person)
    if not study_id:
        raise NothingToTake
    return study_id


def has_archive(services: RecordServices, person: Person) -> bool:
    """Whether a person's tenant may search an archive."""
    dicomweb = services.settings.dicomweb
    return bool(dicomweb.url) and person.tenant == dicomweb.tenant


def _archive_of(services: RecordServices, person: Person, archive: Archive | None) -> Archive:
    if archive is None or not has_archive(services, person):
        raise NotFound
    return archive


def _check_patient(services: RecordServices, found: ArchiveStudy, raw: bytes) -> None:
    """Check that a file belongs to the study and the patient that were asked for."""
    header = imaging.dicom_header(raw, services.settings.limits)
    patient = patient_of(header) if header else None
    if header is None or header.study_uid != found.study_uid:
        raise NothingToTake
    if patient is not None and found.patient is not None and not may_be_same(patient, found.patient):
        raise DifferentPatients
