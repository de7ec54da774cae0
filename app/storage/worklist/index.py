"""Changes of the worklist within a transaction that is open, so that it never says other than the study does."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from app.storage.rows import Labels, ListedRow, ReadMarkRow
from app.storage.studies.study_rows import is_live, is_study, with_images
from app.storage.tables import people, read_marks, studies, worklist

Labeller = Callable[[ListedRow], Labels]


def index_study(connection: Connection, tenant: str, study_id: str, label: Labeller | None) -> None:
    """Write a study's rows of the blind index anew; the caller holds the study. Without `label` there are none."""
    connection.execute(delete(worklist).where(worklist.c.tenant == tenant, worklist.c.study == study_id))
    labels = None
    if label is not None:
        row = listed(connection, tenant, [study_id])[0]
        labels = label(row)
        same = {"tenant": tenant, "study": study_id, "created_at": row.study.created_at}
        same |= {"bucket": labels.bucket, "broad_bucket": labels.broad_bucket}
        connection.execute(insert(worklist), [{**same, "facet": facet} for facet in dict.fromkeys(labels.facets)])
    made_by = labels.fingerprint if labels else None
    connection.execute(update(studies).where(is_study(tenant, study_id)).values(indexed_by=made_by))


def set_read(connection: Connection, tenant: str, study_id: str, person_id: str, at: datetime) -> None:
    """Note that somebody has read a study; of one person the last time is kept."""
    connection.execute(delete(read_marks).where(_is_mark(tenant, study_id, person_id)))
    row = {"tenant": tenant, "study": study_id, "person": person_id, "at": at}
    connection.execute(insert(read_marks).values(**row))
    connection.execute(update(studies).where(is_study(tenant, study_id)).values(is_read=True))


def set_unread(connection: Connection, tenant: str, study_id: str, person_id: str | None = None) -> None:
    """Let a study wait to be read; who read it before stays noted, but for `person_id`."""
    if person_id is not None:
        connection.execute(delete(read_marks).where(_is_mark(tenant, study_id, person_id)))
    connection.execute(update(studies).where(is_study(tenant, study_id)).values(is_read=False))


def listed(connection: Connection, tenant: str, study_ids: Sequence[str]) -> tuple[ListedRow, ...]:
    """The studies of these ids, in this order, without those that are not there."""
    here = select(studies).where(studies.c.tenant == tenant, studies.c.id.in_(study_ids), is_live())
    rows = {row.id: row for row in connection.execute(here)}
    ordered = [rows[study_id] for study_id in study_ids if study_id in rows]
    marks = _marks_of(connection, tenant, study_ids)
    found = with_images(connection, tenant, ordered)
    return tuple(ListedRow(study, rows[study.id].is_read, tuple(marks[study.id])) for study in found)


def _marks_of(connection: Connection, tenant: str, study_ids: Sequence[str]) -> dict[str, list[ReadMarkRow]]:
    is_theirs = and_(people.c.tenant == read_marks.c.tenant, people.c.id == read_marks.c.person)
    query = select(read_marks, people.c.name.label("person_name")).outerjoin(people, is_theirs)
    query = query.where(read_marks.c.tenant == tenant, read_marks.c.study.in_(study_ids))
    marks: dict[str, list[ReadMarkRow]] = defaultdict(list)
    for row in connection.execute(query.order_by(read_marks.c.at, read_marks.c.person)):
        marks[row.study].append(ReadMarkRow(row.person, row.person_name, row.at))
    return marks


def _is_mark(tenant: str, study_id: str, person_id: str) -> ColumnElement[bool]:
    here = (read_marks.c.tenant == tenant, read_marks.c.study == study_id, read_marks.c.person == person_id)
    return and_(*here)
