"""The compiled network alone: the limit that everything around it is measured against."""

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.detection.engines.openvino_import import open_core
from app.detection.engines.weights import read_weights
from app.detection.spec import OpenvinoFiles


class BareNetwork:
    """The int8 network of the served files, compiled for each shape by itself; no queue, no boxes, no scores."""

    def __init__(self, files: OpenvinoFiles, threads: int) -> None:
        """Check and parse; `threads` 0 means every core.

        Raises:
            ModelError: openvino is not installed, or the files are missing or altered.
        """
        self._core = open_core()
        self._weights = read_weights(files.xml), read_weights(files.bin)
        self._properties = {"PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False}
        if threads:
            self._properties |= {"INFERENCE_NUM_THREADS": threads}
        self._requests: dict[tuple[int, ...], Any] = {}

    def run_ms(self, pixels: NDArray[np.uint8]) -> float:
        """Milliseconds of one run on (H, W) uint8; compiling, the first time, is not counted."""
        request = self._requests.get(pixels.shape)
        if request is None:
            request = self._requests[pixels.shape] = self._compiled(pixels.shape)
            request.infer([pixels[None]])
        began = perf_counter()
        request.infer([pixels[None]], share_inputs=True)
        return (perf_counter() - began) * 1e3

    def _compiled(self, shape_hw: tuple[int, ...]) -> Any:  # noqa: ANN401 - openvino has no stubs
        graph = self._core.read_model(model=self._weights[0], weights=self._weights[1])
        graph.reshape([1, *shape_hw])
        return self._core.compile_model(graph, "CPU", self._properties).create_infer_request()
