"""Receive radiographs from other systems: stored sealed and `pending`, before the sender hears that they arrived.

`app.usecases.studies.pending` infers them.
"""

from dataclasses import dataclass, field

from app import imaging
from app.errors import DamagedImage, EmptyFile, UploadTooLarge
from app.exchange_errors import DuplicateInstance, OwnResult
from app.files import sha256_of
from app.records import Actor, Assessment, Header, ModelVersion, Person, Timing
from app.reports.uids import MANUFACTURER
from app.services import RecordServices
from app.storage import NewImage, NewStudy, ReceivedRow, UnitOfWork
from app.usecases import audit
from app.usecases.patients.identity import details_of
from app.usecases.sealed_records import seal_assessment, seal_details, seal_original
from app.usecases.triage import labeller

# Stands in the audit record and in `created_by` where otherwise the id of a person stands.
NODE = "dicom-node"
_NO_MODEL = ModelVersion("", "", "")
_NO_TIME = Timing(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class _Object:
    """A received file with the digests that it is known by, and the size that its header claims."""

    raw: bytes = field(repr=False)
    instance: bytes
    study_uid: bytes
    content: bytes
    size_wh: tuple[int, int]
    name: str = field(default="", repr=False)
    header: Header | None = None


def receive(services: RecordServices, tenant: str, raw: bytes, by: Actor | Person | None = None) -> str:
    """Store one DICOM object as a pending image of the study of its Study Instance UID; returns our study's id.

    The same object again is acknowledged and stored once, also with another header: an archive corrects headers.

    by: who fetched it; None for an object that another system sent.

    Raises:
        UploadTooLarge: more than `limits.upload_bytes`.
        DamagedImage: no DICOM object, or without its UIDs.
        OwnResult: a result that this software made.
        DuplicateInstance: an object of the same SOP Instance UID with other pixels is stored.
        Unavailable: the database does not answer; nothing is stored.
    """
    return _store(services, by or Actor(tenant, NODE), _identify(services, tenant, raw))


def receive_file(services: RecordServices, tenant: str, name: str, raw: bytes) -> None:
    """Store one file of any image format, pending; a DICOM object as `receive` does.

    Any other file is a study of its own, known by its content.

    Raises:
        EmptyFile, UploadTooLarge, DuplicateInstance, Unavailable: as `receive`.
        UnsupportedImage: its content is of no format that is decoded.
    """
    if not raw:
        raise EmptyFile
    if len(raw) > services.settings.limits.upload_bytes:
        raise UploadTooLarge
    if imaging.format_of(raw) == "dicom":
        receive(services, tenant, raw)
        return
    content = sha256_of(raw)
    digests = {kind: _digest(services, tenant, kind, f"file/{content}") for kind in ("instance", "study", "content")}
    received = _Object(raw, digests["instance"], digests["study"], digests["content"], (0, 0), name)
    _store(services, Actor(tenant, NODE), received)


def _store(services: RecordServices, by: Actor | Person, received: _Object) -> str:
    with services.store.begin() as unit:
        known = unit.received.find(by.tenant, received.instance)
        if known is not None:
            if known.content != received.content:
                raise DuplicateInstance
            return known.study
        study_id = _add(services, unit, by, received)
        audit.record(services, unit, by, "image-received", study_id)
        return study_id


def is_stored(services: RecordServices, tenant: str, sop_instance_uid: str) -> bool:
    """Whether the object of a SOP Instance UID is stored."""
    return services.store.received.find(tenant, _digest(services, tenant, "instance", sop_instance_uid)) is not None


def _identify(services: RecordServices, tenant: str, raw: bytes) -> _Object:
    limits = services.settings.limits
    if len(raw) > limits.upload_bytes:
        raise UploadTooLarge
    source = imaging.dicom_source(raw, limits, ("Manufacturer",))
    if source is None or not source.get("SOPInstanceUID") or not source.get("StudyInstanceUID"):
        raise DamagedImage
    if str(source.get("Manufacturer", "")) == MANUFACTURER:
        # An archive that forwards whole studies would otherwise have them inferred again and again.
        raise OwnResult
    return _Object(
        raw,
        instance=_digest(services, tenant, "instance", str(source.SOPInstanceUID)),
        study_uid=_digest(services, tenant, "study", str(source.StudyInstanceUID)),
        content=_digest(services, tenant, "content", imaging.pixel_digest(raw, limits)),
        size_wh=(int(source.get("Columns") or 0), int(source.get("Rows") or 0)),
        header=imaging.dicom_header(raw, limits),
    )


def _add(services: RecordServices, unit: UnitOfWork, by: Actor | Person, received: _Object) -> str:
    """Add the image to the study of its Study Instance UID, or to a new study; returns the study's id."""
    tenant, now, image_id = by.tenant, services.clock(), services.new_id()
    label = labeller(services, tenant)
    study_id = unit.received.study_of(tenant, received.study_uid)
    if study_id is None:
        study_id = services.new_id()
        wrapped_key = services.vault.new_study_key(tenant, study_id)
        image = _pending_image(services, (tenant, study_id, image_id), wrapped_key, received)
        (image,) = unit.originals.place([image])
        details = seal_details(services.vault, (tenant, study_id), wrapped_key, details_of([received.header]))
        unit.studies.add(tenant, NewStudy(study_id, now, by.id, wrapped_key, (image,), details), label=label)
    else:
        wrapped_key = unit.studies.get(tenant, study_id).wrapped_key
        image = _pending_image(services, (tenant, study_id, image_id), wrapped_key, received)
        (image,) = unit.originals.place([image])
        unit.studies.add_images(tenant, study_id, (image,), label=label)
    row = ReceivedRow(received.instance, received.study_uid, received.content, study_id, image_id)
    unit.received.add(tenant, row, now)
    return study_id


def _pending_image(
    services: RecordServices, row: tuple[str, str, str], wrapped_key: bytes, received: _Object
) -> NewImage:
    width, height = received.size_wh
    pending = Assessment(_NO_MODEL, width, height, "pending", 0.0, (), _NO_TIME)
    name = received.name or f"{row[2][:8]}.dcm"
    at = services.clock()
    return NewImage(
        id=row[2],
        created_at=at,
        sealed_assessment=seal_assessment(services.vault, row, wrapped_key, name, pending, at=at),
        sealed_original=seal_original(services.vault, row, wrapped_key, received.raw),
    )


def _digest(services: RecordServices, tenant: str, kind: str, text: str) -> bytes:
    return services.blind_index.label(tenant, f"received-{kind}", text)
