"""Decisions on studies: closed disagreements and signed reports; ciphertext, deleted with the study."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, insert, select

from app.errors import Conflict, StudyNotFound
from app.storage.database import Transactions
from app.storage.rows import ClosingRow, ReportRow, is_storable
from app.storage.studies.study_rows import hold_study
from app.storage.tables import closings, reports
from app.storage.worklist.index import Labeller, index_study


class Decisions:
    """The closings and reports of every tenant; another tenant's are not found."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def close(self, tenant: str, new: ClosingRow, *, label: Labeller | None = None) -> None:
        """Keep that a disagreement was closed.

        Raises:
            StudyNotFound: not in this tenant, or deleted meanwhile.
        """
        row = {name: value for name, value in vars(new).items() if name != "person_name"}
        with self._transactions.write() as connection:
            hold_study(connection, tenant, new.study)
            connection.execute(insert(closings).values(tenant=tenant, **row))
            index_study(connection, tenant, new.study, label)

    def add_report(self, tenant: str, new: ReportRow) -> None:
        """Keep a signed report.

        Raises:
            StudyNotFound: not in this tenant, or deleted meanwhile.
            Conflict: another version was signed meanwhile.
        """
        with self._transactions.write() as connection:
            hold_study(connection, tenant, new.study)
            newest = select(func.coalesce(func.max(reports.c.version), 0))
            newest = newest.where(reports.c.tenant == tenant, reports.c.study == new.study)
            if connection.execute(newest).scalar_one() != new.version - 1:
                raise Conflict("Another version of this report was signed meanwhile.")
            connection.execute(insert(reports).values(tenant=tenant, **vars(new)))

    def reports(self, tenant: str, study_id: str) -> tuple[ReportRow, ...]:
        """The signed reports of a study, oldest first; none for a study that is not there."""
        if not is_storable(tenant + study_id):
            raise StudyNotFound
        query = select(reports).where(reports.c.tenant == tenant, reports.c.study == study_id)
        with self._transactions.read() as connection:
            rows: Sequence[Row[Any]] = connection.execute(query.order_by(reports.c.version)).all()
        return tuple(ReportRow(row.id, row.study, row.version, row.person, row.created_at, row.sealed) for row in rows)
