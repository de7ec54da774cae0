"""95 % intervals: Wilson for counted shares, a bootstrap over images for everything else.

Images are drawn, not boxes: boxes of one image are not independent. A resample is a row of counts, how often each
image was drawn, so that a thousand resamples are a few matrix operations instead of a thousand evaluations.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Interval = tuple[float, float]

Z_95 = 1.959963984540054
_CHUNK = 50


def wilson(successes: int, trials: int) -> Interval | None:
    """The 95 % score interval of a share; None without trials.

    Source: Wilson, JASA 22 (1927) 209–212.
    """
    if trials == 0:
        return None
    share, z2 = successes / trials, Z_95**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z_95 / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    # At 0 and at all successes the formula is exact only up to rounding.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high


def draw(image_count: int, resamples: int, seed: int) -> Counts:
    """(B, I) counts: how often each of I images was drawn in each of B resamples of I images."""
    if image_count == 0:
        return np.zeros((resamples, 0), np.int64)
    generator = np.random.default_rng(seed)
    shares = np.full(image_count, 1.0 / image_count)
    return generator.multinomial(image_count, shares, size=resamples).astype(np.int64)


def bootstrap(statistic: Callable[[Counts], Floats], counts: Counts) -> tuple[Interval | None, ...]:
    """The 2.5th and 97.5th percentile of every column of `statistic` over the resamples `counts`, (B, I).

    `statistic` takes (b, I) counts and returns (b, K) values, NaN where undefined. Resamples without a value are left
    out; None when fewer than half of them have one, or when there are none.
    """
    if counts.shape[0] == 0 or counts.shape[1] == 0:
        return (None,) * int(statistic(counts[:0]).shape[1])
    values = np.concatenate([statistic(counts[at : at + _CHUNK]) for at in range(0, counts.shape[0], _CHUNK)])
    return tuple(_percentiles(column) for column in values.T)


def share(part: Floats, whole: Floats) -> Floats:
    """`part` / `whole`, NaN where `whole` is 0."""
    out = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    shares: Floats = np.divide(part, whole, out=out, where=whole > 0)
    return shares


def number(value: float) -> float | None:
    """`value` as a plain float, None for NaN: an undefined figure is never written as a number."""
    return float(value) if math.isfinite(value) else None


def _percentiles(values: Floats) -> Interval | None:
    defined = values[np.isfinite(values)]
    if defined.size * 2 < values.size:
        return None
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)
