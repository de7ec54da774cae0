"""Column types and keys that every table uses."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
    and_,
    false,
    or_,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment to the microsecond: aware in, aware and UTC out, on SQLite (which knows no zones) as well."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone; it could mean anything."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs its time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The same moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def text(name: str) -> Column[str]:
    """A text that is always there."""
    return Column(name, Text, nullable=False)


def blob(name: str) -> Column[bytes]:
    """Bytes that are always there."""
    return Column(name, LargeBinary, nullable=False)


def time(name: str) -> Column[datetime]:
    """A moment that is always there."""
    return Column(name, UtcDateTime, nullable=False)


def of_person() -> ForeignKeyConstraint:
    """The key of a row that belongs to a person and goes with them."""
    # The tenant is part of every key, so that no row can point into another tenant.
    return ForeignKeyConstraint(["tenant", "person"], ["people.tenant", "people.id"], ondelete="CASCADE")


def of_study() -> ForeignKeyConstraint:
    """The key of a row that belongs to a study and goes with it."""
    return ForeignKeyConstraint(["tenant", "study"], ["studies.tenant", "studies.id"], ondelete="CASCADE")


def is_among(tenant: Column[str], name: Column[str], keys: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """Whether (tenant, name) is one of the keys; SQLite reads the whole table to compare pairs with a list."""
    of_tenant: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        of_tenant[key[0]].append(key[1])
    return or_(false(), *(and_(tenant == one, name.in_(names)) for one, names in of_tenant.items()))
