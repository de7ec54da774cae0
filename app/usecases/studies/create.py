"""Create a study: from uploads, sealed or plain, to stored ciphertext and a study with its assessments.

Plain bytes live in memory only, from the moment an upload is opened until it is sealed again for storage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from app.errors import EmptyFile, FractureError, NoFile, TooManyFiles, UploadTooLarge
from app.records import Header, Person, Study, Upload
from app.services import Services
from app.storage import NewImage, NewStudy
from app.usecases import audit
from app.usecases.outbox.messages import announce
from app.usecases.patients.identity import details_of, merged
from app.usecases.sealed_records import open_details, open_study, seal_assessment, seal_details, seal_original
from app.usecases.studies.file_names import shown_name
from app.usecases.studies.infer import Inference, infer
from app.usecases.studies.repeat import Rejected, answered, remember, request_of
from app.usecases.triage import labeller
from app.usecases.worklist import thumbnail

# A failure of the server itself is raised, never listed as a fault of the file.
_SERVER_FAILURES = ("busy", "unavailable", "stored-data-damaged")


@dataclass(frozen=True)
class Submission:
    """Result of an upload: the study with the files that were assessed, and the rejected ones."""

    study: Study
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True)
class _View:
    """One file, sealed with its assessment, and its header in plain text."""

    image: NewImage
    header: Header | None


@dataclass(frozen=True)
class _StudyKey:
    """The study that files are sealed for, and its wrapped key."""

    study_id: str
    wrapped_key: bytes


def create_study(
    services: Services,
    person: Person,
    uploads: Sequence[Upload],
    remarks: tuple[str, ...] = (),
    *,
    key: str = "",
) -> Submission:
    """Infer the files as the views of a new study and store it, whole or not at all.

    remarks: warnings that every assessment carries besides its own.
    key: where a request with the same key and files made a study in the last day, that study is returned.

    Raises:
        NoFile, TooManyFiles: none, or more than `limits.files`.
        FractureError: no file could be assessed; the error is the first file's. Nothing is stored.
        DifferentPatients: the headers of two files name different patients. Nothing is stored.
        ReusedKey: the key came with other files before.
    """
    request = (
        request_of(services, person, key, [_content(services, person, upload) for upload in uploads]) if key else None
    )
    if request is not None and (earlier := answered(services, request)) is not None:
        return Submission(_stored(services, person, earlier.study), earlier.rejected)
    study_id = services.new_id()
    wrapped_key = services.vault.new_study_key(person.tenant, study_id)
    views, rejected = _infer_all(services, person, uploads, _StudyKey(study_id, wrapped_key), remarks)
    details = details_of(view.header for view in views)
    images = tuple(view.image for view in views)
    sealed_details = seal_details(services.vault, (person.tenant, study_id), wrapped_key, details)
    images = services.store.originals.place(images)
    study = NewStudy(study_id, services.clock(), person.id, wrapped_key, images, sealed_details)
    with services.store.begin() as unit:
        unit.studies.add(person.tenant, study, label=labeller(services, person.tenant))
        if request is not None:
            remember(services, unit, request, study, rejected)
        announce(services, unit, person.tenant, "study-inferred", study_id)
        audit.record(services, unit, person, "study-created", study_id)
    return Submission(_stored(services, person, study_id), rejected)


def add_images(services: Services, person: Person, study_id: str, uploads: Sequence[Upload]) -> Submission:
    """Infer the files as more views of a study; a patient that was unknown is taken from them.

    Raises:
        StudyNotFound: not in this person's tenant, or deleted meanwhile.
        NoFile, TooManyFiles, FractureError: as `create_study`.
        DifferentPatients: a file names another patient than the study. Nothing is stored.
    """
    row = services.store.studies.get(person.tenant, study_id)
    views, rejected = _infer_all(services, person, uploads, _StudyKey(study_id, row.wrapped_key))
    found = details_of(view.header for view in views)
    images = services.store.originals.place(tuple(view.image for view in views))
    with services.store.begin() as unit:
        details = merged(open_details(services, unit.studies.get(person.tenant, study_id)), found)
        sealed_details = seal_details(services.vault, (person.tenant, study_id), row.wrapped_key, details)
        unit.studies.add_images(person.tenant, study_id, images)
        unit.studies.set_details(person.tenant, study_id, sealed_details, label=labeller(services, person.tenant))
        announce(services, unit, person.tenant, "study-inferred", study_id)
        audit.record(services, unit, person, "images-added", study_id)
    return Submission(_stored(services, person, study_id), rejected)


def _stored(services: Services, person: Person, study_id: str) -> Study:
    return open_study(services, services.store.studies.get(person.tenant, study_id))


def _infer_all(
    services: Services, person: Person, uploads: Sequence[Upload], key: _StudyKey, remarks: tuple[str, ...] = ()
) -> tuple[list[_View], tuple[Rejected, ...]]:
    """Infer the files one after another and seal each at once, so that few plain bytes are in memory."""
    if not uploads:
        raise NoFile
    if len(uploads) > services.settings.limits.files:
        raise TooManyFiles("At most %(count)s files can be sent at once.", count=services.settings.limits.files)
    views: list[_View] = []
    rejected: list[Rejected] = []
    for index, upload in enumerate(uploads):
        try:
            inference = infer(services.detector, partial(_opened, services, person, upload), services.decoder, remarks)
            name = _name(services, person, upload, index)
            image = _sealed(services, person.tenant, key, name, inference)
            views.append(_View(image, inference.radiograph.header))
        except FractureError as failure:
            if failure.code in _SERVER_FAILURES:
                raise
            rejected.append(Rejected(index, shown_name(upload.name), failure))
    if not views:
        raise _all_refused(rejected)
    return views, tuple(rejected)


def _all_refused(rejected: Sequence[Rejected]) -> FractureError:
    """The first file's failure; where there were several files, it names each of them."""
    first = rejected[0].why
    if len(rejected) > 1:
        first.of_files = tuple((one.name, one.why) for one in rejected)
    return first


def _content(services: Services, person: Person, upload: Upload) -> bytes:
    """The plain bytes of an upload, or what was sent where they cannot be had."""
    try:
        return _opened(services, person, upload)
    except FractureError:
        return upload.body


def _opened(services: Services, person: Person, upload: Upload) -> bytes:
    raw = upload.body
    if upload.sealed_for is not None:
        raw = services.upload_keys.open(upload.sealed_for, upload.body, person.tenant, person.id)
    if not raw:
        raise EmptyFile
    if len(raw) > services.settings.limits.upload_bytes:
        raise UploadTooLarge
    return raw


def _name(services: Services, person: Person, upload: Upload, index: int) -> str:
    if upload.sealed_for is not None and upload.sealed_name is not None:
        name = services.upload_keys.open_name(upload.sealed_for, upload.sealed_name, person.tenant, person.id)
        return shown_name(name)
    return shown_name(upload.name) or f"image-{index + 1}"


def _sealed(services: Services, tenant: str, key: _StudyKey, name: str, inference: Inference) -> NewImage:
    image_id = services.new_id()
    row = (tenant, key.study_id, image_id)
    at = services.clock()
    return NewImage(
        id=image_id,
        created_at=at,
        sealed_assessment=seal_assessment(services.vault, row, key.wrapped_key, name, inference.assessment, at=at),
        sealed_original=seal_original(services.vault, row, key.wrapped_key, inference.raw),
        sealed_thumbnail=thumbnail.seal(services.vault, row, key.wrapped_key, thumbnail.render(inference.radiograph)),
    )
