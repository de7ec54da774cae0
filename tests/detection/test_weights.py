"""Weights are what model.json says, or are not used."""

import hashlib
from pathlib import Path

import pytest

from app.detection.engines.weights import read_weights
from app.detection.spec import WeightsFile
from app.errors import ModelError

CONTENT = b"weights" * 1000


@pytest.fixture
def file(tmp_path: Path) -> WeightsFile:
    path = tmp_path / "tiny.bin"
    path.write_bytes(CONTENT)
    return WeightsFile(path, hashlib.sha256(CONTENT).hexdigest())


def test_the_checked_content_is_returned(file: WeightsFile) -> None:
    assert read_weights(file) == CONTENT


def test_one_flipped_bit_is_refused(file: WeightsFile) -> None:
    file.path.write_bytes(CONTENT[:500] + bytes([CONTENT[500] ^ 1]) + CONTENT[501:])
    with pytest.raises(ModelError, match=r"tiny\.bin is damaged or altered"):
        read_weights(file)


def test_a_truncated_file_is_refused(file: WeightsFile) -> None:
    file.path.write_bytes(CONTENT[:-1])
    with pytest.raises(ModelError, match="damaged or altered"):
        read_weights(file)


def test_a_missing_file_is_named(file: WeightsFile) -> None:
    file.path.unlink()
    with pytest.raises(ModelError, match=r"tiny\.bin is missing"):
        read_weights(file)
