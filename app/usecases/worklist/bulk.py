"""Do one thing to several studies: what cannot be done to one of them is said, and the others are done."""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.errors import BadRequest, FractureError, StudyHeld, StudyNotFound
from app.records import Person
from app.reports import ENGLISH, Wording
from app.services import RecordServices, Services
from app.usecases.reports.report import report_pdf
from app.usecases.studies.bin import delete_study
from app.usecases.worklist.mark_read import mark_read, mark_unread

MOST_STUDIES = 100
# Each is made while the reader waits, and all of them are held in memory until they are sent.
MOST_REPORTS = 20
NOT_INCLUDED = "not-included.txt"


@dataclass(frozen=True)
class Outcome:
    """Result of a bulk action: ids that were done, and ids that are not there any more."""

    done: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True)
class Deletion(Outcome):
    """Result of deleting: `held` are ids under a legal hold, `at` is the moment that `undo` takes."""

    held: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class Reports:
    """A ZIP file of reports, each `report-ID.pdf`; `failed` says why others are not in it, as does a text inside."""

    archive: bytes
    made: tuple[str, ...]
    failed: tuple[tuple[str, FractureError], ...]


def delete_studies(services: Services, person: Person, study_ids: Sequence[str]) -> Deletion:
    """Move the studies of these ids into the bin.

    Raises:
        BadRequest: none, or more than 100.
    """
    at, held = services.clock(), []

    def delete(study_id: str) -> None:
        try:
            delete_study(services, person, study_id, at)
        except StudyHeld:
            held.append(study_id)

    outcome = _each(study_ids, delete)
    done = tuple(study_id for study_id in outcome.done if study_id not in held)
    return Deletion(done, outcome.gone, tuple(held), at)


def mark_studies(services: RecordServices, person: Person, study_ids: Sequence[str], *, as_read: bool) -> Outcome:
    """Mark the studies of these ids as read, or as unread.

    Raises:
        BadRequest: none, or more than 100.
    """
    mark = mark_read if as_read else mark_unread
    return _each(study_ids, lambda study_id: mark(services, person, study_id))


def report_studies(services: Services, person: Person, study_ids: Sequence[str], wording: Wording = ENGLISH) -> Reports:
    """The reports of the studies of these ids, in memory and in one language.

    Raises:
        BadRequest: none, or more than 20.
    """
    made: list[str] = []
    failed: list[tuple[str, FractureError]] = []
    archive = io.BytesIO()
    # PDF files are compressed already.
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for study_id in _checked(study_ids, MOST_REPORTS):
            try:
                file.writestr(f"report-{study_id}.pdf", report_pdf(services, person, study_id, wording=wording))
                made.append(study_id)
            except FractureError as failure:
                failed.append((study_id, failure))
        if failed:
            file.writestr(NOT_INCLUDED, "".join(f"{study_id}: {_reason(why, wording)}\r\n" for study_id, why in failed))
    return Reports(archive.getvalue(), tuple(made), tuple(failed))


def _reason(failure: FractureError, wording: Wording) -> str:
    return wording.gettext(failure.template, **failure.values)


def _each(study_ids: Sequence[str], do: Callable[[str], None]) -> Outcome:
    done, gone = [], []
    for study_id in _checked(study_ids, MOST_STUDIES):
        try:
            do(study_id)
            done.append(study_id)
        except StudyNotFound:
            gone.append(study_id)
    return Outcome(tuple(done), tuple(gone))


def _checked(study_ids: Sequence[str], most: int) -> tuple[str, ...]:
    once = tuple(dict.fromkeys(study_ids))
    if not once:
        raise BadRequest("Choose at least one study.")
    if len(once) > most:
        raise BadRequest("At most %(most)s studies can be chosen at once for this.", most=most)
    return once
