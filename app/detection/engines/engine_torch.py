"""The torch engine: half precision on CUDA, float32 on a CPU, the same answer as the OpenVINO IR."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.detection.engines.checkpoint import read_checkpoint
from app.detection.engines.engine import Precision
from app.detection.engines.ultralytics_import import import_torch
from app.detection.engines.weights import read_weights
from app.detection.spec import WeightsFile
from app.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor
    from ultralytics.nn.modules.head import Detect
    from ultralytics.nn.tasks import DetectionModel


class TorchEngine:
    """An ultralytics YOLOv8 checkpoint; no predictor of ultralytics, no state but the network."""

    name = "torch"

    def __init__(
        self, file: WeightsFile, regions: tuple[str, ...], threads: int, precision: Precision = "auto"
    ) -> None:
        """Check, unpickle, fuse; `threads` 0 leaves torch's number of CPU threads as it is.

        Raises:
            ModelError: torch or ultralytics is not installed, the file is missing, altered or of another architecture,
                or its classes are not `regions`.
        """
        self._torch = import_torch()
        if threads:
            self._torch.set_num_threads(threads)
        self.sha256 = file.sha256
        network = read_checkpoint(read_weights(file), file.path.name)
        if tuple(network.names[number] for number in range(len(network.names))) != regions:
            raise ModelError(f"The classes of {file.path.name} are not the regions of model.json.")
        self._cuda = self._torch.cuda.is_available()
        self._half = self._cuda and precision == "auto"
        # On a CPU a batch only delays its first radiograph, and its result would depend on the company.
        self.max_batch = 8 if self._cuda else 1
        self._network = _prepared(self._torch, network, self._cuda, self._half)

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Engine.infer`."""
        torch = self._torch
        with torch.inference_mode():
            grey = torch.from_numpy(np.ascontiguousarray(pixels))
            if self._cuda:
                grey = grey.cuda(non_blocking=True)
            answer = self._network(as_network_input(grey, half=self._half))
            return np.asarray(answer.float().cpu().numpy())


def as_network_input(grey: Tensor, half: bool = False) -> Tensor:
    """(N, H, W) uint8 tensor, grey → (N, 3, H, W) in 0–1, the grey in each channel, float32 or half."""
    scaled = (grey.half() if half else grey.float()) / 255
    return scaled.unsqueeze(1).expand(-1, 3, -1, -1)


def _prepared(torch: ModuleType, network: DetectionModel, cuda: bool, half: bool) -> DetectionModel:
    """Ready to answer: batch norm folded into the convolutions, no gradients, on its device."""
    fused: Any = network.eval().requires_grad_(False)
    fused = fused.fuse(verbose=False)
    fused.model[-1].export = True  # the answer alone, without what only a loss needs
    if cuda:
        fused = fused.cuda()
    if half:
        fused = fused.half()
        _decode_in_float(fused.model[-1])
    prepared: DetectionModel = fused.to(memory_format=torch.channels_last)
    return prepared


def _decode_in_float(head: Detect) -> None:
    """Half precision knows positions near 512 only to half a pixel: the last layers hand over float32."""
    branches: Any = (head.cv2, head.cv3)
    for branch in (scale for kind in branches for scale in kind):
        branch.register_forward_hook(lambda _module, _inputs, output: output.float())
    head.dfl.float()
