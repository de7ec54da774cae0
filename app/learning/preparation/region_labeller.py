"""Interface of a model that assigns a region to a box; free of torch, so that preparing data needs none."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class RegionLabeller(Protocol):
    """Assigns regions to bounding boxes."""

    def shares(self, grey: NDArray[np.uint8], boxes_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """For boxes (N, 4) in pixels of `grey` (H, W): (N, 8) shares over `REGIONS`; a row sums to 1, or to 0."""
        ...
