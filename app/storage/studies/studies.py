"""Studies, their images and originals: ciphertext only, written and deleted whole."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, func, insert, select, tuple_, update

from app.errors import ImageNotFound, StoredDataDamaged, StudyHeld, StudyNotFound
from app.storage.access.tables import tenants
from app.storage.columns import is_among
from app.storage.database import Transactions
from app.storage.objects import ObjectStore
from app.storage.page_token import Position, from_token, to_token
from app.storage.rows import NewImage, NewStudy, OriginalRow, StudyPageRow, StudyRow, WrappedKeyRow, is_storable
from app.storage.studies.originals import objects_of
from app.storage.studies.study_rows import hold_study, is_live, is_stored, is_study, to_image, with_images
from app.storage.tables import images, originals, studies, thumbnails
from app.storage.worklist.index import Labeller, index_study, set_unread

_KEYS_AT_ONCE = 500


class Studies:
    """The studies of every tenant; another tenant's study is not found."""

    def __init__(self, transactions: Transactions, objects: ObjectStore) -> None:
        self._transactions, self._objects = transactions, objects

    def add(self, tenant: str, study: NewStudy, *, label: Labeller | None = None) -> None:
        """Keep a study with its images, originals and rows of the worklist, all of them or nothing.

        The store cannot read what it keeps: who adds brings the function that labels. Without it the study is not on
        the worklist until `Worklist.index_some` comes by; the same holds for every change below.
        """
        row = {"id": study.id, "created_at": study.created_at, "created_by": study.created_by}
        row |= {"sealed_details": study.sealed_details}
        with self._transactions.write() as connection:
            connection.execute(insert(studies).values(tenant=tenant, **row, wrapped_key=study.wrapped_key))
            _add_images(connection, tenant, study.id, study.images, first=0)
            index_study(connection, tenant, study.id, label)

    def add_images(
        self, tenant: str, study_id: str, new_images: Sequence[NewImage], *, label: Labeller | None = None
    ) -> None:
        """Append images to a study, all of them or nothing; nobody has read it then.

        Raises:
            StudyNotFound: not in this tenant, or deleted meanwhile.
        """
        _check_ids(tenant, study_id)
        count = select(func.coalesce(func.max(images.c.position) + 1, 0)).where(_is_image_of(tenant, study_id))
        with self._transactions.write() as connection:
            # Also keeps positions apart, until these images are in.
            hold_study(connection, tenant, study_id)
            _add_images(connection, tenant, study_id, new_images, first=connection.execute(count).scalar_one())
            set_unread(connection, tenant, study_id)
            index_study(connection, tenant, study_id, label)

    def set_details(self, tenant: str, study_id: str, sealed_details: bytes, *, label: Labeller | None = None) -> None:
        """Replace the sealed details of a study.

        Raises:
            StudyNotFound: not in this tenant, or deleted meanwhile.
        """
        _check_ids(tenant, study_id)
        with self._transactions.write() as connection:
            hold_study(connection, tenant, study_id)
            statement = update(studies).where(is_study(tenant, study_id)).values(sealed_details=sealed_details)
            connection.execute(statement)
            index_study(connection, tenant, study_id, label)

    def replace_assessment(
        self, tenant: str, study_id: str, image_id: str, sealed: bytes, *, label: Labeller | None = None
    ) -> None:
        """Put another sealed assessment in place of the stored one of an image.

        Raises:
            StudyNotFound: not in this tenant, or deleted meanwhile.
            ImageNotFound: no such image in this study.
        """
        _check_ids(tenant, study_id)
        if not is_storable(image_id):
            raise ImageNotFound
        change = update(images).where(_is_image_of(tenant, study_id), images.c.id == image_id)
        with self._transactions.write() as connection:
            hold_study(connection, tenant, study_id)
            if connection.execute(change.values(sealed_assessment=sealed)).rowcount != 1:
                raise ImageNotFound
            index_study(connection, tenant, study_id, label)

    def get(self, tenant: str, study_id: str) -> StudyRow:
        """A study with its images.

        Raises:
            StudyNotFound: not in this tenant.
        """
        _check_ids(tenant, study_id)
        with self._transactions.read() as connection:
            rows = connection.execute(select(studies).where(is_study(tenant, study_id))).all()
            found = with_images(connection, tenant, rows)
        if not found:
            raise StudyNotFound
        return found[0]

    def page(self, tenant: str, limit: int, after: str | None = None, *, with_bin: bool = False) -> StudyPageRow:
        """At most `limit` (1 or more) studies with their images, newest first, from the start or `after` a page.

        with_bin: those in the bin too.

        Raises:
            BadRequest: `after` is not the `next` of a page of this tenant.
        """
        position = from_token(tenant, after) if after is not None else None
        with self._transactions.read() as connection:
            rows = connection.execute(page_query(tenant, limit + 1, position, with_bin=with_bin)).all()
            found = with_images(connection, tenant, rows[:limit])
        more = len(rows) > limit
        last = Position(found[-1].created_at, found[-1].id) if more else None
        return StudyPageRow(found, to_token(tenant, last) if last else None)

    def original(self, tenant: str, study_id: str, image_id: str, *, with_bin: bool = False) -> OriginalRow:
        """One image with its original and its study's key; of a study in the bin only when `with_bin`.

        Raises:
            StudyNotFound: no such study in this tenant.
            ImageNotFound: no such image in this study.
            StoredDataDamaged: its object is gone from the bucket.
            Unavailable: the bucket does not answer.
        """
        _check_ids(tenant, study_id)
        this = is_stored(tenant, study_id) if with_bin else is_study(tenant, study_id)
        found, key = self._original(this, tenant, image_id)
        if key is None:
            return found
        sealed = self._objects.get(key)
        if sealed is None:
            # Deleted or moved meanwhile, or lost.
            found, key_now = self._original(this, tenant, image_id)
            if key_now is not None:
                raise StoredDataDamaged
            return found
        return replace(found, sealed_original=sealed)

    def _original(self, this: ColumnElement[bool], tenant: str, image_id: str) -> tuple[OriginalRow, str | None]:
        """The row of an original, and the key of its object where it is one."""
        here = (this, images.c.study == studies.c.id, originals.c.image == images.c.id)
        same_tenant = (images.c.tenant == tenant, originals.c.tenant == tenant, images.c.id == image_id)
        query = select(studies.c.wrapped_key, images, originals.c.sealed_original, originals.c.object).where(
            *here, *same_tenant
        )
        with self._transactions.read() as connection:
            row = connection.execute(query).one_or_none() if is_storable(image_id) else None
            study = connection.execute(select(studies.c.id).where(this)).one_or_none()
        if study is None:
            raise StudyNotFound
        if row is None:
            raise ImageNotFound
        return OriginalRow(row.wrapped_key, to_image(row), row.sealed_original), row.object

    def delete(self, tenant: str, study_id: str) -> None:
        """Destroy a study, in the bin or not: its key, images, originals and everything else about it.

        Raises:
            StudyNotFound: not in this tenant. StudyHeld: it is under a legal hold.
        """
        _check_ids(tenant, study_id)
        here = is_stored(tenant, study_id)
        with self._transactions.write() as connection:
            objects = objects_of(connection, [(tenant, study_id)])
            if connection.execute(delete(studies).where(here, studies.c.is_held.is_(False))).rowcount != 1:
                is_there = connection.execute(select(studies.c.id).where(here)).first() is not None
                raise StudyHeld if is_there else StudyNotFound
        self._transactions.forget()
        self._transactions.discard(objects)

    def hold(self, tenant: str, study_id: str, *, is_held: bool) -> None:
        """Put a study, in the bin or not, under a legal hold, or end it.

        Raises:
            StudyNotFound: not in this tenant.
        """
        _check_ids(tenant, study_id)
        change = update(studies).where(is_stored(tenant, study_id)).values(is_held=is_held)
        with self._transactions.write() as connection:
            if connection.execute(change).rowcount != 1:
                raise StudyNotFound

    def created_before(self, tenant: str, before: datetime, most: int) -> tuple[int, tuple[tuple[str, datetime], ...]]:
        """How many studies of a tenant a purge would destroy, and (id, time) of the oldest of them."""
        old = (studies.c.tenant == tenant, studies.c.created_at < before, studies.c.is_held.is_(False))
        oldest = select(studies.c.id, studies.c.created_at).where(*old).order_by(studies.c.created_at, studies.c.id)
        with self._transactions.read() as connection:
            count = connection.execute(select(func.count()).select_from(studies).where(*old)).scalar_one()
            rows = connection.execute(oldest.limit(most)).all()
        return count, tuple((row.id, row.created_at) for row in rows)

    def purge_some(self, before: datetime, most: int, tenant: str | None = None) -> tuple[tuple[str, str], ...]:
        """Destroy at most `most` studies of one tenant or all, created before a moment, oldest first in each.

        Those under a legal hold stay. Returns the (tenant, study id) of each, sorted; none when there are no more.
        """
        with self._transactions.write() as connection:
            keys = sorted(_hold_old(connection, before, most, tenant))
            if not keys:
                return ()
            objects = objects_of(connection, keys)
            connection.execute(delete(studies).where(is_among(studies.c.tenant, studies.c.id, keys)))
        self._transactions.forget()
        self._transactions.discard(objects)
        return tuple(keys)

    def wrapped_keys(self) -> Iterator[WrappedKeyRow]:
        """The wrapped keys of all studies of all tenants, read some at a time."""
        key = tuple_(studies.c.tenant, studies.c.id)
        query = select(studies.c.tenant, studies.c.id, studies.c.wrapped_key)
        query = query.order_by(studies.c.tenant, studies.c.id).limit(_KEYS_AT_ONCE)
        rows: Sequence[Row[tuple[str, str, bytes]]] = self._rows(query)
        while rows:
            yield from (WrappedKeyRow(row.tenant, row.id, row.wrapped_key) for row in rows)
            rows = self._rows(query.where(key > tuple_(rows[-1].tenant, rows[-1].id)))

    def replace_wrapped_key(self, row: WrappedKeyRow, wrapped_key: bytes) -> bool:
        """Put another wrapped key in place of the one read; False when it was replaced or deleted meanwhile."""
        unchanged = (is_stored(row.tenant, row.study), studies.c.wrapped_key == row.wrapped_key)
        with self._transactions.write() as connection:
            statement = update(studies).where(*unchanged).values(wrapped_key=wrapped_key)
            return connection.execute(statement).rowcount == 1

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        with self._transactions.read() as connection:
            return connection.execute(query).all()


def page_query(tenant: str, limit: int, after: Position | None, *, with_bin: bool = False) -> Select[Any]:
    """The newest `limit` studies that come after a position; it walks the index, however many studies there are."""
    query = select(studies).where(studies.c.tenant == tenant)
    if not with_bin:
        query = query.where(is_live())
    if after is not None:
        position = tuple_(after.created_at, after.study, types=[studies.c.created_at.type, studies.c.id.type])
        query = query.where(tuple_(studies.c.created_at, studies.c.id) < position)
    return query.order_by(studies.c.created_at.desc(), studies.c.id.desc()).limit(limit)


def _hold_old(connection: Connection, before: datetime, most: int, tenant: str | None) -> list[tuple[str, str]]:
    """(tenant, study id) of at most `most` old studies, kept from others; tenant by tenant, as the index goes."""
    names = [tenant] if tenant is not None else connection.execute(select(tenants.c.tenant)).scalars().all()
    found: list[tuple[str, str]] = []
    for name in names:
        old = select(studies.c.id).where(
            studies.c.tenant == name, studies.c.created_at < before, studies.c.is_held.is_(False)
        )
        old = old.order_by(studies.c.created_at, studies.c.id).limit(most - len(found))
        found += [(name, study) for study in connection.execute(old.with_for_update(skip_locked=True)).scalars()]
    return found


def _is_image_of(tenant: str, study_id: str) -> ColumnElement[bool]:
    return and_(images.c.tenant == tenant, images.c.study == study_id)


def _check_ids(tenant: str, study_id: str) -> None:
    if not is_storable(tenant + study_id):
        raise StudyNotFound


def _add_images(connection: Connection, tenant: str, study_id: str, new_images: Iterable[NewImage], first: int) -> None:
    for position, image in enumerate(new_images, start=first):
        row = {"tenant": tenant, "id": image.id, "study": study_id, "position": position}
        assessment = {"created_at": image.created_at, "sealed_assessment": image.sealed_assessment}
        original = {"image": image.id, "sealed_original": image.sealed_original, "object": image.object}
        connection.execute(insert(images).values(**row, **assessment))
        connection.execute(insert(originals).values(tenant=tenant, **original))
        if image.sealed_thumbnail is not None:
            thumbnail = {"tenant": tenant, "image": image.id, "sealed": image.sealed_thumbnail}
            connection.execute(insert(thumbnails).values(**thumbnail))
