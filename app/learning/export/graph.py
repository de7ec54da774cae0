"""A network as a graph for other libraries: OpenVINO in float or int8, and ONNX.

Every graph takes (N, H, W) uint8 grey, any H and W that are multiples of the stride, under the name "grey", and gives
(N, 4 + regions, A) float32 under the name "raw": scaling to 0–1 and the three equal channels are inside.
"""

import copy
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from ultralytics.nn.tasks import DetectionModel

from app.detection.engines.engine_torch import as_network_input
from app.detection.engines.openvino_import import import_openvino, in_own_thread
from app.errors import ExportError
from app.learning.networks import STRIDE

INPUT, OUTPUT = "grey", "raw"
_ONNX_OPSET = 17
# By the names that a traced YOLOv8 gives its operations: the head's last convolutions, and what decodes their answers.
HEAD_END = (r".*model\.22\.cv[23]\.\d\.2/.*", r".*model\.22/.*", r".*model\.22\.dfl.*")


class _Graph(nn.Module):
    """Module to trace: a fused network with its input stage."""

    def __init__(self, network: DetectionModel) -> None:
        super().__init__()
        fused: Any = copy.deepcopy(network).float().eval().requires_grad_(False)
        fused = fused.fuse(verbose=False)
        head = fused.model[-1]
        head.export = True
        # Anchors are computed from the shape inside the graph, not stored for one shape.
        head.dynamic, head.format, head.shape = True, "openvino", None
        self.network = fused

    def forward(self, grey: Tensor) -> Tensor:
        answer: Tensor = self.network(as_network_input(grey))
        return answer


def to_openvino(network: DetectionModel, size_px: int) -> Any:  # noqa: ANN401 - openvino has no stubs
    """An `openvino.Model` in float32; `size_px`, a multiple of the stride, is the image it is traced with.

    Raises:
        ExportError: the network cannot be converted.
    """
    openvino = import_openvino()
    try:
        with warnings.catch_warnings():
            # Tracing remarks on every shape that it turns into a number; the tests compare other shapes.
            warnings.simplefilter("ignore")
            graph = openvino.convert_model(_Graph(network).eval(), example_input=_example(size_px))
    except (RuntimeError, ValueError, TypeError) as error:
        raise ExportError(f"The network cannot be converted: {_first_line(error)}") from None
    graph.inputs[0].set_names({INPUT})
    graph.outputs[0].set_names({OUTPUT})
    graph.reshape({INPUT: [-1, -1, -1]})
    return graph


def layers(*numbers: int) -> tuple[str, ...]:
    """Patterns for whole layers of a YOLOv8, by their numbers in its plan."""
    return tuple(rf".*model\.{number}[./].*" for number in numbers)


def quantized(graph: Any, images: Sequence[NDArray[np.uint8]], in_float: Sequence[str] = ()) -> Any:  # noqa: ANN401
    """The graph with int8 weights and activations, whose ranges are read off `images`.

    images: (H, W) uint8 each, as the network sees them. in_float: patterns of the operations that stay in float.
    Ranges reach from the lowest to the highest value of all images, not to the mean of each image's: fractures are
    rare peaks, and a clipped peak is a missed fracture.

    Raises:
        ExportError: there are no images, or the graph cannot be quantized.

    Source: NNCF post-training quantization, symmetric weights and asymmetric activations (preset MIXED).
    """
    if not images:
        raise ExportError("There are no training images to calibrate int8 with.")
    import_openvino()
    import nncf  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy, and only after its telemetry is blocked

    # It lists hundreds of operations that stay in float, as they should.
    nncf.set_log_level(logging.WARNING)
    minmax = nncf.quantization.range_estimator.RangeEstimatorParametersSet.MINMAX
    try:
        return in_own_thread(
            lambda: nncf.quantize(
                graph.clone(),
                nncf.Dataset([image[None] for image in images]),
                preset=nncf.QuantizationPreset.MIXED,
                subset_size=len(images),
                advanced_parameters=nncf.AdvancedQuantizationParameters(activations_range_estimator_params=minmax),
                ignored_scope=nncf.IgnoredScope(patterns=list(in_float), validate=False) if in_float else None,
            )
        )
    except (RuntimeError, ValueError, nncf.ValidationError) as error:
        raise ExportError(f"The network cannot be quantized: {_first_line(error)}") from None


def save_graph(graph: Any, xml: Path, half: bool) -> None:  # noqa: ANN401
    """Write `xml` and, beside it, `.bin`; float weights in half precision when `half`.

    Raises:
        ExportError: the files cannot be written.
    """
    openvino = import_openvino()
    try:
        openvino.save_model(graph, str(xml), compress_to_fp16=half)
    except (OSError, RuntimeError) as error:
        raise ExportError(f"{xml} cannot be written: {_first_line(error)}") from None


def save_onnx(network: DetectionModel, path: Path, size_px: int) -> None:
    """Write the network as ONNX, float32.

    Raises:
        ExportError: the network cannot be converted, or the file not written.
    """
    axes = {INPUT: {0: "n", 1: "height", 2: "width"}, OUTPUT: {0: "n", 2: "anchors"}}
    names: dict[str, Any] = {"input_names": [INPUT], "output_names": [OUTPUT], "dynamic_axes": axes}
    try:
        with warnings.catch_warnings():
            # The newer exporter needs onnxscript and gives no other graph.
            warnings.simplefilter("ignore")
            example = (_example(size_px),)
            torch.onnx.export(
                _Graph(network).eval(), example, str(path), opset_version=_ONNX_OPSET, dynamo=False, **names
            )
    except (OSError, RuntimeError, ValueError) as error:
        raise ExportError(f"{path} cannot be written: {_first_line(error)}") from None


def _example(size_px: int) -> Tensor:
    """An image that is not square, so that height and width are not mixed up unnoticed."""
    return torch.zeros(1, size_px, max(size_px // (2 * STRIDE), 1) * STRIDE, dtype=torch.uint8)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
