"""People, by tenant."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.errors import BadRequest, NameTaken
from app.records import Person
from app.storage.database import Transactions
from app.storage.rows import PersonRow, is_storable
from app.storage.tables import people

_MOST_CHARACTERS = 200


class People:
    """The people of every tenant; a person of another tenant is not found."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(self, tenant: str, person: Person, password_hash: str | None, created_at: datetime) -> None:
        """Add a person; `person.tenant` is `tenant`.

        Raises:
            NameTaken: somebody in the tenant has this name.
            BadRequest: the name is empty, longer than 200 characters or holds characters that cannot be stored.
        """
        if not _is_name(tenant) or not _is_name(person.name):
            raise BadRequest("A name must have 1 to 200 printable characters.")
        row = {"tenant": tenant, "id": person.id, "name": person.name, "role": person.role}
        try:
            with self._transactions.write() as connection:
                connection.execute(insert(people).values(**row, password_hash=password_hash, created_at=created_at))
        except IntegrityError:
            raise NameTaken from None

    def by_name(self, tenant: str, name: str) -> PersonRow | None:
        """The person of exactly this name, or None."""
        return self._one(tenant, name, select(people).where(people.c.tenant == tenant, people.c.name == name))

    def by_id(self, tenant: str, person_id: str) -> PersonRow | None:
        """The person of this id, or None."""
        return self._one(tenant, person_id, select(people).where(people.c.tenant == tenant, people.c.id == person_id))

    def all(self, tenant: str) -> tuple[PersonRow, ...]:
        """Everybody of a tenant, by name."""
        with self._transactions.read() as connection:
            rows = connection.execute(select(people).where(people.c.tenant == tenant).order_by(people.c.name))
            return tuple(_person_row(row) for row in rows)

    def set_password_hash(self, tenant: str, person_id: str, password_hash: str | None) -> None:
        """Replace the hash of a person's password; does nothing for somebody who is not there."""
        here = (people.c.tenant == tenant, people.c.id == person_id)
        with self._transactions.write() as connection:
            connection.execute(update(people).where(*here).values(password_hash=password_hash))

    def _one(self, tenant: str, key: str, query: Select[Any]) -> PersonRow | None:
        if not is_storable(tenant + key):
            return None
        with self._transactions.read() as connection:
            row = connection.execute(query).one_or_none()
        return _person_row(row) if row else None


def to_person(row: Row[Any]) -> Person:
    """The person of a row that has the columns of `people`."""
    return Person(id=row.id, tenant=row.tenant, name=row.name, role=row.role)


def _person_row(row: Row[Any]) -> PersonRow:
    return PersonRow(to_person(row), row.password_hash, row.created_at)


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _MOST_CHARACTERS and text.isprintable()
