"""Passkeys of people: public keys, which are no secret; the MAC of a row says whose they are."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from app.storage.access.people import to_person_row
from app.storage.access.tables import passkeys, people
from app.storage.database import Transactions
from app.storage.rows import PasskeyRow, PersonRow, is_storable


class Passkeys:
    """Passkeys; a credential id is random and names its row among all tenants."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(self, row: PasskeyRow) -> None:
        """Keep a new passkey."""
        with self._transactions.write() as connection:
            connection.execute(insert(passkeys).values(**vars(row)))

    def by_credential(self, credential: bytes) -> tuple[PasskeyRow, PersonRow] | None:
        """The passkey of a credential and its person, or None."""
        with self._transactions.read() as connection:
            row = connection.execute(select(passkeys).where(passkeys.c.credential == credential)).one_or_none()
            if row is None:
                return None
            owner = select(people).where(people.c.tenant == row.tenant, people.c.id == row.person)
            return _passkey(row), to_person_row(connection.execute(owner).one())

    def of_person(self, tenant: str, person_id: str) -> tuple[PasskeyRow, ...]:
        """The passkeys of a person, oldest first."""
        theirs = select(passkeys).where(passkeys.c.tenant == tenant, passkeys.c.person == person_id)
        with self._transactions.read() as connection:
            rows = connection.execute(theirs.order_by(passkeys.c.created_at, passkeys.c.id))
            return tuple(_passkey(row) for row in rows)

    def all(self, tenant: str) -> tuple[PasskeyRow, ...]:
        """The passkeys of a tenant."""
        with self._transactions.read() as connection:
            rows = connection.execute(select(passkeys).where(passkeys.c.tenant == tenant))
            return tuple(_passkey(row) for row in rows)

    def replace(self, row: PasskeyRow, seen_count: int, used_at: datetime | None) -> bool:
        """Write count, last use and MAC of a passkey; False when another use has counted meanwhile."""
        here = (passkeys.c.tenant == row.tenant, passkeys.c.id == row.id, passkeys.c.sign_count == seen_count)
        change = {"sign_count": row.sign_count, "last_used_at": used_at, "mac": row.mac}
        with self._transactions.write() as connection:
            return connection.execute(update(passkeys).where(*here).values(**change)).rowcount == 1

    def remove(self, tenant: str, person_id: str, passkey_id: str) -> bool:
        """Remove a person's passkey; False when there is none of this id."""
        if not is_storable(passkey_id):
            return False
        here = (passkeys.c.tenant == tenant, passkeys.c.person == person_id, passkeys.c.id == passkey_id)
        with self._transactions.write() as connection:
            return connection.execute(delete(passkeys).where(*here)).rowcount == 1

    def remove_all(self, tenant: str, person_id: str) -> None:
        """Remove every passkey of a person."""
        here = (passkeys.c.tenant == tenant, passkeys.c.person == person_id)
        with self._transactions.write() as connection:
            connection.execute(delete(passkeys).where(*here))


def _passkey(row: Row[Any]) -> PasskeyRow:
    return PasskeyRow(**row._mapping)
