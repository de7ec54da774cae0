"""Decoded radiographs for training and evaluation, with the decoder that serves."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.config import Limits
from app.errors import DatasetError, FractureError
from app.imaging import decode
from app.imaging.geometry import resize
from app.records import Radiograph

_LIMITS = Limits()


def load_grey(path: Path) -> NDArray[np.uint8]:
    """Decode the image at `path`: (H, W) uint8, upright, bone bright.

    Raises:
        DatasetError: as `load_radiograph`.
    """
    return load_radiograph(path).grey


def load_radiograph(path: Path) -> Radiograph:
    """Decode the radiograph at `path`.

    Raises:
        DatasetError: the file cannot be read or decoded; the message names it.
    """
    try:
        return decode(path.read_bytes(), _LIMITS)
    except OSError:
        raise DatasetError(f"The image {path} cannot be read.") from None
    except FractureError as error:
        raise DatasetError(f"The image {path} cannot be used: {error}") from None


def shrink_to(grey: NDArray[np.uint8], longest_px: int) -> tuple[NDArray[np.uint8], float]:
    """The image with its long side at most `longest_px`, and the factor by which it shrank (1 when it did not)."""
    height, width = grey.shape
    factor = min(1.0, longest_px / max(height, width))
    if factor == 1.0:
        return grey, 1.0
    return resize(grey, (max(1, round(width * factor)), max(1, round(height * factor)))), factor
