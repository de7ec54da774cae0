"""Second factors of people, as ciphertext."""

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from app.storage.access.tables import second_factors
from app.storage.database import Transactions


class SecondFactors:
    """At most one sealed second factor a person. Whether there must be one, the MAC of the person's row says."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def get(self, tenant: str, person_id: str) -> bytes | None:
        """The sealed factor of a person, or None."""
        with self._transactions.read() as connection:
            found = select(second_factors.c.sealed).where(_is_of(tenant, person_id))
            return connection.execute(found).scalar_one_or_none()

    def all(self, tenant: str) -> tuple[tuple[str, bytes], ...]:
        """Each person of a tenant who has one, and the sealed factor."""
        found = select(second_factors.c.person, second_factors.c.sealed).where(second_factors.c.tenant == tenant)
        with self._transactions.read() as connection:
            return tuple((row.person, row.sealed) for row in connection.execute(found))

    def put(self, tenant: str, person_id: str, sealed: bytes) -> None:
        """Keep a factor in place of any other of the person."""
        self.remove(tenant, person_id)
        with self._transactions.write() as connection:
            connection.execute(insert(second_factors).values(tenant=tenant, person=person_id, sealed=sealed))

    def replace(self, tenant: str, person_id: str, seen: bytes, sealed: bytes) -> bool:
        """Put a factor in place of the one that was seen; False when it was replaced meanwhile."""
        unchanged = (_is_of(tenant, person_id), second_factors.c.sealed == seen)
        with self._transactions.write() as connection:
            return connection.execute(update(second_factors).where(*unchanged).values(sealed=sealed)).rowcount == 1

    def remove(self, tenant: str, person_id: str) -> None:
        """Remove the factor of a person."""
        with self._transactions.write() as connection:
            connection.execute(delete(second_factors).where(_is_of(tenant, person_id)))


def _is_of(tenant: str, person_id: str) -> ColumnElement[bool]:
    return and_(second_factors.c.tenant == tenant, second_factors.c.person == person_id)
