"""Feedback of readers: ciphertext, append-only, deleted with its study."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, select, tuple_

from app.errors import ImageNotFound, StudyNotFound
from app.storage.database import Transactions
from app.storage.rows import AnsweredRow, FeedbackRow, ImageRow, NewFeedback, is_storable
from app.storage.studies.study_rows import feedback_of, hold_study, is_live, to_feedback, with_names
from app.storage.tables import feedback, images, studies
from app.storage.worklist.index import Labeller, index_study, set_read

_ANSWERS_AT_ONCE = 500


class FeedbackLog:
    """The feedback of every tenant; another tenant's is not found."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(
        self,
        tenant: str,
        new: NewFeedback,
        since: datetime,
        *,
        is_same: Callable[[FeedbackRow], bool],
        label: Labeller | None = None,
    ) -> FeedbackRow:
        """Keep feedback, unless its person has said the same of the image since a moment: then that is returned.

        Who says something of an image has read its study. The store cannot read what it keeps: who adds brings the
        functions that compare and that label. Submissions to one study wait for each other, so that of two that come
        at once one is kept.

        Raises:
            StudyNotFound: not in this tenant, or deleted meanwhile. ImageNotFound: no such image in the study.
        """
        if not is_storable(tenant + new.study):
            raise StudyNotFound
        with self._transactions.write() as connection:
            _hold_image(connection, tenant, new.study, new.image)
            said = (feedback.c.image == new.image, feedback.c.person == new.person, feedback.c.created_at >= since)
            for row in connection.execute(with_names(feedback, tenant).where(*said)):
                earlier = to_feedback(row)
                if is_same(earlier):
                    return earlier
            connection.execute(insert(feedback).values(tenant=tenant, **vars(new)))
            set_read(connection, tenant, new.study, new.person, new.created_at)
            index_study(connection, tenant, new.study, label)
            return to_feedback(connection.execute(with_names(feedback, tenant).where(feedback.c.id == new.id)).one())

    def of_study(self, tenant: str, study_id: str) -> tuple[FeedbackRow, ...]:
        """All that was said of a study's images, newest first; nothing for a study that is not there."""
        if not is_storable(tenant + study_id):
            return ()
        with self._transactions.read() as connection:
            return tuple(feedback_of(connection, tenant, [study_id])[study_id])

    def studies(self, tenant: str) -> tuple[str, ...]:
        """The ids of the studies that something was said of, by when it was said first."""
        same_study = and_(studies.c.tenant == tenant, studies.c.id == feedback.c.study)
        query = select(feedback.c.study).join(studies, same_study).where(feedback.c.tenant == tenant, is_live())
        query = query.group_by(feedback.c.study)
        with self._transactions.read() as connection:
            order = (func.min(feedback.c.created_at), feedback.c.study)
            return tuple(connection.execute(query.order_by(*order)).scalars())

    def answered(self, tenant: str, since: datetime) -> Iterator[AnsweredRow]:
        """All that was said since a moment, newest first, with the images; read some at a time."""
        position = None
        while position != ():
            rows = self._answered_before(tenant, since, position)
            yield from rows
            last = rows[-1].feedback if len(rows) == _ANSWERS_AT_ONCE else None
            position = (last.created_at, last.id) if last else ()

    def _answered_before(self, tenant: str, since: datetime, position: tuple[Any, ...] | None) -> list[AnsweredRow]:
        same_study = and_(studies.c.tenant == tenant, studies.c.id == feedback.c.study)
        same_image = and_(images.c.tenant == tenant, images.c.id == feedback.c.image)
        image = (images.c.created_at.label("image_created_at"), images.c.sealed_assessment)
        query = with_names(feedback, tenant).join(studies, same_study).join(images, same_image)
        query = query.add_columns(studies.c.wrapped_key, *image).where(feedback.c.created_at >= since, is_live())
        if position:
            before = tuple_(*position, types=[feedback.c.created_at.type, feedback.c.id.type])
            query = query.where(tuple_(feedback.c.created_at, feedback.c.id) < before)
        newest_first = (feedback.c.created_at.desc(), feedback.c.id.desc())
        with self._transactions.read() as connection:
            found = connection.execute(query.order_by(*newest_first).limit(_ANSWERS_AT_ONCE)).all()
        return [_answered_row(row) for row in found]


def _hold_image(connection: Connection, tenant: str, study_id: str, image_id: str) -> None:
    """Keep the image's study there, and others out of it, until the transaction ends."""
    hold_study(connection, tenant, study_id)
    here = (images.c.tenant == tenant, images.c.study == study_id, images.c.id == image_id)
    if not is_storable(image_id) or connection.execute(select(images.c.id).where(*here)).one_or_none() is None:
        raise ImageNotFound


def _answered_row(row: Row[Any]) -> AnsweredRow:
    image = ImageRow(row.image, row.image_created_at, row.sealed_assessment)
    return AnsweredRow(row.wrapped_key, image, to_feedback(row))
