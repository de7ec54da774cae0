"""The columns of the worklist that a person has chosen to see."""

from collections.abc import Iterable
from typing import Literal, get_args

from app.records import Person
from app.services import RecordServices

Column = Literal["image", "patient", "state", "verdict", "score", "regions", "views", "readers"]

COLUMNS: tuple[Column, ...] = get_args(Column)
_PREFERENCE = "worklist-columns"


def columns_of(services: RecordServices, person: Person) -> tuple[Column, ...]:
    """The columns that a person sees besides the study itself, in the order of `COLUMNS`; all until they choose."""
    kept = services.store.preferences.get(person.tenant, person.id, _PREFERENCE)
    return COLUMNS if kept is None else _known(kept.split())


def choose_columns(services: RecordServices, person: Person, columns: Iterable[str]) -> None:
    """Keep a person's choice; names that are no columns are left out."""
    services.store.preferences.keep(person.tenant, person.id, _PREFERENCE, " ".join(_known(columns)))


def _known(names: Iterable[str]) -> tuple[Column, ...]:
    chosen = set(names)
    return tuple(column for column in COLUMNS if column in chosen)
