"""Patient and examination out of DICOM headers, and whether headers name the same patient."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from app.errors import DifferentPatients
from app.records import Examination, Header, Patient
from app.usecases.stored_details import Details

_SEXES = ("M", "F", "O")


def details_of(headers: Iterable[Header | None]) -> Details:
    """Patient and examination of the first file that says them; of images without a header nothing is known.

    Raises:
        DifferentPatients: two headers name different patients.
    """
    found = [header for header in headers if header is not None]
    patients = [patient for patient in map(patient_of, found) if patient is not None]
    check_same(patients)
    examinations = [examination_of(header) for header in found]
    examination = next((one for one in examinations if one != Examination()), Examination())
    return Details(patients[0] if patients else None, examination)


def merged(known: Details, found: Details) -> Details:
    """Details of a study, completed by those of further files.

    Raises:
        DifferentPatients: the files name another patient.
    """
    check_same([patient for patient in (known.patient, found.patient) if patient is not None])
    examination = found.examination if known.examination == Examination() else known.examination
    return replace(known, patient=known.patient or found.patient, examination=examination)


def check_same(patients: Sequence[Patient]) -> None:
    """Check that all of these may be one patient.

    Raises:
        DifferentPatients: two of them differ.
    """
    if any(not may_be_same(one, other) for one in patients for other in patients):
        raise DifferentPatients


def may_be_same(one: Patient, other: Patient) -> bool:
    """Whether nothing tells two patients apart: numbers and birth dates first, names where a number is missing."""
    if one.birth_date and other.birth_date and one.birth_date != other.birth_date:
        return False
    if one.id and other.id:
        return one.id == other.id
    if one.name and other.name:
        return one.name.casefold() == other.name.casefold()
    return True


def patient_of(header: Header) -> Patient | None:
    """The patient of a header; None when it names nobody."""
    name, number = header.patient_name.strip(" ^"), header.patient_id.strip()
    if not name and not number:
        return None
    sex = header.patient_sex if header.patient_sex in _SEXES else None
    return Patient(name, number or None, iso_date(header.patient_birth_date) or None, sex)


def examination_of(header: Header) -> Examination:
    """The examination of a header."""
    return Examination(
        study_uid=header.study_uid,
        accession_number=header.accession_number.strip(),
        study_date=iso_date(header.study_date),
        body_part=next(iter(header.body_parts), ""),
        laterality=header.laterality if header.laterality in ("L", "R", "B") else "",
    )


def iso_date(digits: str) -> str:
    """YYYY-MM-DD of DICOM's YYYYMMDD; "" for anything else, also for a day that no calendar has."""
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        return ""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        return ""
