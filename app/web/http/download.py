"""Files that a browser saves, and the names that they get."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import Response, make_response

from app.reports import Wording
from app.usecases.feedback.readers import ReaderAgreement

_FORMULA_SIGNS = "=+-@\t\r"


def pdf_answer(body: bytes, name: str, wording: Wording) -> Response:
    """A report in the language that it was written in; `name` holds letters, digits, dots and dashes."""
    answer = make_response(body)
    answer.mimetype = "application/pdf"
    answer.headers["Content-Language"] = wording.tag
    answer.headers["Content-Disposition"] = f'attachment; filename="report-{name}.pdf"'
    return answer


def dicom_answer(body: bytes, name: str) -> Response:
    """One DICOM object (PS3.18 8.7.3.1 for the media type)."""
    answer = make_response(body)
    answer.mimetype = "application/dicom"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.dcm"'
    return answer


def text_answer(body: str, mimetype: str) -> Response:
    """A text in UTF-8."""
    answer = make_response(body)
    answer.headers["Content-Type"] = f"{mimetype}; charset=utf-8"
    return answer


def csv_answer(rows: Iterable[Sequence[object]], name: str) -> Response:
    """A table for a spreadsheet; a cell that a spreadsheet would take for a formula is kept as text."""
    out = io.StringIO()
    csv.writer(out).writerows([_cell(cell) for cell in row] for row in rows)
    answer = text_answer(out.getvalue(), "text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def agreement_rows(readers: ReaderAgreement) -> Iterator[tuple[object, ...]]:
    """The software against the readers by month, then the pairs of readers."""
    yield "month", "fractures", "fractures_marked", "normals", "normals_marked", "sensitivity", "false_alarms"
    for one in readers.months:
        yield *vars(one).values(), _rounded(one.sensitivity), _rounded(one.false_alarms)
    yield ()
    yield "first_reader", "second_reader", "images", "agreed", "kappa"
    for pair in readers.pairs:
        yield pair.first, pair.second, pair.images, pair.agreed, _rounded(pair.kappa)


def _rounded(share: float | None) -> float | str:
    return "" if share is None else round(share, 4)


def _cell(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in _FORMULA_SIGNS and cell else cell
