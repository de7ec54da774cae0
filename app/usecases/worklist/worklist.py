"""The worklist: a tenant's studies, unread and suspicious first, by what the reader wants to see of them."""

from dataclasses import dataclass

from app.errors import BadRequest, StoredDataDamaged
from app.records import Person, ReadMark, State, Study
from app.services import Desk
from app.storage import ListedRow
from app.usecases.studies.show import MOST_STUDIES_A_PAGE, open_study
from app.usecases.triage import STATES, Filters, damaged_query, labeller, name_label, query_of

# Studies that are not indexed under this key are caught up, this many at each visit of the list.
CAUGHT_UP_A_VISIT = 40
_CAUGHT_UP_AT_ONCE = 100
_MOST_DAMAGED = 20
# So many digits of an id are not shared by chance.
FEWEST_DIGITS = 8
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

    next: the token that asks for the studies after these; None at the end.
    damaged: ids of studies that do not open with any master key.
    is_behind: older studies are not indexed yet, and so not listed.
    version: grows whenever something happens in the tenant; taken before the list was read.
    """

    entries: tuple[Entry, ...]
    next: str | None
    damaged: tuple[str, ...]
    is_behind: bool
    version: int


def list_work(desk: Desk, person: Person, filters: Filters, limit: int = 20, after: str | None = None) -> Worklist:
    """At most `limit` (1–100) studies of the tenant, from behind `after`.

    Raises:
        BadRequest: `limit` is out of range, or `after` is not a token of an earlier page of this list.
    """
    if not 1 <= limit <= MOST_STUDIES_A_PAGE:
        raise BadRequest("A page holds 1 to %(count)s studies.", count=MOST_STUDIES_A_PAGE)
    version = version_of(desk, person)
    is_behind = _index_some(desk, person.tenant, CAUGHT_UP_A_VISIT) == CAUGHT_UP_A_VISIT
    damaged = _still_damaged(desk, person.tenant) if after is None else []
    page = desk.store.worklist.page(person.tenant, query_of(desk, person.tenant, filters), limit, after)
    entries: list[Entry] = []
    for row in page.entries:
        try:
            entries.append(_entry(desk, row))
        except StoredDataDamaged:
            damaged.append(row.study.id)
    return Worklist(tuple(entries), page.next, tuple(damaged), is_behind, version)


def version_of(desk: Desk, person: Person) -> int:
    """A number that grows whenever something happens in the person's tenant: of its last audit entry."""
    return desk.store.audit.last_sequence(person.tenant)


def get_entry(desk: Desk, person: Person, study_id: str) -> Entry:
    """One study, whether it is read, and who has read it.

    Raises:
        StudyNotFound: not in this person's tenant.
    """
    return _entry(desk, desk.store.worklist.get(person.tenant, study_id))


def next_study(desk: Desk, person: Person, filters: Filters, study_id: str) -> str | None:
    """The id of the study that follows one on the list, beginning again at its end; None when there is no other."""
    return desk.store.worklist.following(person.tenant, query_of(desk, person.tenant, filters), study_id)


def studies_numbered(desk: Desk, person: Person, number: str) -> tuple[str, ...]:
    """The ids of the tenant's studies whose id begins so, at most two; none for fewer than 8 digits."""
    digits = number.strip().lower()
    if len(digits) < FEWEST_DIGITS or not _DIGITS.issuperset(digits):
        return ()
    return desk.store.worklist.begins_with(person.tenant, digits, 2)


def label_of_name(desk: Desk, person: Person, name: str) -> bytes:
    """What stands for a file's name in `Filters.named`, and in an address, which must not carry the name."""
    return name_label(desk, person.tenant, name)


def readers(desk: Desk, person: Person) -> tuple[Person, ...]:
    """Everybody of the tenant, by name: whose readings may be asked for."""
    return tuple(row.person for row in desk.store.people.all(person.tenant))


def index_all(desk: Desk) -> int:
    """Index every study of every tenant that is not indexed under this key; says how many."""
    return sum(_index_all_of(desk, tenant) for tenant in desk.store.worklist.tenants())


def _index_all_of(desk: Desk, tenant: str) -> int:
    done = 0
    while indexed := _index_some(desk, tenant, _CAUGHT_UP_AT_ONCE):
        done += indexed
    return done


def _index_some(desk: Desk, tenant: str, most: int) -> int:
    label = labeller(desk, tenant)
    return desk.store.worklist.index_some(tenant, desk.blind_index.fingerprint, most, label=label)


def _still_damaged(desk: Desk, tenant: str) -> list[str]:
    """Studies that did not open when they were indexed; one that does now, as its master key is back, is indexed."""
    damaged = []
    for row in desk.store.worklist.page(tenant, damaged_query(desk, tenant), _MOST_DAMAGED).entries:
        try:
            open_study(desk, row.study)
        except StoredDataDamaged:
            damaged.append(row.study.id)
        else:
            desk.store.worklist.index(tenant, row.study.id, label=labeller(desk, tenant))
    return damaged


def _entry(desk: Desk, row: ListedRow) -> Entry:
    marks = tuple(ReadMark(mark.person, mark.person_name, mark.at) for mark in row.marks)
    return Entry(open_study(desk, row.study), STATES[row.is_read], marks)
