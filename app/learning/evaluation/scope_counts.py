"""Count what the content checks do: radiographs must pass them, images of anything else must not."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.imaging import assess_content
from app.imaging.geometry import apply_curve
from app.learning.datasets.images import load_radiograph
from app.learning.evaluation.outside import of_grey, outsiders

Grey = NDArray[np.uint8]
Progress = Callable[[int, int], None]

_LOW, _HIGH, _GAMMA = 40, 200, 0.8
_CROPPED = 0.7


def count_radiographs(paths: Sequence[Path], progress: Progress | None = None) -> Counter[str]:
    """Of the radiographs at `paths`, how many are assessed: "as-is" and in every variant, and "images" in all.

    Raises:
        DatasetError: one cannot be decoded.
    """
    counts: Counter[str] = Counter()
    for done, path in enumerate(paths, start=1):
        radiograph = load_radiograph(path)
        counts["images"] += 1
        counts["as-is"] += assess_content(radiograph) is None
        for name, change in VARIANTS.items():
            counts[name] += assess_content(of_grey(change(radiograph.grey))) is None
        if progress:
            progress(done, len(paths))
    return counts


def count_outsiders(seed: int) -> tuple[Counter[str], Counter[str]]:
    """How many images of each kind of the collection are refused, and how many there are."""
    refused: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for one in outsiders(seed):
        of[one.kind] += 1
        refused[one.kind] += assess_content(one.radiograph) is not None
    return refused, of


def _windowed(grey: Grey) -> Grey:
    shown = np.clip((np.arange(256.0) - _LOW) / (_HIGH - _LOW), 0, 1) ** _GAMMA
    return apply_curve(grey, (shown * 255).round().astype(np.uint8))


def _cropped(grey: Grey) -> Grey:
    height, width = (int(side * _CROPPED) for side in grey.shape)
    top, left = (grey.shape[0] - height) // 2, (grey.shape[1] - width) // 2
    return grey[top : top + height, left : left + width]


VARIANTS: dict[str, Callable[[Grey], Grey]] = {
    "turned": lambda grey: np.ascontiguousarray(np.rot90(grey)),
    "inverted": lambda grey: 255 - grey,
    "windowed": _windowed,
    "cropped": _cropped,
}
