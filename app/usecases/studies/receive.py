"""Receive radiographs from other systems: stored sealed and `pending`, before the sender hears that they arrived.

A web process, which holds the detector, leases what is pending and infers it.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from app import imaging
from app.errors import DamagedImage, DuplicateInstance, FractureError, NotFound, UploadTooLarge
from app.files import sha256_of
from app.records import Actor, Assessment, ModelVersion, Timing
from app.services import RecordServices, Services
from app.storage import NewImage, NewStudy, PendingRow, ReceivedRow, UnitOfWork
from app.usecases import audit
from app.usecases.sealed_records import image_row, open_image, open_original, seal_assessment, seal_original
from app.usecases.studies.infer import infer
from app.usecases.triage import labeller

# Stands in the audit record and in `created_by` where otherwise the id of a person stands.
NODE = "dicom-node"
DETECTOR = "detector"
# Longer than any inference; a process that dies gives up what it had taken after this time.
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 5
_NO_MODEL = ModelVersion("", "", "")
_NO_TIME = Timing(0.0, 0.0, 0.0, 0.0)
_SERVER_FAILURES = ("busy", "unavailable")


@dataclass(frozen=True)
class _Object:
    """A received file with the digests that it is known by, and the size that its header claims."""

    raw: bytes = field(repr=False)
    instance: bytes
    study_uid: bytes
    content: bytes
    size_wh: tuple[int, int]


def receive(services: RecordServices, tenant: str, raw: bytes) -> None:
    """Store one DICOM object as a pending image of the study of its Study Instance UID.

    The same object again is acknowledged and stored once.

    Raises:
        UploadTooLarge: more than `limits.upload_bytes`.
        DamagedImage: no DICOM object, or without its UIDs.
        DuplicateInstance: another object of the same SOP Instance UID is stored.
        Unavailable: the database does not answer; nothing is stored.
    """
    received = _identify(services, tenant, raw)
    with services.store.begin() as unit:
        known = unit.received.find(tenant, received.instance)
        if known is not None:
            if known.content != received.content:
                raise DuplicateInstance
            return
        study_id = _add(services, unit, tenant, received)
        audit.record(services, unit, Actor(tenant, NODE), "image-received", study_id)


def is_stored(services: RecordServices, tenant: str, sop_instance_uid: str) -> bool:
    """Whether the object of a SOP Instance UID is stored."""
    return services.store.received.find(tenant, _digest(services, tenant, "instance", sop_instance_uid)) is not None


def infer_pending(services: Services) -> bool:
    """Infer the image that has been pending for longest; False when none is due.

    An image that cannot be decoded keeps its original and says so in its assessment. After a failure of the server
    it is due again when the lease ends.

    Raises:
        Busy, Unavailable: the detector or the database does not answer.
    """
    now = services.clock()
    pending = services.store.received.lease(now, now + LEASE)
    if pending is None:
        return False
    try:
        raw = open_original(services, pending.tenant, pending.study, pending.image)
    except NotFound:
        services.store.received.finish(pending)
        return True
    _finish(services, pending, _assess(services, raw, pending))
    return True


def _identify(services: RecordServices, tenant: str, raw: bytes) -> _Object:
    limits = services.settings.limits
    if len(raw) > limits.upload_bytes:
        raise UploadTooLarge
    source = imaging.dicom_source(raw, limits)
    if source is None or not source.get("SOPInstanceUID") or not source.get("StudyInstanceUID"):
        raise DamagedImage
    return _Object(
        raw,
        instance=_digest(services, tenant, "instance", str(source.SOPInstanceUID)),
        study_uid=_digest(services, tenant, "study", str(source.StudyInstanceUID)),
        content=_digest(services, tenant, "content", sha256_of(raw)),
        size_wh=(int(source.get("Columns") or 0), int(source.get("Rows") or 0)),
    )


def _add(services: RecordServices, unit: UnitOfWork, tenant: str, received: _Object) -> str:
    """Add the image to the study of its Study Instance UID, or to a new study; returns the study's id."""
    now, image_id, label = services.clock(), services.new_id(), labeller(services, tenant)
    study_id = unit.received.study_of(tenant, received.study_uid)
    if study_id is None:
        study_id = services.new_id()
        wrapped_key = services.vault.new_study_key(tenant, study_id)
        image = _pending_image(services, (tenant, study_id, image_id), wrapped_key, received)
        unit.studies.add(tenant, NewStudy(study_id, now, NODE, wrapped_key, (image,)), label=label)
    else:
        wrapped_key = unit.studies.get(tenant, study_id).wrapped_key
        image = _pending_image(services, (tenant, study_id, image_id), wrapped_key, received)
        unit.studies.add_images(tenant, study_id, (image,), label=label)
    row = ReceivedRow(received.instance, received.study_uid, received.content, study_id, image_id)
    unit.received.add(tenant, row, now)
    return study_id


def _pending_image(
    services: RecordServices, row: tuple[str, str, str], wrapped_key: bytes, received: _Object
) -> NewImage:
    width, height = received.size_wh
    pending = Assessment(_NO_MODEL, width, height, "pending", 0.0, (), _NO_TIME)
    name = f"{row[2][:8]}.dcm"
    return NewImage(
        id=row[2],
        created_at=services.clock(),
        sealed_assessment=seal_assessment(services.vault, row, wrapped_key, name, pending),
        sealed_original=seal_original(services.vault, row, wrapped_key, received.raw),
    )


def _assess(services: Services, raw: bytes, pending: PendingRow) -> Assessment:
    """The assessment of a stored file; `not-assessed` when it cannot be decoded.

    Raises:
        Busy, Unavailable: the detector does not answer; the image stays pending.
    """
    try:
        return infer(services.detector, lambda: raw, services.settings.limits).assessment
    except FractureError as failure:
        if failure.code in _SERVER_FAILURES and pending.attempts < MOST_ATTEMPTS:
            raise
        version = services.detector.version
        return Assessment(
            version, 0, 0, "not-assessed", 0.0, (), _NO_TIME, warnings=(failure.code,), reason="unreadable"
        )


def _finish(services: Services, pending: PendingRow, assessment: Assessment) -> None:
    """Put the assessment in place of the pending one, with its audit entry; nothing when the image is gone."""
    row = (pending.tenant, pending.study, pending.image)
    with services.store.begin() as unit:
        if not unit.received.finish(pending):
            return
        study = unit.studies.get(pending.tenant, pending.study)
        before = open_image(services, pending.tenant, pending.study, study.wrapped_key, image_row(study, pending.image))
        if assessment.reason == "unreadable":
            assessment = replace(assessment, width=before.assessment.width, height=before.assessment.height)
        sealed = seal_assessment(services.vault, row, study.wrapped_key, before.name, assessment)
        unit.studies.replace_assessment(*row, sealed, label=labeller(services, pending.tenant))
        audit.record(services, unit, Actor(pending.tenant, DETECTOR), "image-inferred", pending.study)


def _digest(services: RecordServices, tenant: str, kind: str, text: str) -> bytes:
    return services.blind_index.label(tenant, f"received-{kind}", text)
