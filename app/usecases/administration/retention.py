"""Retention of one tenant's studies: a preview, and the purge by a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.errors import Conflict
from app.records import Person
from app.services import RecordServices
from app.usecases import audit
from app.usecases.administration.maintenance import DELETIONS_AT_ONCE

MOST_SHOWN = 50


@dataclass(frozen=True)
class Preview:
    """Studies of a tenant that are older than some days: how many, and the oldest of them with the time they came.

    is_rule: the days are those of RETENTION_DAYS.
    """

    days: int
    is_rule: bool
    count: int
    oldest: tuple[tuple[str, datetime], ...]


def preview_purge(services: RecordServices, person: Person, days: int | None = None) -> Preview | None:
    """The studies of a person's tenant that a purge would delete now, or would if the rule were `days`.

    None where there is no rule and `days` is not given.
    """
    rule = services.settings.retention_days
    chosen = days or rule
    if not chosen:
        return None
    before = services.clock() - timedelta(days=chosen)
    count, oldest = services.store.studies.created_before(person.tenant, before, MOST_SHOWN)
    return Preview(chosen, chosen == rule, count, oldest)


def purge_tenant(services: RecordServices, person: Person, previewed: int) -> int:
    """Delete the studies of a person's tenant that are older than RETENTION_DAYS; returns how many.

    previewed: how many the person was shown.

    Raises:
        Conflict: RETENTION_DAYS is not set, or there are more than were shown; nothing is deleted.
    """
    found = preview_purge(services, person)
    if found is None:
        raise Conflict("RETENTION_DAYS is not set, so no study expires.")
    if found.count > previewed:
        raise Conflict("More studies have reached this age since you looked. Look at the preview again.")
    purged = 0
    while some := _purge_some(services, person, found.days):
        purged += some
    return purged


def _purge_some(services: RecordServices, person: Person, days: int) -> int:
    before = services.clock() - timedelta(days=days)
    with services.store.begin() as unit:
        purged = unit.studies.purge_some(before, DELETIONS_AT_ONCE, person.tenant)
        for _, study_id in purged:
            audit.record(services, unit, person, "study-expired", study_id)
    return len(purged)
