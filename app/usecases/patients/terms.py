"""Index terms of patients: how a study is found by number, name or accession number without opening it.

A study has a term for the patient's number, one for each beginning of each part of the name, one for the accession
number and one that it shares with the other studies of the patient. Case and accents are ignored.
"""

import re
import unicodedata

from app.records import Examination, Patient
from app.security import BlindIndex

# Longer beginnings are cut, in the index and in a search alike.
LONGEST_PREFIX = 24
_SEPARATORS = re.compile(r"[\s^=,.\-'’]+")


def normalized(text: str) -> str:
    """Text without case, accents and spaces around it."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).strip()


def study_terms(index: BlindIndex, tenant: str, patient: Patient | None, examination: Examination) -> list[bytes]:
    """The index terms of a study."""
    terms = []
    if patient is not None:
        words = {word[:end] for word in _words(patient.name) for end in range(1, min(len(word), LONGEST_PREFIX) + 1)}
        words |= {word[:LONGEST_PREFIX] for word in _words(patient.id or "")}
        terms += [index.label(tenant, "patient", word) for word in sorted(words)]
        terms.append(same_patient_term(index, tenant, patient))
    if examination.accession_number:
        terms.append(accession_term(index, tenant, examination.accession_number))
    return terms


def patient_terms(index: BlindIndex, tenant: str, text: str) -> tuple[bytes, ...]:
    """The terms that a study must have to be found by a number, or by the beginnings of parts of a name."""
    # A text of separators alone is nobody's, and must not find everybody.
    words = _words(text) or ([text] if text.strip() else [])
    return tuple(
        index.label(tenant, "patient", word) for word in dict.fromkeys(word[:LONGEST_PREFIX] for word in words)
    )


def accession_term(index: BlindIndex, tenant: str, number: str) -> bytes:
    """The term of an accession number."""
    return index.label(tenant, "accession", normalized(number))


def study_uid_term(index: BlindIndex, tenant: str, study_uid: str) -> bytes:
    """The term of a Study Instance UID."""
    return index.label(tenant, "study-uid", study_uid)


def same_patient_term(index: BlindIndex, tenant: str, patient: Patient) -> bytes:
    """The term that the studies of one patient share: of the number, or of name and birth date where there is none."""
    if patient.id:
        return index.label(tenant, "same-patient", "id", normalized(patient.id))
    return index.label(tenant, "same-patient", "name", normalized(patient.name), patient.birth_date or "")


def _words(text: str) -> list[str]:
    return [word for word in _SEPARATORS.split(normalized(text)) if word]
