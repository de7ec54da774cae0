"""Whether a grey curve shows anything of an image: a floor under its contrast."""

from collections.abc import Callable

import numpy as np

from app.imaging.display.window import Values, ramp, stretch_limits

# Greys between the darkest and the brightest hundredth of the pixels: fewer of them look like one even sheet.
_LEAST_SPREAD = 32.0
_MOST_CLIPPED_SHARE = 0.97
_DARKEST, _BRIGHTEST = 1.0, 254.0
_MOST_SAMPLES = 100_000


def tells_apart(curve: Callable[[Values], Values], sample: Values) -> bool:
    """Whether a curve shows at least two greys, where the values differ at all."""
    return bool(sample.min() == sample.max() or np.ptp(curve(sample)) >= 1.0)


def shows_something(curve: Callable[[Values], Values], sample: Values) -> bool:
    """Whether a curve to 0–255 tells the values of an image apart, as far as percentiles of them could.

    sample: values of the patient's pixels, in the units of the curve.
    """
    values = sample[:: max(1, sample.size // _MOST_SAMPLES)]
    if values.min() == values.max():
        return True
    grey = curve(values)
    low, high = stretch_limits(values)
    best = ramp(values, low, high)
    is_flat = _spread(grey) < min(_LEAST_SPREAD, _spread(best)) or np.ptp(grey) < 1
    is_clipped = _clipped(grey) > _MOST_CLIPPED_SHARE and _clipped(best) < 0.5
    return not (is_flat or is_clipped)


def _spread(grey: Values) -> float:
    low, high = np.percentile(grey, (1, 99))
    return float(high - low)


def _clipped(grey: Values) -> float:
    return float(np.mean((grey < _DARKEST) | (grey > _BRIGHTEST)))
