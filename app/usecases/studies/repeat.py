"""Repeat a request without doing it twice: under its Idempotency-Key the study of the first one is found again.

Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.errors import BadRequest, FractureError, ReusedKey, StoredDataDamaged
from app.records import Person
from app.security import AssociatedData
from app.services import RecordServices
from app.storage import NewStudy, RepeatableRow, UnitOfWork

LONGEST_KEY = 255
REMEMBERED = timedelta(days=1)
_KIND = "answer"


@dataclass(frozen=True)
class Rejected:
    """One file of several that was refused: its index among them from 0, its name, and why."""

    index: int
    name: str
    why: FractureError


@dataclass(frozen=True)
class Request:
    """A request as it is remembered: digests of its key and of its files, which say nothing without SECRET_KEY."""

    person: Person
    digest: bytes
    fingerprint: bytes


@dataclass(frozen=True)
class Answered:
    """The study that an earlier request made, and the files that it refused."""

    study: str
    rejected: tuple[Rejected, ...]


def request_of(services: RecordServices, person: Person, key: str, files: Sequence[bytes]) -> Request:
    """Digest a request; files are plain, so that one sealed anew is the same.

    Raises:
        BadRequest: the key is longer than 255 characters, or not printable ASCII.
    """
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise BadRequest("Idempotency-Key must be at most %(count)s printable characters.", count=LONGEST_KEY)
    hashes = (hashlib.sha256(file).hexdigest() for file in files)
    return Request(
        person=person,
        digest=services.blind_index.label(person.tenant, "idempotency-key", person.id, key),
        fingerprint=services.blind_index.label(person.tenant, "idempotency-files", *hashes),
    )


def answered(services: RecordServices, request: Request) -> Answered | None:
    """Result of an earlier request with this key; None where there was none in the last day.

    Raises:
        ReusedKey: it came with other files.
        StoredDataDamaged: what is remembered does not open.
    """
    person = request.person
    row = services.store.repeatable.find(person.tenant, person.id, request.digest)
    if row is None or row.created_at <= services.clock() - REMEMBERED:
        return None
    if row.fingerprint != request.fingerprint:
        raise ReusedKey
    wrapped_key = services.store.studies.get(person.tenant, row.study).wrapped_key
    plain = services.vault.open(row.sealed, wrapped_key, _belongs(person, row.study))
    try:
        return Answered(row.study, tuple(_rejected(**fields) for fields in json.loads(plain)))
    except (ValueError, TypeError):
        raise StoredDataDamaged from None


def remember(
    services: RecordServices, unit: UnitOfWork, request: Request, study: NewStudy, rejected: Sequence[Rejected]
) -> None:
    """Remember a request within the unit of work that makes its study.

    Raises:
        Conflict: one with the same key was faster.
    """
    person, now = request.person, services.clock()
    unit.repeatable.forget(now - REMEMBERED)
    fields = [{"index": one.index, "name": one.name, "code": one.why.code, "message": str(one.why)} for one in rejected]
    sealed = services.vault.seal(json.dumps(fields).encode(), study.wrapped_key, _belongs(person, study.id))
    row = RepeatableRow(person.id, request.digest, request.fingerprint, study.id, now, sealed)
    unit.repeatable.add(person.tenant, row)


def _rejected(index: int, name: str, code: str, message: str) -> Rejected:
    why = FractureError(message)
    why.code = code
    return Rejected(index, name, why)


def _belongs(person: Person, study_id: str) -> AssociatedData:
    return AssociatedData(person.tenant, study_id, _KIND, person.id)
