"""The plain text of what is sealed beside an image: its file name and its assessment, as JSON."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.errors import StoredDataDamaged
from app.records import Assessment, Finding, ModelVersion, Overruled, Timing


def to_bytes(name: str, assessment: Assessment) -> bytes:
    """UTF-8 JSON of a file name and an assessment."""
    content = {"name": name, "reading": asdict(assessment)}
    return json.dumps(content, separators=(",", ":"), default=_time_text).encode()


def from_bytes(plain: bytes) -> tuple[str, Assessment]:
    """The name and the assessment of `to_bytes`.

    Raises:
        StoredDataDamaged: the bytes were not written by `to_bytes`.
    """
    try:
        stored = json.loads(plain)
        return stored["name"], _assessment(stored["reading"])
    except (ValueError, KeyError, TypeError):
        raise StoredDataDamaged from None


def _time_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError


def _assessment(fields: dict[str, Any]) -> Assessment:
    spacing = fields["spacing_mm"]
    return Assessment(
        model=ModelVersion(**fields["model"]),
        width=fields["width"],
        height=fields["height"],
        verdict=fields["verdict"],
        score=fields["score"],
        findings=tuple(_finding(finding) for finding in fields["findings"]),
        timing_ms=Timing(**fields["timing_ms"]),
        spacing_mm=(spacing[0], spacing[1]) if spacing else None,
        warnings=tuple(fields["warnings"]),
        other_findings=tuple(_finding(finding) for finding in fields.get("other_findings", ())),
        reason=fields.get("reason"),
        overruled=_overruled(fields.get("overruled")),
    )


def _overruled(fields: dict[str, Any] | None) -> Overruled | None:
    if fields is None:
        return None
    return Overruled(fields["person_id"], fields["person_name"], datetime.fromisoformat(fields["at"]))


def _finding(fields: dict[str, Any]) -> Finding:
    x1, y1, x2, y2 = fields["box_px"]
    return Finding(fields["region"], fields["confidence"], fields["tier"], (x1, y1, x2, y2))
