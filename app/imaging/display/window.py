"""From stored values to 0–255 for a screen: modality LUT, VOI LUT or window, inversion; pure arithmetic on arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.records import WindowFunction

Values = NDArray[np.float64]

# Half a per cent on each side: a lead marker or a dead pixel no longer decides the contrast.
_TAILS_PERCENT = (0.5, 99.5)
_MOST_SAMPLES = 1_000_000


@dataclass(frozen=True, eq=False)
class Lut:
    """A lookup table: `entries[0]` is for values up to `first`, the last entry for all values beyond the table.

    entries: (N,) float64, each 0 … 2**bits − 1.
    Source: DICOM PS3.3 C.11.1.1.1 and C.11.2.1.1.
    """

    first: int
    bits: int
    entries: Values

    def apply(self, values: Values) -> Values:
        """Look up every value; same shape, in units of the entries."""
        index = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1)
        return np.asarray(self.entries[index.astype(np.intp)], np.float64)


@dataclass(frozen=True)
class Window:
    """A VOI window in units after the modality LUT; valid only where `is_valid` says so."""

    centre: float
    width: float
    function: WindowFunction = "LINEAR"

    def is_valid(self) -> bool:
        """Whether the standard gives this window a meaning: LINEAR needs a width of at least 1, the others above 0."""
        least = 1.0 if self.function == "LINEAR" else np.finfo(np.float64).tiny
        return bool(np.isfinite(self.centre) and np.isfinite(self.width) and self.width >= least)

    def apply(self, values: Values) -> Values:
        """Map values to 0–255, same shape.

        Source: DICOM PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT).
        """
        if self.function == "SIGMOID":
            with np.errstate(over="ignore"):
                exponent = np.clip(-4.0 * (values - self.centre) / self.width, -700.0, 700.0)
            return np.asarray(255.0 / (1.0 + np.exp(exponent)), np.float64)
        if self.function == "LINEAR_EXACT":
            return ramp(values, self.centre - self.width / 2, self.centre + self.width / 2)
        low = self.centre - 0.5 - (self.width - 1) / 2
        return ramp(values, low, low + self.width - 1)


def ramp(values: Values, low: float, high: float) -> Values:
    """0 up to `low`, 255 beyond `high`, a straight line between; a step after `low` where the two are equal."""
    if high <= low:
        return np.where(values > low, 255.0, 0.0)
    return (np.clip(values, low, high) - low) * 255.0 / (high - low)


def stretch_limits(pixels: NDArray[np.generic]) -> tuple[float, float]:
    """The (low, high) between which nearly all finite values of an image lie; (0, 0) where none is finite.

    Works on a sample of a large image. Falls back to the extremes where the percentiles coincide, so that a small
    bright object on an even background stays visible.
    """
    step = max(1, int(np.sqrt(pixels.size / _MOST_SAMPLES)))
    sample = (pixels[::step, ::step] if pixels.ndim == 2 else pixels).astype(np.float64)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return 0.0, 0.0
    low, high = np.percentile(sample, _TAILS_PERCENT)
    if low == high:
        return float(pixels.min()), float(pixels.max())
    return float(low), float(high)


def stretch(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """An image of any depth, (H, W) or (H, W, 3), as uint8 of the same shape: robust percentiles become 0 and 255.

    An image of one value becomes black; what is not finite becomes black.
    """
    low, high = stretch_limits(pixels)
    if pixels.dtype.kind == "u" and pixels.dtype.itemsize <= 2:
        every = np.arange(1 << 8 * pixels.dtype.itemsize, dtype=np.float64)
        return np.take(to_uint8(ramp(every, low, high)), pixels.astype(np.uint16, copy=False))
    return to_uint8(ramp(np.nan_to_num(pixels.astype(np.float64), nan=low), low, high))


def to_uint8(shown: Values) -> NDArray[np.uint8]:
    """Round values of 0–255 to the nearest uint8."""
    return np.rint(shown).astype(np.uint8)
