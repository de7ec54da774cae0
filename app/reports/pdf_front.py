"""Page one of a report: whose examination, what was decided, by whom; then the signature."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.platypus import KeepTogether, Spacer, Table  # type: ignore[import-untyped]

from app.records import Study
from app.reports.pdf_sheet import INK, MUTED, TEXT_WIDTH_PT
from app.reports.pdf_style import HEADING, LABEL, SMALL, STRONG, TIGHT, WARNED, paragraph
from app.reports.wording import Wording
from app.reports.words import outcome_title, patient_name, sex_words, side_words
from app.translatable import N_

DECLARATION = N_(
    "I have looked at the radiographs myself. Verdicts and confidences of the software are in the appendix; "
    "the conclusion and the assessment are mine."
)
_CONCLUSION = ParagraphStyle("conclusion", STRONG, fontSize=12, leading=16)


@dataclass(frozen=True)
class Signature:
    """Signature of a report: person and time; `version` counts from 1, a later one replaces the one before."""

    name: str
    at: datetime
    version: int


def facts(study: Study, reader: str, made_at: datetime, wording: Wording) -> Table:
    """Patient, examination, readers, and when the report was made."""
    rows = list(_patient(study, wording))
    is_known = any(value for _, value in rows)
    rows += list(_examination(study, wording))
    rows += [
        (wording.gettext("Study"), study.id),
        (wording.gettext("Received"), wording.time(study.created_at)),
        (wording.gettext("Reader"), reader),
        (wording.gettext("Report made"), wording.time(made_at)),
    ]
    cells = [[paragraph(label, LABEL), paragraph(value)] for label, value in rows]
    # A patient who is not known is a line to be filled in.
    to_fill_in = [] if is_known else [("LINEBELOW", (1, 0), (1, 0), 0.5, MUTED), ("VALIGN", (0, 0), (0, 0), "BOTTOM")]
    heights = [None if is_known else 9 * mm, *[None] * (len(rows) - 1)]
    return Table(cells, [50 * mm, TEXT_WIDTH_PT - 50 * mm], heights, style=[*TIGHT, *to_fill_in], hAlign="LEFT")


def conclusion(study: Study, verdict: str, wording: Wording) -> list[Any]:
    """The readers' decision; where there is none yet, that there is none. `verdict` is the software's, in words."""
    heading = paragraph(wording.gettext("Conclusion"), HEADING)
    software = paragraph(wording.gettext("Software: %(verdict)s", verdict=verdict), SMALL)
    decision = study.decision
    if decision is None:
        undecided = ParagraphStyle("undecided", _CONCLUSION, textColor=WARNED)
        return [KeepTogether([heading, paragraph(wording.gettext("Not decided by a reader yet"), undecided), software])]
    names = ", ".join(decision.readers)
    by = wording.gettext("Decided by %(names)s", names=names)
    if decision.closed_by:
        by = wording.gettext("Closed by %(name)s", name=decision.closed_by)
    parts = [heading, paragraph(outcome_title(decision.outcome, wording), _CONCLUSION)]
    parts.append(paragraph(f"{by}, {wording.time(decision.at)}"))
    parts += [paragraph(line) for line in decision.comment.splitlines()]
    return [KeepTogether([*parts, software])]


def signature(reader: str, signed: Signature | None, wording: Wording) -> KeepTogether:
    """The declaration with who signed it and when, or a line to sign on."""
    if signed is not None:
        words = wording.gettext("Signed electronically by %(name)s", name=signed.name)
        line = f"{words}, {wording.time(signed.at)}"
        version = wording.gettext("Version %(number)s", number=signed.version)
        if signed.version > 1:
            version += ". " + wording.gettext("It replaces version %(number)s.", number=signed.version - 1)
        parts = [paragraph(wording.gettext(DECLARATION)), Spacer(0, 6), paragraph(line, STRONG), paragraph(version)]
        return KeepTogether([Spacer(0, 10), *parts])
    gap = 8 * mm
    widths = [TEXT_WIDTH_PT - 50 * mm - gap, gap, 50 * mm]
    names = [paragraph(reader), "", paragraph(wording.gettext("Date"))]
    roles = [paragraph(wording.gettext("Reader: name and signature"), SMALL), "", ""]
    ruled = [("LINEABOVE", (0, 0), (0, 0), 0.7, INK), ("LINEABOVE", (2, 0), (2, 0), 0.7, INK)]
    table = Table([names, roles], widths, style=[*TIGHT, *ruled])
    return KeepTogether([Spacer(0, 10), paragraph(wording.gettext(DECLARATION)), Spacer(0, 16 * mm), table])


def _patient(study: Study, wording: Wording) -> Iterator[tuple[str, str]]:
    patient = study.patient
    yield wording.gettext("Patient"), patient_name(patient) if patient else ""
    if patient and patient.id:
        yield wording.gettext("Patient number"), patient.id
    if patient and (patient.birth_date or patient.sex):
        parts = (patient.birth_date or "", sex_words(patient.sex or "", wording))
        yield wording.gettext("Born"), ", ".join(part for part in parts if part)


def _examination(study: Study, wording: Wording) -> Iterator[tuple[str, str]]:
    examination = study.examination
    site = " ".join(part for part in (examination.body_part, side_words(examination.laterality, wording)) if part)
    examined = ", ".join(part for part in (site, examination.study_date, study.label) if part)
    if examined:
        yield wording.gettext("Examination"), examined
    if examination.accession_number:
        yield wording.gettext("Accession"), examination.accession_number
