"""The plain text of the sealed details of a study: patient, examination and label, as JSON."""

import json
from dataclasses import asdict, dataclass, field

from app.errors import StoredDataDamaged
from app.records import Examination, Patient


@dataclass(frozen=True)
class Details:
    """Details of a study; `is_typed` when a clinician typed the patient or changed it."""

    patient: Patient | None = None
    examination: Examination = field(default_factory=Examination)
    label: str = ""
    is_typed: bool = False


def to_bytes(details: Details) -> bytes:
    """UTF-8 JSON of the details."""
    return json.dumps(asdict(details), separators=(",", ":")).encode()


def from_bytes(plain: bytes) -> Details:
    """The details of `to_bytes`.

    Raises:
        StoredDataDamaged: the bytes were not written by `to_bytes`.
    """
    try:
        fields = json.loads(plain)
        patient = Patient(**fields["patient"]) if fields["patient"] else None
        return Details(patient, Examination(**fields["examination"]), fields["label"], fields["is_typed"])
    except (ValueError, KeyError, TypeError):
        raise StoredDataDamaged from None
