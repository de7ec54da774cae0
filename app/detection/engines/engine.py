"""Engine of a network: one protocol for every library."""

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

# Of the layers that are not int8: "auto" takes bfloat16 on a CPU, and half precision on a GPU, that computes in it;
# "float32" gives the same scores on every machine.
Precision = Literal["auto", "float32"]


class Engine(Protocol):
    """A loaded network. It is not safe under threads: the scheduler calls it from one thread at a time."""

    @property
    def name(self) -> str:
        """`openvino` or `torch`, as in the setting DETECTOR_ENGINE."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the weights file in use."""

    @property
    def max_batch(self) -> int:
        """How many radiographs it takes at once; 1 where the result would depend on the company."""

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network.

        pixels: (N, H, W) uint8, grey, H and W multiples of the stride, N at most `max_batch`.

        Returns (N, 4 + regions, A) float32 for A anchors: centre x, centre y, width and height of a box in pixels of
        the input, then one raw score, 0–1, for each region.

        Raises:
            RuntimeError: the library could not run it (out of memory, device lost).
        """
