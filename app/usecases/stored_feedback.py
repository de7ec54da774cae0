"""The plain text of what is sealed of a reader's answer: marks, normal or not, and the comment, as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from app.errors import StoredDataDamaged
from app.records import Feedback, Mark
from app.security import AssociatedData, Vault
from app.storage import FeedbackRow, NewFeedback


@dataclass(frozen=True)
class Said:
    """What an answer says, without who and when."""

    marks: tuple[Mark, ...]
    normal: bool
    comment: str


def associated_data_of(tenant: str, row: NewFeedback) -> AssociatedData:
    """Where an answer belongs: it opens for its own image and its own reader only."""
    return AssociatedData(tenant, row.study, "feedback", f"{row.image}/{row.id}/{row.person}")


def open_row(vault: Vault, tenant: str, wrapped_key: bytes, row: FeedbackRow) -> Feedback:
    """The feedback of a row of ciphertext.

    Raises:
        StoredDataDamaged: it does not open, or was not written by `to_bytes`.
    """
    said = from_bytes(vault.open(row.sealed, wrapped_key, associated_data_of(tenant, row)))
    return Feedback(row.id, row.image, row.person, row.person_name, row.created_at, **vars(said))


def to_bytes(said: Said) -> bytes:
    """UTF-8 JSON of an answer."""
    return json.dumps(asdict(said), separators=(",", ":")).encode()


def from_bytes(plain: bytes) -> Said:
    """The answer of `to_bytes`.

    Raises:
        StoredDataDamaged: the bytes were not written by `to_bytes`.
    """
    try:
        fields = json.loads(plain)
        return Said(tuple(_mark(**mark) for mark in fields["marks"]), fields["normal"], fields["comment"])
    except (ValueError, KeyError, TypeError):
        raise StoredDataDamaged from None


def _mark(region: str, box_px: Sequence[float], answer: str) -> Mark:
    x1, y1, x2, y2 = box_px
    if answer not in ("confirmed", "rejected", "missed"):
        raise ValueError(answer)
    return Mark(region, (x1, y1, x2, y2), answer)  # type: ignore[arg-type]  # mypy does not narrow by `in`
