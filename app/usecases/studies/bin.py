"""Delete a study into the bin, bring it back, and destroy what has been in the bin for 30 days.

In the bin a study is found by nothing but the functions here. Destroying it removes the row with its wrapped data key;
without that key every ciphertext of it, in a backup of other tables too, stays closed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.errors import BadRequest, StoredDataDamaged
from app.records import Actor, Person, Study
from app.services import RecordServices, Services
from app.storage import BinnedRow
from app.usecases import audit
from app.usecases.sealed_records import open_study
from app.usecases.studies.show import MOST_STUDIES_A_PAGE
from app.usecases.triage import labeller

TIME_IN_BIN = timedelta(days=30)
# Each visit of the worklist destroys what is due, so many at most; `retention purge` all.
_DESTROYED_A_VISIT = 20


@dataclass(frozen=True)
class Binned:
    """A study in the bin; `study` is None where it does not open, `person_name` where the person is no longer there.

    ends_at: when it is destroyed, None while it is under a legal hold.
    """

    id: str
    created_at: datetime
    study: Study | None
    deleted_at: datetime
    person_name: str | None
    ends_at: datetime | None


@dataclass(frozen=True)
class BinPage:
    """Some studies of the bin, last deleted first; `next` asks for those after these, None at the end."""

    entries: tuple[Binned, ...]
    next: str | None


def delete_study(services: Services, person: Person, study_id: str, at: datetime | None = None) -> None:
    """Move a study with its images, assessments and feedback into the bin.

    at: the moment of the act, the present one when None; studies deleted in one act share it, for `undo`.

    Raises:
        StudyNotFound: not in this person's tenant, or deleted already.
        StudyHeld: it is under a legal hold.
    """
    with services.store.begin() as unit:
        unit.bin.put(person.tenant, study_id, person.id, at or services.clock())
        audit.record(services, unit, person, "study-deleted", study_id)
    services.radiograph_cache.forget(person.tenant, study_id)


def restore_study(services: RecordServices, person: Person, study_id: str) -> None:
    """Bring a study back from the bin, as it was.

    Raises:
        StudyNotFound: not in the bin of this person's tenant.
    """
    with services.store.begin() as unit:
        unit.bin.restore(person.tenant, study_id, label=labeller(services, person.tenant))
        audit.record(services, unit, person, "study-restored", study_id)


def undo(services: RecordServices, person: Person, at: datetime) -> int:
    """Bring back what this person deleted at a moment; returns how many studies."""
    with services.store.begin() as unit:
        found = unit.bin.deleted_at(person.tenant, person.id, at)
        for study_id in found:
            unit.bin.restore(person.tenant, study_id, label=labeller(services, person.tenant))
            audit.record(services, unit, person, "study-restored", study_id)
    return len(found)


def list_bin(services: RecordServices, person: Person, limit: int = 20, after: str | None = None) -> BinPage:
    """At most `limit` (1–100) studies of the tenant's bin, from behind `after`.

    Raises:
        BadRequest: `limit` is out of range, or `after` is not a token of an earlier page.
    """
    if not 1 <= limit <= MOST_STUDIES_A_PAGE:
        raise BadRequest("A page holds 1 to %(count)s studies.", count=MOST_STUDIES_A_PAGE)
    audit.record_list_view(services, person)
    destroy_some(services)
    page = services.store.bin.page(person.tenant, limit, after)
    return BinPage(tuple(_binned(services, row) for row in page.entries), page.next)


def destroy_some(services: RecordServices, most: int = _DESTROYED_A_VISIT) -> int:
    """Destroy at most `most` studies that have been in the bin for 30 days, of all tenants; returns how many."""
    before = services.clock() - TIME_IN_BIN
    if not services.store.bin.has_due(before):
        return 0
    with services.store.begin() as unit:
        destroyed = unit.bin.empty_some(before, most)
        for tenant, study_id in destroyed:
            audit.record(services, unit, Actor(tenant, audit.RULE), "study-destroyed", study_id)
    return len(destroyed)


def _binned(services: RecordServices, row: BinnedRow) -> Binned:
    try:
        study = open_study(services, row.study)
    except StoredDataDamaged:
        study = None
    ends_at = None if row.is_held else row.deleted_at + TIME_IN_BIN
    return Binned(row.study.id, row.study.created_at, study, row.deleted_at, row.person_name, ends_at)
