"""Name refused files once on the next page of their sender, whichever process answers it; their names stay sealed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from app.errors import StoredDataDamaged
from app.records import Person
from app.security import AssociatedData
from app.services import RecordServices
from app.storage import NoticeRow

LIFETIME = timedelta(minutes=10)
_KIND = "notice"


@dataclass(frozen=True)
class RefusedFile:
    """The name of a file that was not stored, and the reason in the language of its sender."""

    name: str
    message: str


def leave_refused(services: RecordServices, person: Person, study_id: str, refused: Sequence[RefusedFile]) -> None:
    """Keep `refused` for the person's next `take_refused` of the study, for ten minutes.

    Raises:
        StudyNotFound: not in this person's tenant.
    """
    if not refused:
        return
    wrapped_key = services.store.studies.get(person.tenant, study_id).wrapped_key
    notice_id, now = services.new_id(), services.clock()
    plain = json.dumps([asdict(file) for file in refused]).encode()
    sealed = services.vault.seal(plain, wrapped_key, _belongs(person, study_id, notice_id))
    with services.store.begin() as unit:
        unit.notices.forget(now - LIFETIME)
        unit.notices.add(person.tenant, NoticeRow(notice_id, study_id, person.id, now, sealed))


def take_refused(services: RecordServices, person: Person, study_id: str) -> tuple[RefusedFile, ...]:
    """Remove and return what was left for the person and the study.

    Raises:
        StudyNotFound: not in this person's tenant.
        StoredDataDamaged: what was left does not open.
    """
    if not services.store.notices.any(person.tenant, study_id, person.id):
        return ()
    wrapped_key = services.store.studies.get(person.tenant, study_id).wrapped_key
    rows = services.store.notices.take(person.tenant, study_id, person.id)
    fresh = (row for row in rows if services.clock() - row.created_at < LIFETIME)
    return tuple(file for row in fresh for file in _opened(services, person, wrapped_key, row))


def _opened(services: RecordServices, person: Person, wrapped_key: bytes, row: NoticeRow) -> Iterator[RefusedFile]:
    plain = services.vault.open(row.sealed, wrapped_key, _belongs(person, row.study, row.id))
    try:
        yield from [RefusedFile(**fields) for fields in json.loads(plain)]
    except (ValueError, TypeError):
        raise StoredDataDamaged from None


def _belongs(person: Person, study_id: str, notice_id: str) -> AssociatedData:
    return AssociatedData(person.tenant, study_id, _KIND, f"{notice_id}/{person.id}")
