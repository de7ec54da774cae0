"""What is sealed beside an image comes back as it was."""

import pytest

from app.errors import StoredDataDamaged
from app.records import Assessment, Finding, ModelVersion, Timing
from app.usecases import stored_assessment

READING = Assessment(
    model=ModelVersion("m", "1", "ab" * 32),
    width=100,
    height=50,
    verdict="possible",
    score=0.3,
    findings=(Finding("wrist", 0.3, "possible", (1.0, 2.0, 3.5, 4.0)),),
    timing_ms=Timing(1.0, 2.0, 3.0, 6.0),
    spacing_mm=(0.15, 0.15),
    warnings=("not-a-radiograph",),
)


def test_a_reading_and_its_name_survive_being_written() -> None:
    assert stored_assessment.from_bytes(stored_assessment.to_bytes("Händ.jpg", READING)) == ("Händ.jpg", READING)


@pytest.mark.parametrize("plain", [b"", b"null", b"[]", b"{}", b'{"name": "x", "reading": {}}', b"\xff\xfe"])
def test_other_bytes_are_refused_as_damaged(plain: bytes) -> None:
    with pytest.raises(StoredDataDamaged):
        stored_assessment.from_bytes(plain)
