"""The values of a radiograph before its window: counted once, shown through any window by one lookup a pixel."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from app.imaging.display.window import Values, Window, ramp, stretch, stretch_limits, to_uint8
from app.records import Levels, NamedWindow, Radiograph, WindowKind

Grey = NDArray[np.uint8]
Index = NDArray[np.uint8] | NDArray[np.uint16]

_MOST_VALUES = 1 << 16
_MOST_SAMPLES = 1_000_000
# Air, lead and the rim outside the collimator are shown nearly black, and say nothing about the patient.
_LEAST_GREY_OF_PATIENT = 8
# Shares of the patient's pixels, from dark to bright, between which each kind of tissue lies on a radiograph.
_TISSUES_PERCENT: tuple[tuple[WindowKind, float, float], ...] = (("bone", 50.0, 99.8), ("soft", 1.0, 75.0))


def count_values(pixels: NDArray[np.generic]) -> tuple[Index, Values]:
    """Any (H, W) numbers as an index of at most 65536 values, and the value of each index.

    Integers that lie closer together than that keep their exact value; others are rounded to 65536 even steps.
    """
    native = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    if native.dtype in (np.uint8, np.uint16):
        return native, np.arange(1 << 8 * native.dtype.itemsize, dtype=np.float64)
    low, high = _extremes(native)
    if native.dtype.kind in "iu" and high - low < _MOST_VALUES:
        return (native.astype(np.int64) - int(low)).astype(np.uint16), np.arange(low, high + 1, dtype=np.float64)
    step = (high - low) / (_MOST_VALUES - 1) or 1.0
    finite = np.nan_to_num(native.astype(np.float64), nan=low, posinf=high, neginf=low)
    values = low + step * np.arange(_MOST_VALUES, dtype=np.float64)
    return np.rint((finite - low) / step).astype(np.uint16), np.asarray(values, np.float64)


def look_up(table: Grey, index: Index) -> Grey:
    """`table[index]`, (H, W) uint8; `table` has at least as many entries as `index` has values."""
    full = np.zeros(1 << 8 * index.dtype.itemsize, np.uint8)
    full[: len(table)] = table[: len(full)]
    # OpenCV reads 16-bit indices as they are, where numpy makes 64-bit ones first: a sixth of the time.
    return np.asarray(cv2.LUT(np.ascontiguousarray(index), full.reshape(1, -1)), np.uint8)


def stretched(
    pixels: NDArray[np.generic], is_inverted: bool = False, background: int | None = None
) -> tuple[Grey, Levels]:
    """(H, W) numbers without a window of their own, shown: robust percentiles become 0 and 255.

    background: a value that is black, whatever the others are.
    """
    index, values = count_values(pixels)
    low, high = stretch_limits(pixels)
    table = to_uint8(ramp(values, low, high))
    if background is not None:
        table[values == background] = 0
    if is_inverted:
        table = 255 - table
    levels = Levels(index, values, table, is_inverted, "LINEAR_EXACT", between("shown", low, high))
    if is_exact(pixels, levels):
        return look_up(table, index), levels
    grey = stretch(pixels)
    return 255 - grey if is_inverted else grey, levels


def is_exact(pixels: NDArray[np.generic], levels: Levels) -> bool:
    """Whether every value of the image has an index of its own."""
    return pixels.dtype.kind in "iu" and (pixels.dtype.itemsize <= 2 or len(levels.units) < _MOST_VALUES)


def levels_of(radiograph: Radiograph) -> Levels:
    """The levels of any radiograph; an image of 8 bits is its own."""
    if radiograph.levels is not None:
        return radiograph.levels
    values = np.arange(256, dtype=np.float64)
    return Levels(
        radiograph.grey, values, to_uint8(values), False, "LINEAR_EXACT", NamedWindow("shown", "", 127.5, 255.0)
    )


def windowed(levels: Levels, centre: float | None = None, width: float | None = None, invert: bool = False) -> Grey:
    """The radiograph through a window in units after the modality LUT: (H, W) uint8.

    What is not given is as in the window first shown; with neither it is the image first shown. invert: the other
    way round than it is shown at first.

    width: at least `least_width(levels)`.
    Source: DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3.
    """
    table = levels.table
    if centre is not None or width is not None:
        shown = levels.shown
        window = Window(
            shown.centre if centre is None else centre, shown.width if width is None else width, levels.function
        )
        light = window.apply(levels.units)
        table = to_uint8(255.0 - light if levels.is_inverted else light)
    return look_up(255 - table if invert else table, levels.index)


def least_width(levels: Levels) -> float:
    """The narrowest window that has a meaning. Source: DICOM PS3.3 C.11.2.1.2.1 for LINEAR."""
    return 1.0 if levels.function == "LINEAR" else 1e-3


def value_range(levels: Levels) -> tuple[float, float]:
    """The lowest and the highest value of the image, in units."""
    one, other = (float(levels.units[int(end)]) for end in (levels.index.min(), levels.index.max()))
    return min(one, other), max(one, other)


def presets(levels: Levels) -> tuple[NamedWindow, ...]:
    """The windows to choose from: as shown at first, those of the file, the full range, bone and soft tissue.

    A radiograph has no units that tell tissues apart, as CT has: bone and soft tissue are percentiles of what is not
    background.
    """
    step = max(1, int(np.sqrt(levels.index.size / _MOST_SAMPLES)))
    sample = levels.index[::step, ::step].ravel()
    units = levels.units[sample]
    windows = [levels.shown, *levels.of_file, between("full", float(units.min()), float(units.max()))]
    patient = units[levels.table[sample] >= _LEAST_GREY_OF_PATIENT]
    if patient.size:
        for kind, dark, bright in _TISSUES_PERCENT:
            shares = (100 - bright, 100 - dark) if levels.is_inverted else (dark, bright)
            windows.append(between(kind, *(float(share) for share in np.percentile(patient, shares))))
    least = least_width(levels)
    return tuple(window for window in windows if window.width >= least)


def between(kind: WindowKind, low: float, high: float) -> NamedWindow:
    """The window from `low` to `high`."""
    return NamedWindow(kind, "", (low + high) / 2, high - low)


def nearest_window(curve: Callable[[Values], Values], values: Values) -> NamedWindow:
    """The window nearest to a curve that is none: from where it leaves its darkest to where it nears its brightest."""
    shown = curve(values)
    dark, bright = float(shown.min()), float(shown.max())
    inside = values[(shown > dark + 0.01 * (bright - dark)) & (shown < bright - 0.01 * (bright - dark))]
    ends = inside if inside.size else values
    return between("shown", float(ends.min()), float(ends.max()))


def _extremes(pixels: NDArray[np.generic]) -> tuple[float, float]:
    if pixels.dtype.kind == "f":
        finite = pixels[np.isfinite(pixels)]
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return float(pixels.min()), float(pixels.max())
