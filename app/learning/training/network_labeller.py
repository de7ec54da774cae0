"""Regions of unlabelled boxes, inferred by a trained network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.errors import ModelError
from app.imaging import PADDING_GREY
from app.learning.datasets.dataset import REGIONS
from app.learning.datasets.images import shrink_to
from app.learning.networks import STRIDE
from app.learning.networks.network import load_network


class NetworkLabeller:
    """Infers regions from the class scores of a network, summed over the predictions that overlap a box."""

    def __init__(self, weights: Path, size_px: int = 512) -> None:
        """Raises ModelError when the weights cannot be read or do not know all of `REGIONS`."""
        self._network: Any = load_network(weights).eval()
        names = [self._network.names[number] for number in range(len(self._network.names))]
        if sorted(names) != sorted(REGIONS):
            raise ModelError(f"The weights in {weights} know other regions: {', '.join(names)}.")
        self._order = [names.index(region) for region in REGIONS]
        self._size_px = size_px

    def shares(self, grey: NDArray[np.uint8], boxes_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """As `app.learning.preparation.region_labeller.RegionLabeller.shares`."""
        small, _ = shrink_to(grey, self._size_px)
        scale = small.shape[1] / grey.shape[1]
        predictions = self._predict(small)
        return np.stack([region_shares(predictions, box * scale, self._order) for box in boxes_px])

    def _predict(self, grey: NDArray[np.uint8]) -> NDArray[np.float64]:
        """(A, 4 + classes): x1 y1 x2 y2 in pixels of `grey`, then the score of each class."""
        height, width = (-(-side // STRIDE) * STRIDE for side in grey.shape)
        padded = np.full((height, width), PADDING_GREY, np.uint8)
        padded[: grey.shape[0], : grey.shape[1]] = grey
        with torch.inference_mode():
            tensor = torch.from_numpy(padded).float().div(255).expand(1, 3, -1, -1)
            found = self._network(tensor)[0][0].T.double().numpy()
        centres, halves = found[:, :2], found[:, 2:4] / 2
        return np.asarray(np.concatenate([centres - halves, centres + halves, found[:, 4:]], axis=1))


def region_shares(
    predictions: NDArray[np.float64], box: NDArray[np.float64], order: Sequence[int]
) -> NDArray[np.float64]:
    """Sum the class scores of the predictions that overlap a box, weighted by the square of the overlap.

    predictions: (A, 4 + classes), x1 y1 x2 y2 and scores. box: (4,) in the same pixels. order: the class of each
    element of the result. The result sums to 1, or is all 0 where nothing overlaps.
    """
    overlap = np.minimum(predictions[:, 2:4], box[2:]) - np.maximum(predictions[:, :2], box[:2])
    common = np.clip(overlap, 0, None).prod(axis=1)
    union = (predictions[:, 2:4] - predictions[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod() - common
    weights = (common / np.maximum(union, 1e-9)) ** 2
    sums = weights @ predictions[:, 4:]
    return np.asarray(sums[list(order)] / sums.sum() if sums.sum() > 0 else np.zeros(len(order)))
