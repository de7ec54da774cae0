"""Files to measure with."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.config import Limits
from app.errors import DatasetError, FractureError
from app.imaging import decode


@dataclass(frozen=True)
class Sample:
    """One file of the benchmark, as it would arrive; shape_hw is its size once decoded."""

    raw: bytes
    grey: NDArray[np.uint8]

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.grey.shape[0], self.grey.shape[1]


def read_samples(folder: Path, limit: int, size_hw: tuple[int, int] | None = None) -> tuple[list[Sample], int]:
    """At most `limit` radiographs of the folder, by name, of one size where it is given; and how many were unusable.

    Raises:
        DatasetError: there is no such folder, or no usable image in it.
    """
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {folder}.")
    samples: list[Sample] = []
    unusable = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if len(samples) == limit:
            break
        try:
            raw = path.read_bytes()
            grey = decode(raw, Limits()).grey
        except (OSError, FractureError):
            unusable += 1
            continue
        if size_hw in (None, grey.shape):
            samples.append(Sample(raw, grey))
    if not samples:
        raise DatasetError(f"There is no usable image in {folder}.")
    return samples, unusable
