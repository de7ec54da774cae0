"""People and tenants."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.errors import BadRequest, NameTaken, NotFound, TenantNotFound
from app.records import Person
from app.storage.access.tables import people, tenants
from app.storage.database import Transactions
from app.storage.rows import PersonRow, TenantRow, is_storable

_MOST_CHARACTERS = 200


class People:
    """The people of every tenant; a person of another tenant is not found."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(self, row: PersonRow) -> None:
        """Add a person.

        Raises:
            TenantNotFound: there is no such tenant.
            NameTaken: somebody in the tenant has this name.
            BadRequest: the name is empty, longer than 200 characters or holds characters that cannot be stored.
        """
        if not _is_name(row.person.name):
            raise BadRequest("A name must have 1 to 200 printable characters.")
        self.check_tenant(row.person.tenant)
        identity = {"tenant": row.person.tenant, "id": row.person.id, "created_at": row.created_at}
        try:
            with self._transactions.write() as connection:
                connection.execute(insert(people).values(**identity, **_changeable(row)))
        except IntegrityError:
            raise NameTaken from None

    def replace(self, row: PersonRow) -> None:
        """Write a person's name, role, state and password hash anew.

        Raises:
            NotFound: there is no such person.
        """
        here = (people.c.tenant == row.person.tenant, people.c.id == row.person.id)
        with self._transactions.write() as connection:
            if connection.execute(update(people).where(*here).values(**_changeable(row))).rowcount != 1:
                raise NotFound

    def by_name(self, tenant: str, name: str) -> PersonRow | None:
        """The person of exactly this name, or None."""
        return self._one(tenant, name, select(people).where(people.c.tenant == tenant, people.c.name == name))

    def by_id(self, tenant: str, person_id: str) -> PersonRow | None:
        """The person of this id, or None."""
        return self._one(tenant, person_id, select(people).where(people.c.tenant == tenant, people.c.id == person_id))

    def all(self, tenant: str) -> tuple[PersonRow, ...]:
        """The people of a tenant, by name."""
        with self._transactions.read() as connection:
            rows = connection.execute(select(people).where(people.c.tenant == tenant).order_by(people.c.name))
            return tuple(to_person_row(row) for row in rows)

    def add_tenant(self, tenant: str, created_at: datetime) -> None:
        """Add a tenant.

        Raises:
            NameTaken: there is one of this name.
            BadRequest: the name is empty, longer than 200 characters or holds characters that cannot be stored.
        """
        if not _is_name(tenant):
            raise BadRequest("A name must have 1 to 200 printable characters.")
        try:
            with self._transactions.write() as connection:
                connection.execute(insert(tenants).values(tenant=tenant, created_at=created_at))
        except IntegrityError:
            raise NameTaken("A tenant of this name exists already.") from None

    def tenants(self) -> tuple[TenantRow, ...]:
        """Every tenant, by name."""
        with self._transactions.read() as connection:
            rows = connection.execute(select(tenants).order_by(tenants.c.tenant))
            return tuple(TenantRow(row.tenant, row.created_at) for row in rows)

    def has_tenant(self, tenant: str) -> bool:
        """Whether there is a tenant of this name."""
        if not is_storable(tenant):
            return False
        with self._transactions.read() as connection:
            return connection.execute(select(tenants).where(tenants.c.tenant == tenant)).first() is not None

    def check_tenant(self, tenant: str) -> None:
        """Accept a tenant that is there.

        Raises:
            TenantNotFound: there is none of this name.
        """
        if not self.has_tenant(tenant):
            raise TenantNotFound("There is no tenant named %(tenant)s.", tenant=tenant)

    def _one(self, tenant: str, key: str, query: Select[Any]) -> PersonRow | None:
        if not is_storable(tenant + key):
            return None
        with self._transactions.read() as connection:
            row = connection.execute(query).one_or_none()
        return to_person_row(row) if row else None


def to_person_row(row: Row[Any]) -> PersonRow:
    """The person of a row that has the columns of `people`."""
    person = Person(id=row.id, tenant=row.tenant, name=row.name, role=row.role)
    return PersonRow(person, row.password_hash, row.created_at, row.is_enabled, row.has_second_factor, row.mac)


def _changeable(row: PersonRow) -> dict[str, Any]:
    state = {"is_enabled": row.is_enabled, "password_hash": row.password_hash, "mac": row.mac}
    state |= {"has_second_factor": row.has_second_factor}
    return {"name": row.person.name, "role": row.person.role, **state}


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _MOST_CHARACTERS and text.isprintable()
