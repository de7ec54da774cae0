"""Studies within a transaction that is open: held for a change, or read with their images."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select

from app.errors import StudyNotFound
from app.storage.rows import ImageRow, StudyRow
from app.storage.tables import images, studies


def is_study(tenant: str, study_id: str) -> ColumnElement[bool]:
    """Names one study of a tenant."""
    return and_(studies.c.tenant == tenant, studies.c.id == study_id)


def hold_study(connection: Connection, tenant: str, study_id: str) -> None:
    """Keep a study there, and other changes out of it, until the transaction ends.

    Raises:
        StudyNotFound: not in this tenant, or deleted meanwhile.
    """
    if connection.execute(select(studies.c.id).where(is_study(tenant, study_id)).with_for_update()).first() is None:
        raise StudyNotFound


def with_images(connection: Connection, tenant: str, rows: Sequence[Row[Any]]) -> tuple[StudyRow, ...]:
    """The studies of rows of `studies`, in their order."""
    if not rows:
        return ()
    wanted = (images.c.tenant == tenant, images.c.study.in_([row.id for row in rows]))
    views: dict[str, list[ImageRow]] = defaultdict(list)
    for image in connection.execute(select(images).where(*wanted).order_by(images.c.position)):
        views[image.study].append(to_image(image))
    return tuple(
        StudyRow(row.id, tenant, row.created_at, row.created_by, row.wrapped_key, tuple(views[row.id])) for row in rows
    )


def to_image(row: Row[Any]) -> ImageRow:
    """The image of a row that has the columns of `images`."""
    return ImageRow(row.id, row.created_at, row.sealed_assessment)
