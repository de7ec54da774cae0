"""Create a study: from uploads, sealed or plain, to stored ciphertext and a study with its assessments.

Plain bytes live in memory only, from the moment an upload is opened until it is sealed again for storage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import EmptyFile, FractureError, NoFile, TooManyFiles, UploadTooLarge
from app.records import Assessment, Person, Study, Upload
from app.services import Services
from app.storage import NewImage, NewStudy
from app.usecases import audit
from app.usecases.sealed_records import open_study, seal_assessment, seal_original
from app.usecases.studies.infer import infer
from app.usecases.triage import labeller

# A failure of the server itself is raised, never listed as a fault of the file.
_SERVER_FAILURES = ("busy", "unavailable", "stored-data-damaged")


@dataclass(frozen=True)
class Rejected:
    """One file of several that was refused: its index among them from 0, its name, and why."""

    index: int
    name: str
    why: FractureError


@dataclass(frozen=True)
class Submission:
    """What became of several files: the study with the good ones, and the others by name."""

    study: Study
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True)
class _View:
    """One file with its assessment, still in plain text."""

    name: str
    raw: bytes
    assessment: Assessment


def create_study(
    services: Services, person: Person, uploads: Sequence[Upload], remarks: tuple[str, ...] = ()
) -> Submission:
    """Infer the files as the views of a new study and store it, whole or not at all.

    remarks: warnings that every assessment carries besides its own.

    Raises:
        NoFile, TooManyFiles: none, or more than `limits.files`.
        FractureError: no file could be assessed; the error is the first file's. Nothing is stored.
    """
    views, rejected = _infer_all(services, uploads, remarks)
    study_id = services.new_id()
    wrapped_key = services.vault.new_study_key(person.tenant, study_id)
    images = tuple(_sealed(services, person.tenant, study_id, wrapped_key, view) for view in views)
    study = NewStudy(study_id, services.clock(), person.id, wrapped_key, images)
    with services.store.begin() as unit:
        unit.studies.add(person.tenant, study, label=labeller(services, person.tenant))
        audit.record(services, unit, person, "study-created", study_id)
    return Submission(_stored(services, person, study_id), rejected)


def add_images(services: Services, person: Person, study_id: str, uploads: Sequence[Upload]) -> Submission:
    """Infer the files as more views of a study.

    Raises:
        StudyNotFound: not in this person's tenant, or deleted meanwhile.
        NoFile, TooManyFiles, FractureError: as `create_study`.
    """
    wrapped_key = services.store.studies.get(person.tenant, study_id).wrapped_key
    views, rejected = _infer_all(services, uploads)
    images = tuple(_sealed(services, person.tenant, study_id, wrapped_key, view) for view in views)
    with services.store.begin() as unit:
        unit.studies.add_images(person.tenant, study_id, images, label=labeller(services, person.tenant))
        audit.record(services, unit, person, "images-added", study_id)
    return Submission(_stored(services, person, study_id), rejected)


def _stored(services: Services, person: Person, study_id: str) -> Study:
    return open_study(services, services.store.studies.get(person.tenant, study_id))


def _infer_all(
    services: Services, uploads: Sequence[Upload], remarks: tuple[str, ...] = ()
) -> tuple[list[_View], tuple[Rejected, ...]]:
    if not uploads:
        raise NoFile
    if len(uploads) > services.settings.limits.files:
        raise TooManyFiles("At most %(count)s files can be sent at once.", count=services.settings.limits.files)
    views: list[_View] = []
    rejected: list[Rejected] = []
    for index, upload in enumerate(uploads):
        try:
            views.append(_infer(services, upload, index, remarks))
        except FractureError as failure:
            if failure.code in _SERVER_FAILURES:
                raise
            rejected.append(Rejected(index, upload.name, failure))
    if not views:
        raise _all_refused(rejected)
    return views, tuple(rejected)


def _all_refused(rejected: Sequence[Rejected]) -> FractureError:
    """The first file's failure; where there were several files, it names each of them."""
    first = rejected[0].why
    if len(rejected) > 1:
        first.of_files = tuple((one.name, one.why) for one in rejected)
    return first


def _infer(services: Services, upload: Upload, index: int, remarks: tuple[str, ...]) -> _View:
    inference = infer(services.detector, lambda: _opened(services, upload), services.settings.limits, remarks)
    return _View(_name(services, upload, index), inference.raw, inference.assessment)


def _opened(services: Services, upload: Upload) -> bytes:
    raw = upload.body if upload.sealed_for is None else services.upload_keys.open(upload.sealed_for, upload.body)
    if not raw:
        raise EmptyFile
    if len(raw) > services.settings.limits.upload_bytes:
        raise UploadTooLarge
    return raw


def _name(services: Services, upload: Upload, index: int) -> str:
    if upload.sealed_for is not None and upload.sealed_name is not None:
        return services.upload_keys.open_name(upload.sealed_for, upload.sealed_name)[:255]
    return upload.name[:255] or f"image-{index + 1}"


def _sealed(services: Services, tenant: str, study_id: str, wrapped_key: bytes, view: _View) -> NewImage:
    image_id = services.new_id()
    row = (tenant, study_id, image_id)
    return NewImage(
        id=image_id,
        created_at=services.clock(),
        sealed_assessment=seal_assessment(services.vault, row, wrapped_key, view.name, view.assessment),
        sealed_original=seal_original(services.vault, row, wrapped_key, view.raw),
    )
