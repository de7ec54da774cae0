"""Thumbnails of images: ciphertext, deleted with the image."""

from dataclasses import dataclass, field

from sqlalchemy import and_, delete, insert, select

from app.errors import ImageNotFound
from app.storage.database import Transactions
from app.storage.rows import is_storable
from app.storage.studies.study_rows import is_study
from app.storage.tables import images, studies, thumbnails


@dataclass(frozen=True)
class ThumbnailRow:
    """The thumbnail of an image, None where there is none yet, and the key that opens it."""

    wrapped_key: bytes = field(repr=False)
    sealed: bytes | None = field(repr=False)


class Thumbnails:
    """The thumbnails of every tenant's images; another tenant's are not found."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def get(self, tenant: str, study_id: str, image_id: str) -> ThumbnailRow:
        """The thumbnail of an image.

        Raises:
            ImageNotFound: no such image of such a study in this tenant.
        """
        if not is_storable(tenant + study_id + image_id):
            raise ImageNotFound
        is_made = and_(thumbnails.c.tenant == images.c.tenant, thumbnails.c.image == images.c.id)
        here = (is_study(tenant, study_id), images.c.tenant == tenant, images.c.study == study_id)
        query = (
            select(studies.c.wrapped_key, thumbnails.c.sealed)
            .select_from(studies)
            .join(images, and_(images.c.tenant == studies.c.tenant, images.c.study == studies.c.id))
        )
        query = query.outerjoin(thumbnails, is_made).where(*here, images.c.id == image_id)
        with self._transactions.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise ImageNotFound
        return ThumbnailRow(row.wrapped_key, row.sealed)

    def keep(self, tenant: str, image_id: str, sealed: bytes) -> None:
        """Replace the thumbnail of an image; nothing happens where the image was deleted meanwhile."""
        with self._transactions.write() as connection:
            here = (images.c.tenant == tenant, images.c.id == image_id)
            if connection.execute(select(images.c.id).where(*here).with_for_update()).first() is None:
                return
            connection.execute(delete(thumbnails).where(thumbnails.c.tenant == tenant, thumbnails.c.image == image_id))
            connection.execute(insert(thumbnails).values(tenant=tenant, image=image_id, sealed=sealed))
