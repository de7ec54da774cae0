"""Studies within a transaction that is open: held for a change, or loaded with their images, feedback and closings."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, select

from app.errors import StudyNotFound
from app.storage.rows import ClosingRow, FeedbackRow, ImageRow, StudyRow
from app.storage.tables import closings, feedback, images, people, studies


def is_study(tenant: str, study_id: str) -> ColumnElement[bool]:
    """Names one study of a tenant that is not in the bin."""
    return and_(is_stored(tenant, study_id), is_live())


def is_stored(tenant: str, study_id: str) -> ColumnElement[bool]:
    """Names one study of a tenant, whether it is in the bin or not."""
    return and_(studies.c.tenant == tenant, studies.c.id == study_id)


def is_live() -> ColumnElement[bool]:
    """Leaves out the studies in the bin; every query that looks at `studies` says this or names the bin."""
    return studies.c.deleted_at.is_(None)


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
    said = feedback_of(connection, tenant, [row.id for row in rows])
    closed = _closings_of(connection, tenant, [row.id for row in rows])
    return tuple(
        StudyRow(
            id=row.id,
            tenant=tenant,
            created_at=row.created_at,
            created_by=row.created_by,
            wrapped_key=row.wrapped_key,
            images=tuple(views[row.id]),
            sealed_details=row.sealed_details,
            feedback=tuple(said[row.id]),
            closings=tuple(closed[row.id]),
        )
        for row in rows
    )


def feedback_of(connection: Connection, tenant: str, study_ids: Sequence[str]) -> dict[str, list[FeedbackRow]]:
    """The feedback on studies, newest first, by the id of the study."""
    query = with_names(feedback, tenant).where(feedback.c.study.in_(study_ids))
    found: dict[str, list[FeedbackRow]] = defaultdict(list)
    for row in connection.execute(query.order_by(feedback.c.created_at.desc(), feedback.c.id)):
        found[row.study].append(to_feedback(row))
    return found


def with_names(table: Table, tenant: str) -> Select[Any]:
    """The rows of a table that names a person, with `person_name`, NULL where the person is no longer there."""
    is_theirs = and_(people.c.tenant == table.c.tenant, people.c.id == table.c.person)
    query = select(table, people.c.name.label("person_name")).outerjoin(people, is_theirs)
    return query.where(table.c.tenant == tenant)


def to_feedback(row: Row[Any]) -> FeedbackRow:
    """The feedback of a row of `with_names`."""
    return FeedbackRow(row.id, row.study, row.image, row.person, row.created_at, row.sealed, row.person_name)


def _closings_of(connection: Connection, tenant: str, study_ids: Sequence[str]) -> dict[str, list[ClosingRow]]:
    query = with_names(closings, tenant).where(closings.c.study.in_(study_ids))
    found: dict[str, list[ClosingRow]] = defaultdict(list)
    for row in connection.execute(query.order_by(closings.c.created_at.desc(), closings.c.id)):
        closing = ClosingRow(row.id, row.study, row.person, row.created_at, row.sealed, row.person_name)
        found[row.study].append(closing)
    return found


def to_image(row: Row[Any]) -> ImageRow:
    """The image of a row that has the columns of `images`."""
    return ImageRow(row.id, row.created_at, row.sealed_assessment)
