"""How DICOM objects of ours are told: their manufacturer, and UIDs that are derived from what they name."""

import hashlib
import re

from app.records import Study

MANUFACTURER = "Fracture detection (open source)"
# DICOM PS3.5 9.1: components without leading zeros, at most 64 characters.
_UID = re.compile(r"(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))+")


def study_uid_of(study: Study) -> str:
    """The Study Instance UID of a study: that of its files, or one of its own where they have none."""
    stated = study.examination.study_uid
    return stated if is_uid(stated) else derived_uid("study", study.id)


def is_uid(text: str) -> bool:
    """Whether a text has the form of a UID."""
    return _UID.fullmatch(text) is not None


def derived_uid(*parts: str) -> str:
    """A UID that is the same for the same parts, and another one for any other.

    Source: DICOM PS3.5 B.2, UUID-derived UIDs; RFC 9562, version 8, for a UUID made of a digest of one's own.
    """
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16]) & ~(0xF << 76) & ~(0x3 << 62) | (0x8 << 76) | (0x2 << 62)}"
