"""Originals as rows of the database or as objects of a bucket: stored there first, named by a row afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, select, tuple_, update

from app.storage.columns import is_among
from app.storage.database import Transactions
from app.storage.objects import ObjectStore
from app.storage.rows import NewImage, new_id
from app.storage.tables import images, originals

# Tenant and image.
ImageKey = tuple[str, str]


class Originals:
    """The originals of every tenant."""

    def __init__(self, transactions: Transactions, objects: ObjectStore) -> None:
        self._transactions, self._objects = transactions, objects

    def place(self, new_images: Iterable[NewImage]) -> tuple[NewImage, ...]:
        """Store the originals in the bucket, where there is one; the images then name them.

        Call it before the transaction that stores the images. Where that one fails, the objects are orphans.

        Raises:
            Unavailable: the bucket does not answer.
        """
        return tuple(self._placed(image) for image in new_images)

    def some(self, most: int, after: ImageKey | None, *, in_bucket: bool) -> Sequence[ImageKey]:
        """The first `most` originals behind one of them that are objects, or that are rows of the database."""
        key = tuple_(originals.c.tenant, originals.c.image)
        query = select(originals.c.tenant, originals.c.image).order_by(*key).limit(most)
        query = query.where(originals.c.object.is_not(None) if in_bucket else originals.c.object.is_(None))
        if after is not None:
            query = query.where(key > tuple_(*after))
        with self._transactions.read() as connection:
            return [(row.tenant, row.image) for row in connection.execute(query)]

    def to_bucket(self, tenant: str, image: str) -> bool:
        """Move an original out of the database; False where it was deleted or moved meanwhile.

        Raises:
            Unavailable: the bucket does not answer; the original stays.
        """
        here = and_(_is(tenant, image), originals.c.object.is_(None))
        with self._transactions.read() as connection:
            sealed = connection.execute(select(originals.c.sealed_original).where(here)).scalar_one_or_none()
        if sealed is None:
            return False
        key = new_id()
        self._objects.put(key, sealed)
        with self._transactions.write() as connection:
            change = update(originals).where(here).values(object=key, sealed_original=b"")
            return connection.execute(change).rowcount == 1

    def to_database(self, tenant: str, image: str) -> bool:
        """Move an original into the database; False where it was deleted or moved meanwhile, or its object is gone.

        Raises:
            Unavailable: the bucket does not answer.
        """
        with self._transactions.read() as connection:
            key = connection.execute(select(originals.c.object).where(_is(tenant, image))).scalar_one_or_none()
        sealed = self._objects.get(key) if key else None
        if sealed is None:
            return False
        here = and_(_is(tenant, image), originals.c.object == key)
        with self._transactions.write() as connection:
            change = update(originals).where(here).values(object=None, sealed_original=sealed)
            is_moved = connection.execute(change).rowcount == 1
        self._transactions.discard([key] if key and is_moved else [])
        return is_moved

    def orphans(self, keys: Sequence[str]) -> tuple[str, ...]:
        """Those of the keys that no row names."""
        query = select(originals.c.object).where(originals.c.object.in_(keys))
        with self._transactions.read() as connection:
            named = set(connection.execute(query).scalars())
        return tuple(key for key in keys if key not in named)

    def _placed(self, image: NewImage) -> NewImage:
        if not self._objects.is_used:
            return image
        key = new_id()
        self._objects.put(key, image.sealed_original)
        return replace(image, sealed_original=b"", object=key)


def objects_of(connection: Connection, studies_of: Iterable[tuple[str, str]]) -> list[str]:
    """The keys of the objects of studies, each (tenant, study id)."""
    is_theirs = is_among(images.c.tenant, images.c.study, studies_of)
    here = and_(images.c.tenant == originals.c.tenant, images.c.id == originals.c.image, is_theirs)
    query = select(originals.c.object).select_from(images, originals).where(here, originals.c.object.is_not(None))
    return [key for key in connection.execute(query).scalars() if key is not None]


def _is(tenant: str, image: str) -> ColumnElement[bool]:
    return and_(originals.c.tenant == tenant, originals.c.image == image)
