"""Objects received from other systems: which are stored already, and which wait for inference."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, select, update

from app.storage.database import Transactions
from app.storage.rows import PendingRow, ReceivedRow
from app.storage.studies.study_rows import is_live
from app.storage.tables import received, studies


class Received:
    """The received objects of every tenant; UIDs are known as keyed digests only."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def find(self, tenant: str, instance: bytes) -> ReceivedRow | None:
        """The object of a UID, or None."""
        query = select(received).where(received.c.tenant == tenant, received.c.instance == instance, _is_live())
        with self._transactions.read() as connection:
            row = connection.execute(query).one_or_none()
        return ReceivedRow(row.instance, row.study_uid, row.content, row.study, row.image) if row else None

    def study_of(self, tenant: str, study_uid: bytes) -> str | None:
        """The study that holds the objects of a Study Instance UID, or None; the newest where there are several."""
        query = select(received.c.study).where(
            received.c.tenant == tenant, received.c.study_uid == study_uid, _is_live()
        )
        with self._transactions.read() as connection:
            return connection.execute(query.order_by(received.c.received_at.desc()).limit(1)).scalar_one_or_none()

    def add(self, tenant: str, row: ReceivedRow, at: datetime) -> None:
        """Note an object as received; it is pending from `at`. One of a study in the bin gives way to it."""
        former = and_(received.c.tenant == tenant, received.c.instance == row.instance)
        statement = insert(received).values(tenant=tenant, received_at=at, due_at=at, attempts=0, **vars(row))
        with self._transactions.write() as connection:
            connection.execute(delete(received).where(former, ~_is_live()))
            connection.execute(statement)

    def lease(self, now: datetime, until: datetime) -> PendingRow | None:
        """Take the pending object that has been due for longest, of any tenant; nobody else gets it before `until`."""
        due = select(received).where(received.c.due_at <= now, _is_live()).order_by(received.c.due_at).limit(1)
        with self._transactions.write() as connection:
            row = connection.execute(due.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            change = update(received).where(_is(row.tenant, row.image))
            connection.execute(change.values(due_at=until, attempts=row.attempts + 1))
        return PendingRow(row.tenant, row.study, row.image, row.attempts + 1)

    def finish(self, pending: PendingRow) -> bool:
        """Note that an object waits no more; False when it was deleted or finished by somebody else meanwhile."""
        still = and_(_is(pending.tenant, pending.image), received.c.due_at.is_not(None), _is_live())
        with self._transactions.write() as connection:
            return connection.execute(update(received).where(still).values(due_at=None)).rowcount == 1

    def pending_count(self) -> int:
        """How many objects of all tenants wait."""
        query = select(func.count()).select_from(received).where(received.c.due_at.is_not(None))
        with self._transactions.read() as connection:
            return connection.execute(query).scalar_one()


def _is_live() -> ColumnElement[bool]:
    """Leaves out the objects of studies in the bin."""
    same_study = (studies.c.tenant == received.c.tenant, studies.c.id == received.c.study)
    return exists().where(*same_study, is_live())


def _is(tenant: str, image: str) -> ColumnElement[bool]:
    return and_(received.c.tenant == tenant, received.c.image == image)
