"""Run exported files for judgement, and take their time."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.detection import Engine
from app.errors import ExportError

WARM_RUNS, TIMED_RUNS = 2, 9


class OnnxEngine:
    """An exported ONNX file on a CPU, by onnxruntime; for judging it, not for serving."""

    name = "onnx"
    max_batch = 1

    def __init__(self, path: Path, sha256: str, threads: int) -> None:
        """Raises ExportError when the file cannot be loaded."""
        import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy

        self.sha256 = sha256
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except (RuntimeError, ValueError) as error:
            raise ExportError(f"{path.name} cannot be loaded: {str(error).splitlines()[0]}") from None

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `app.detection.Engine.infer`."""
        (name,) = (given.name for given in self._session.get_inputs())
        return np.asarray(self._session.run(None, {name: pixels})[0], np.float32)


def latency_ms(engine: Engine, shapes_hw: list[tuple[int, int]]) -> dict[str, dict[str, float]]:
    """For every shape, "512x384" as height × width: milliseconds of the first run, and the median of those after."""
    return {f"{height}x{width}": _of_shape(engine, height, width) for height, width in shapes_hw}


def shapes_of(size_px: int, stride: int) -> list[tuple[int, int]]:
    """Square, three quarters and one half, upright and across: what radiographs look like."""
    part, half = (max(round(size_px * share / stride) * stride, stride) for share in (0.75, 0.5))
    return [(size_px, size_px), (size_px, part), (part, size_px), (size_px, half)]


def _of_shape(engine: Engine, height: int, width: int) -> dict[str, float]:
    pixels = np.random.default_rng(0).integers(0, 256, (1, height, width), dtype=np.uint8)
    first = _milliseconds(lambda: engine.infer(pixels))
    later = [_milliseconds(lambda: engine.infer(pixels)) for _ in range(WARM_RUNS + TIMED_RUNS)]
    return {"first_ms": round(first, 1), "median_ms": round(float(np.median(later[WARM_RUNS:])), 1)}


def _milliseconds(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return (time.perf_counter() - start) * 1e3
