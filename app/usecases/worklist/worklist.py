"""The worklist: a tenant's studies, unread and suspicious first, by what the reader wants to see of them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from app.errors import BadRequest, StoredDataDamaged
from app.records import WORST_FIRST, Actor, Person, ReadMark, State, Study
from app.services import RecordServices
from app.storage import ListedRow
from app.usecases import audit
from app.usecases.patients.terms import normalized
from app.usecases.sealed_records import open_study
from app.usecases.studies.bin import destroy_some
from app.usecases.studies.show import MOST_STUDIES_A_PAGE
from app.usecases.triage import (
    STATES,
    Filters,
    Within,
    damaged_query,
    labeller,
    name_label,
    query_of,
    study_score,
    study_verdict,
)

# Studies that are not indexed under this key are caught up, this many at each visit of the list.
CAUGHT_UP_A_VISIT = 40
_CAUGHT_UP_AT_ONCE = 100
_MOST_DAMAGED = 20
# More are not counted: a tab says "999+" at the same cost, however many there are.
MOST_COUNTED = 1000
# So many digits of an id are not shared by chance.
FEWEST_DIGITS = 8
_NUMBERS = re.compile(r"(\d+)")
_DIGITS = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Entry:
    """A study as work to be done: `marks` says who has read it, oldest first."""

    study: Study
    state: State
    marks: tuple[ReadMark, ...]


@dataclass(frozen=True)
class Worklist:
    """Some studies in the order that was asked for.

    next, previous: the tokens that ask for the studies after these, and before them; None at the end, and the start.
    damaged: ids of studies that do not open with any master key.
    is_behind: older studies are not indexed yet, and so not listed.
    version: grows whenever something happens in the tenant; taken before the list was read.
    """

    entries: tuple[Entry, ...]
    next: str | None
    previous: str | None
    damaged: tuple[str, ...]
    is_behind: bool
    version: int


def list_work(
    services: RecordServices,
    person: Person,
    filters: Filters,
    limit: int = 20,
    after: str | None = None,
    *,
    before: str | None = None,
) -> Worklist:
    """At most `limit` (1–100) studies of the tenant, from behind `after` or ahead of `before`.

    Raises:
        BadRequest: `limit` is out of range, or a token is not of another page of this list.
    """
    if not 1 <= limit <= MOST_STUDIES_A_PAGE:
        raise BadRequest("A page holds 1 to %(count)s studies.", count=MOST_STUDIES_A_PAGE)
    audit.record_list_view(services, person)
    version = version_of(services, person)
    destroy_some(services)
    is_behind = _index_some(services, person.tenant, CAUGHT_UP_A_VISIT) == CAUGHT_UP_A_VISIT
    damaged = _still_damaged(services, person.tenant) if after is before is None else []
    query = query_of(services, person.tenant, filters)
    page = services.store.worklist.page(person.tenant, query, limit, after, before)
    entries: list[Entry] = []
    for row in page.entries:
        try:
            entries.append(_entry(services, row))
        except StoredDataDamaged:
            damaged.append(row.study.id)
    arranged = arrange(entries, filters)
    return Worklist(arranged, page.next, page.previous, tuple(damaged), is_behind, version)


def tab_counts(services: RecordServices, person: Person, filters: Filters) -> dict[State | None, int]:
    """How many studies these filters find in each state, and in all; at most `MOST_COUNTED` of each are counted.

    Empty where filters are joined that the index cannot count together.
    """
    counts: dict[State | None, int] = {}
    for state in STATES:
        query = query_of(services, person.tenant, replace(filters, state=state, newest_first=True))
        if query.also:
            return {}
        counts[state] = services.store.worklist.count(person.tenant, query, MOST_COUNTED)
    counts[None] = min(sum(counts.values()), MOST_COUNTED)
    return counts


def arrange(entries: Iterable[Entry], filters: Filters) -> tuple[Entry, ...]:
    """The studies of one page by what is known once they are opened: true score, patient's name or number.

    The index sorts by steps of 5 % and knows no name, so that a whole list cannot be sorted by them.
    """
    if filters.within == "score" and filters.newest_first:
        return tuple(entries)
    keys: dict[Within, Callable[[Entry], Any]] = {
        "score": lambda entry: (
            STATES.index(entry.state),
            WORST_FIRST.index(study_verdict(entry.study)),
            -study_score(entry.study),
        ),
        "name": lambda entry: _last_if_empty(entry.study.patient.name if entry.study.patient else ""),
        "number": lambda entry: _last_if_empty((entry.study.patient.id or "") if entry.study.patient else ""),
    }
    return tuple(sorted(entries, key=keys[filters.within]))


def version_of(services: RecordServices, person: Person) -> int:
    """A number that grows with every change of the tenant's studies: of the last audit entry that tells of one."""
    return services.store.audit.last_sequence(person.tenant, without=audit.CHANGES_NO_LIST)


def get_entry(services: RecordServices, person: Person, study_id: str) -> Entry:
    """One study, whether it is read, and who has read it; that the person views it is entered.

    Raises:
        StudyNotFound: not in this person's tenant.
    """
    entry = _entry(services, services.store.worklist.get(person.tenant, study_id))
    audit.record_view(services, person, study_id)
    return entry


def next_study(services: RecordServices, person: Person, filters: Filters, study_id: str) -> str | None:
    """The id of the study that follows one on the list, beginning again at its end; None when there is no other."""
    return services.store.worklist.following(person.tenant, query_of(services, person.tenant, filters), study_id)


def studies_numbered(services: RecordServices, person: Person, number: str) -> tuple[str, ...]:
    """The ids of the tenant's studies whose id begins so, at most two; none for fewer than 8 digits."""
    digits = number.strip().lower()
    if len(digits) < FEWEST_DIGITS or not _DIGITS.issuperset(digits):
        return ()
    return services.store.worklist.begins_with(person.tenant, digits, 2)


def label_of_name(services: RecordServices, person: Person, name: str) -> bytes:
    """The label of a file's name in `Filters.named`, and in an address, which must not carry the name."""
    return name_label(services, person.tenant, name)


def readers(services: RecordServices, person: Person) -> tuple[Person, ...]:
    """The people of the tenant, by name, to filter the worklist by."""
    return tuple(row.person for row in services.store.people.all(person.tenant))


def index_all(services: RecordServices, user: str) -> int:
    """Index every study of every tenant that is not indexed under this key; returns how many.

    user: the actor of the entry that each tenant's audit record gets for each batch.
    """
    return sum(_index_all_of(services, Actor(tenant, user)) for tenant in services.store.worklist.tenants())


def _index_all_of(services: RecordServices, actor: Actor) -> int:
    done = 0
    while indexed := _index_batch(services, actor):
        done += indexed
    return done


def _index_batch(services: RecordServices, actor: Actor) -> int:
    label, fingerprint = labeller(services, actor.tenant), services.blind_index.fingerprint
    with services.store.begin() as unit:
        indexed = unit.worklist.index_some(actor.tenant, fingerprint, _CAUGHT_UP_AT_ONCE, label=label)
        if indexed:
            audit.record(services, unit, actor, "worklist-indexed", str(indexed))
    return indexed


def _index_some(services: RecordServices, tenant: str, most: int) -> int:
    label = labeller(services, tenant)
    return services.store.worklist.index_some(tenant, services.blind_index.fingerprint, most, label=label)


def _still_damaged(services: RecordServices, tenant: str) -> list[str]:
    """Studies that did not open when they were indexed; one that does now, as its master key is back, is indexed."""
    damaged = []
    for row in services.store.worklist.page(tenant, damaged_query(services, tenant), _MOST_DAMAGED).entries:
        try:
            open_study(services, row.study)
        except StoredDataDamaged:
            damaged.append(row.study.id)
        else:
            services.store.worklist.index(tenant, row.study.id, label=labeller(services, tenant))
    return damaged


def _last_if_empty(text: str) -> tuple[bool, list[tuple[bool, int, str]]]:
    """A key that sorts texts without regard to case and accents, digits in them as numbers, and nothing last."""
    parts = _NUMBERS.split(normalized(text))
    return not text, [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts if part]


def _entry(services: RecordServices, row: ListedRow) -> Entry:
    marks = tuple(ReadMark(mark.person, mark.person_name, mark.at) for mark in row.marks)
    return Entry(open_study(services, row.study), STATES[row.is_read], marks)
