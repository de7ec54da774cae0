"""Change whom a study belongs to, and its label: by a clinician, where the file does not say or is wrong."""

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from app.errors import BadPatient
from app.records import Patient, Person, Study
from app.services import RecordServices
from app.usecases import audit
from app.usecases.sealed_records import open_details, open_study, seal_details
from app.usecases.triage import labeller

LONGEST_NAME = 194
LONGEST_NUMBER = 64
LONGEST_LABEL = 200
_FIRST_YEAR = 1850
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SEXES = ("M", "F", "O")

Unchanged = Literal["unchanged"]


@dataclass(frozen=True)
class Changes:
    """Changes of a study's details; a patient of None removes the present one, a label of None keeps it."""

    patient: Patient | Unchanged | None = "unchanged"
    label: str | None = None


def edit_study(services: RecordServices, person: Person, study_id: str, changes: Changes) -> Study:
    """Apply the changes and return the study.

    Raises:
        StudyNotFound: not in this person's tenant, or deleted meanwhile.
        BadPatient: a value is too long, no text, or no day on which somebody can be born; says which.
    """
    with services.store.begin() as unit:
        row = unit.studies.get(person.tenant, study_id)
        details = open_details(services, row)
        if changes.patient != "unchanged":
            patient = _checked(changes.patient, _today(services)) if changes.patient else None
            details = replace(details, patient=patient, is_typed=True)
        if changes.label is not None:
            details = replace(details, label=_text(changes.label, "label", LONGEST_LABEL))
        sealed = seal_details(services.vault, (row.tenant, row.id), row.wrapped_key, details)
        unit.studies.set_details(person.tenant, study_id, sealed, label=labeller(services, person.tenant))
        audit.record(services, unit, person, "study-details-changed", study_id)
        return open_study(services, unit.studies.get(person.tenant, study_id))


def _today(services: RecordServices) -> date:
    return services.clock().astimezone(services.settings.time_zone).date()


def _checked(patient: Patient, today: date) -> Patient | None:
    """The patient with its texts trimmed; None when nothing is left."""
    checked = Patient(
        name=_text(patient.name, "name", LONGEST_NAME),
        id=_text(patient.id or "", "id", LONGEST_NUMBER) or None,
        birth_date=_birth_date(patient.birth_date or "", today),
        sex=_sex(patient.sex or ""),
    )
    return checked if checked != Patient("") else None


def _text(text: str, field: str, longest: int) -> str:
    stripped = text.strip()
    if len(stripped) > longest:
        raise BadPatient("%(field)s has more than %(count)s characters.", field=field, count=longest)
    if not stripped.isprintable():
        raise BadPatient("%(field)s holds characters that are not text.", field=field)
    return stripped


def _birth_date(text: str, today: date) -> str | None:
    stripped = text.strip()
    if not stripped:
        return None
    try:
        day = date.fromisoformat(stripped) if _DAY.fullmatch(stripped) else date.min
    except ValueError:
        day = date.min
    if not date(_FIRST_YEAR, 1, 1) <= day <= today:
        raise BadPatient("birth_date must be a day that has been, written as 1980-12-31.")
    return day.isoformat()


def _sex(text: str) -> str | None:
    stripped = text.strip().upper()
    if stripped and stripped not in _SEXES:
        raise BadPatient("sex must be M, F or O.")
    return stripped or None
