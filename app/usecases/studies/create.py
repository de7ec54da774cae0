"""Read a study: from uploads, sealed or plain, to stored ciphertext and a study with its readings.

Plain bytes live in memory only, from the moment an upload is opened until it is sealed again for storage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from app import imaging
from app.detection import read_verdict
from app.errors import EmptyFile, FractureError, NoFile, TooManyFiles, UploadTooLarge
from app.records import Assessment, Person, Study, Timing, Upload
from app.services import Services
from app.storage import NewImage, NewStudy
from app.usecases import audit, stored_assessment
from app.usecases.studies.show import associated_data, get_study
from app.usecases.triage import labeller

# What every one of several files failed with for a reason of the server's own is raised, never listed as the file's.
_SERVER_FAILURES = ("busy", "unavailable", "stored-data-damaged")


@dataclass(frozen=True)
class Rejected:
    """One file of several that could not be read: its place among them from 0, its name, and why."""

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
    """One file that was read, still in plain text."""

    name: str
    raw: bytes
    assessment: Assessment


def create_study(
    services: Services, person: Person, uploads: Sequence[Upload], remarks: tuple[str, ...] = ()
) -> Submission:
    """Read the files as the views of a new study and store it, whole or not at all.

    remarks: warnings that every reading carries besides its own.

    Raises:
        NoFile, TooManyFiles: none, or more than `limits.files`.
        FractureError: no file could be read; the error is the first file's. Nothing is stored.
    """
    views, rejected = _read_all(services, uploads, remarks)
    study_id = services.new_id()
    wrapped_key = services.vault.new_study_key(person.tenant, study_id)
    images = tuple(_sealed(services, person.tenant, study_id, wrapped_key, view) for view in views)
    study = NewStudy(study_id, services.clock(), person.id, wrapped_key, images)
    services.store.studies.add(person.tenant, study, label=labeller(services, person.tenant))
    audit.record(services, person, "study-created", study_id)
    return Submission(get_study(services, person, study_id), rejected)


def add_images(services: Services, person: Person, study_id: str, uploads: Sequence[Upload]) -> Submission:
    """Read the files as more views of a study.

    Raises:
        StudyNotFound: not in this person's tenant, or deleted meanwhile.
        NoFile, TooManyFiles, FractureError: as `create_study`.
    """
    wrapped_key = services.store.studies.get(person.tenant, study_id).wrapped_key
    views, rejected = _read_all(services, uploads)
    images = tuple(_sealed(services, person.tenant, study_id, wrapped_key, view) for view in views)
    services.store.studies.add_images(person.tenant, study_id, images, label=labeller(services, person.tenant))
    audit.record(services, person, "images-added", study_id)
    return Submission(get_study(services, person, study_id), rejected)


def _read_all(
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
            views.append(_read(services, upload, index, remarks))
        except FractureError as failure:
            if failure.code in _SERVER_FAILURES:
                raise
            rejected.append(Rejected(index, upload.name, failure))
    if not views:
        raise _nothing_read(rejected)
    return views, tuple(rejected)


def _nothing_read(rejected: Sequence[Rejected]) -> FractureError:
    """The first file's failure; where there were several files, it names each of them."""
    first = rejected[0].why
    if len(rejected) > 1:
        first.of_files = tuple((one.name, one.why) for one in rejected)
    return first


def _read(services: Services, upload: Upload, index: int, remarks: tuple[str, ...]) -> _View:
    """The way of one radiograph: open, decode, detect, decide."""
    began = perf_counter()
    raw = _opened(services, upload)
    opened = perf_counter()
    radiograph = imaging.decode(raw, services.settings.limits)
    decoded = perf_counter()
    spec = services.detector.spec
    model_input = imaging.model_input(radiograph.grey, spec.input_size_px, spec.stride)
    detections = services.detector.detect(model_input)
    verdict, score, findings = read_verdict(detections, spec.calibration)
    done = perf_counter()
    height, width = radiograph.grey.shape
    assessment = Assessment(
        model=services.detector.version,
        width=width,
        height=height,
        verdict=verdict,
        score=score,
        findings=findings,
        timing_ms=Timing(_ms(began, opened), _ms(opened, decoded), _ms(decoded, done), _ms(began, done)),
        spacing_mm=radiograph.spacing_mm,
        warnings=(*remarks, *radiograph.warnings),
    )
    return _View(_name(services, upload, index), raw, assessment)


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
    original = associated_data(tenant, study_id, "original", image_id)
    assessment = associated_data(tenant, study_id, "reading", image_id)
    return NewImage(
        id=image_id,
        created_at=services.clock(),
        sealed_assessment=services.vault.seal(
            stored_assessment.to_bytes(view.name, view.assessment), wrapped_key, assessment
        ),
        sealed_original=services.vault.seal(view.raw, wrapped_key, original),
    )


def _ms(start: float, end: float) -> float:
    return round((end - start) * 1000, 2)
