"""The OpenVINO engine: int8 on ordinary CPUs, without torch.

One network is compiled for every shape. Measured with the int8 YOLOv8l on two cores (OpenVINO 2026.4): compiling takes
0.6 s; 512 × 512 then takes as long as in a network compiled for that shape alone (within 5 %), and the first request of
a new shape costs 30–80 ms more, where compiling for it would cost 650 ms.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.detection.engines.engine import Precision
from app.detection.engines.openvino_import import open_core
from app.detection.engines.weights import read_weights
from app.detection.spec import OpenvinoFiles
from app.errors import ModelError


class OpenvinoEngine:
    """An OpenVINO IR that takes (N, H, W) uint8 grey and gives (N, 4 + regions, A) float32."""

    name = "openvino"
    # Of two images at once each takes as long as alone, so a batch would only delay the first.
    max_batch = 1

    def __init__(self, files: OpenvinoFiles, threads: int, precision: Precision = "auto") -> None:
        """Check, parse and compile; `threads` 0 means every core.

        Raises:
            ModelError: openvino is not installed, or the files are missing, altered or no IR.
        """
        core = open_core()
        xml, weights = read_weights(files.xml), read_weights(files.bin)
        self.sha256 = files.bin.sha256
        try:
            network = core.read_model(model=xml, weights=weights)
            self._request = core.compile_model(network, "CPU", _properties(threads, precision)).create_infer_request()
        except RuntimeError:
            raise ModelError(f"OpenVINO cannot read the network in {files.xml.path.name}.") from None

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Engine.infer`."""
        outputs = self._request.infer([pixels], share_inputs=True)
        return np.asarray(outputs[0], dtype=np.float32)


def _properties(threads: int, precision: Precision) -> dict[str, Any]:
    """Latency first.

    Without a hint OpenVINO computes float layers in bfloat16 where the CPU has instructions for it. Threads are not
    pinned to cores: two containers on one machine would pin theirs to the same ones.
    """
    properties: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,
    }
    if precision == "float32":
        properties["INFERENCE_PRECISION_HINT"] = "f32"
    if threads:
        properties["INFERENCE_NUM_THREADS"] = threads
    return properties
