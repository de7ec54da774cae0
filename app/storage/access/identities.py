"""Identities of people at an identity provider."""

from sqlalchemy import delete, insert, select

from app.storage.access.people import to_person_row
from app.storage.access.tables import identities, people
from app.storage.database import Transactions
from app.storage.rows import IdentityRow, PersonRow, is_storable


class Identities:
    """At most one identity a person; issuer and subject name one person of a tenant."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def find(self, tenant: str, issuer: str, subject: str) -> tuple[IdentityRow, PersonRow] | None:
        """An identity and its person, or None."""
        if not is_storable(tenant + issuer + subject):
            return None
        same = (identities.c.tenant == tenant, identities.c.issuer == issuer, identities.c.subject == subject)
        with self._transactions.read() as connection:
            row = connection.execute(select(identities).where(*same)).one_or_none()
            if row is None:
                return None
            owner = select(people).where(people.c.tenant == row.tenant, people.c.id == row.person)
            return IdentityRow(**row._mapping), to_person_row(connection.execute(owner).one())

    def all(self, tenant: str) -> tuple[IdentityRow, ...]:
        """The identities of a tenant."""
        with self._transactions.read() as connection:
            rows = connection.execute(select(identities).where(identities.c.tenant == tenant))
            return tuple(IdentityRow(**row._mapping) for row in rows)

    def put(self, row: IdentityRow) -> None:
        """Keep an identity in place of any other of its person."""
        theirs = (identities.c.tenant == row.tenant, identities.c.person == row.person)
        with self._transactions.write() as connection:
            connection.execute(delete(identities).where(*theirs))
            connection.execute(insert(identities).values(**vars(row)))
