"""Preferences of people: how they have set up their pages."""

from sqlalchemy import delete, insert, select

from app.storage.database import Transactions
from app.storage.tables import preferences


class Preferences:
    """The preferences of every tenant's people, each a text under a name."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def get(self, tenant: str, person_id: str, name: str) -> str | None:
        """A preference, or None where the person has not chosen."""
        here = (preferences.c.tenant == tenant, preferences.c.person == person_id, preferences.c.name == name)
        with self._transactions.read() as connection:
            return connection.execute(select(preferences.c.value).where(*here)).scalar_one_or_none()

    def keep(self, tenant: str, person_id: str, name: str, value: str) -> None:
        """Replace a preference of a person that is there."""
        here = (preferences.c.tenant == tenant, preferences.c.person == person_id, preferences.c.name == name)
        row = {"tenant": tenant, "person": person_id, "name": name, "value": value}
        with self._transactions.write() as connection:
            connection.execute(delete(preferences).where(*here))
            connection.execute(insert(preferences).values(**row))
