"""The plain text of sealed feedback: marks, normal or not, and the comment, as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from app.errors import StoredDataDamaged
from app.records import Mark


@dataclass(frozen=True)
class FeedbackContent:
    """The content of feedback, without its reader and time."""

    marks: tuple[Mark, ...]
    normal: bool
    comment: str


def to_bytes(content: FeedbackContent) -> bytes:
    """UTF-8 JSON of the content."""
    return json.dumps(asdict(content), separators=(",", ":")).encode()


def from_bytes(plain: bytes) -> FeedbackContent:
    """The content of `to_bytes`.

    Raises:
        StoredDataDamaged: the bytes were not written by `to_bytes`.
    """
    try:
        fields = json.loads(plain)
        return FeedbackContent(tuple(_mark(**mark) for mark in fields["marks"]), fields["normal"], fields["comment"])
    except (ValueError, KeyError, TypeError):
        raise StoredDataDamaged from None


def _mark(region: str, box_px: Sequence[float], answer: str) -> Mark:
    x1, y1, x2, y2 = box_px
    if answer not in ("confirmed", "rejected", "missed"):
        raise ValueError(answer)
    return Mark(region, (x1, y1, x2, y2), answer)  # type: ignore[arg-type]  # mypy does not narrow by `in`
