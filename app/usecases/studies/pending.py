"""Infer the images that other systems sent: a process with a detector leases one after the other.

A process that dies gives up its lease, so the image is inferred by another one.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from app.errors import DifferentPatients, FractureError, NotFound
from app.records import Actor, Assessment, Header, Radiograph, Timing
from app.services import Services
from app.storage import PendingRow, StudyRow, UnitOfWork
from app.usecases import audit
from app.usecases.outbox.messages import announce
from app.usecases.patients.identity import details_of, merged
from app.usecases.sealed_records import (
    image_row,
    open_details,
    open_image,
    open_original,
    open_study,
    seal_assessment,
    seal_details,
)
from app.usecases.studies.infer import infer
from app.usecases.triage import labeller
from app.usecases.worklist import thumbnail

# The actor of the audit entry.
DETECTOR = "detector"
# Longer than any inference.
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 5
DIFFERENT_PATIENT = "different-patient"
_SERVER_FAILURES = ("busy", "unavailable")


def infer_pending(services: Services) -> bool:
    """Infer the image that has been pending for longest; False when none is due.

    An image that cannot be decoded keeps its original and becomes `not-assessed`. After a failure of the server it is
    due again when the lease ends.

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
    assessment, radiograph = _assess(services, raw, pending)
    with services.store.begin() as unit:
        if unit.received.finish(pending):
            _keep(services, unit, pending, assessment, radiograph)
    return True


def _assess(services: Services, raw: bytes, pending: PendingRow) -> tuple[Assessment, Radiograph | None]:
    """The assessment and radiograph of a stored file; `not-assessed` when it cannot be decoded.

    Raises:
        Busy, Unavailable: the detector does not answer; the image stays pending.
    """
    try:
        inference = infer(services.detector, lambda: raw, services.decoder)
    except FractureError as failure:
        if failure.code in _SERVER_FAILURES and pending.attempts < MOST_ATTEMPTS:
            raise
        version, timing = services.detector.version, Timing(0.0, 0.0, 0.0, 0.0)
        unreadable = Assessment(version, 0, 0, "not-assessed", 0.0, (), timing, reason="unreadable")
        return replace(unreadable, warnings=(failure.code,)), None
    return inference.assessment, inference.radiograph


def _keep(
    services: Services, unit: UnitOfWork, pending: PendingRow, assessment: Assessment, radiograph: Radiograph | None
) -> None:
    """Put the assessment in place of the pending one, complete the study's details, and announce a complete study."""
    tenant, study_id = pending.tenant, pending.study
    study = unit.studies.get(tenant, study_id)
    before = open_image(services, tenant, study_id, study.wrapped_key, image_row(study, pending.image))
    if assessment.reason == "unreadable":
        assessment = replace(assessment, width=before.assessment.width, height=before.assessment.height)
    if not _complete_details(services, unit, study, radiograph.header if radiograph else None):
        assessment = replace(assessment, warnings=(*assessment.warnings, DIFFERENT_PATIENT))
    row = (tenant, study_id, pending.image)
    sealed = seal_assessment(services.vault, row, study.wrapped_key, before.name, assessment, at=before.created_at)
    unit.studies.replace_assessment(*row, sealed, label=labeller(services, tenant))
    if radiograph is not None:
        small = thumbnail.seal(services.vault, row, study.wrapped_key, thumbnail.render(radiograph))
        unit.thumbnails.keep(tenant, pending.image, small)
    images = open_study(services, unit.studies.get(tenant, study_id)).images
    if all(image.assessment.verdict != "pending" for image in images):
        announce(services, unit, tenant, "study-inferred", study_id)
    audit.record(services, unit, Actor(tenant, DETECTOR), "image-inferred", study_id)


def _complete_details(services: Services, unit: UnitOfWork, study: StudyRow, header: Header | None) -> bool:
    """Add what the header says of patient and examination; False when it names another patient than the study's."""
    with suppress(DifferentPatients):
        details = merged(open_details(services, study), details_of([header]))
        sealed = seal_details(services.vault, (study.tenant, study.id), study.wrapped_key, details)
        unit.studies.set_details(study.tenant, study.id, sealed)
        return True
    return False
