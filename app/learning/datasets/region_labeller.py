"""Who may be asked of which region a box is; without torch, so that preparing data can do without it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class RegionLabeller(Protocol):
    """Somebody who can say of which region a box is."""

    def shares(self, grey: NDArray[np.uint8], boxes_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """For boxes (N, 4) in pixels of `grey` (H, W): (N, 8) shares over `REGIONS`; a row sums to 1, or to 0."""
        ...
