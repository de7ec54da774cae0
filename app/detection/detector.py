"""`Detector`: a radiograph in, detections out, from any thread."""

import ctypes
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Self

import numpy as np

from app.detection.boxes import read_boxes
from app.detection.engines.engine import Engine, Precision
from app.detection.prevalence import at_prevalence
from app.detection.scheduler import Load, Scheduler
from app.detection.spec import ModelSpec, load_model_spec
from app.errors import ModelError, Unavailable
from app.records import Detection, ModelInput, ModelVersion

EngineChoice = Literal["auto", "openvino", "torch"]


class Detector:
    """Finds fractures with one engine; safe under threads."""

    def __init__(self, spec: ModelSpec, engine: Engine, queue: int) -> None:
        """queue: how many radiographs may be inside, waiting or running, before `Busy`.

        Raises:
            ModelError: the network does not answer as `spec` says.
        """
        _try_out(spec, engine)
        self.spec = spec
        self.version = ModelVersion(spec.name, spec.version, engine.sha256)
        self.engine_name = engine.name
        self._scheduler = Scheduler(engine, queue)

    def detect(self, model_input: ModelInput) -> tuple[Detection, ...]:
        """Detect fractures in one radiograph: highest raw score first, boxes in pixels of the radiograph.

        model_input: made by `app.imaging.model_input` with the spec's `input_size_px` and `stride`.

        Raises:
            Busy: the queue is full.
            Unavailable: the engine failed or hangs, or the detector was closed.
        """
        try:
            raw = self._scheduler.run(model_input.pixels)
        except RuntimeError as error:
            raise Unavailable from error
        return read_boxes(raw, self.spec.regions, self.spec.nms, model_input)

    @property
    def load(self) -> Load:
        """How busy the engine is at this moment."""
        return self._scheduler.load

    def ready(self) -> bool:
        """Whether it takes radiographs: it was not closed, and its engine does not hang."""
        return self._scheduler.open and not self._scheduler.hanging

    def close(self) -> None:
        """Answer what waits, then stop. A second call does nothing."""
        self._scheduler.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def load_detector(
    models_dir: Path,
    engine: EngineChoice = "auto",
    threads: int = 0,
    queue: int = 32,
    prevalence: float | None = None,
    *,
    precision: Precision = "auto",
) -> Detector:
    """Load the weights that `models_dir/model.json` names, checked, compiled and warmed up.

    engine: "auto" takes torch where CUDA is available, else openvino. threads: 0 means every core.
    prevalence: the share of the site's images with a fracture, 0–1; None leaves probabilities as calibrated.
    precision: see `Precision`.
    Call it in the process that serves: neither CUDA nor the engines' threads survive a fork.

    Raises:
        ModelError: weights or their library are missing, altered, or of another architecture; or `model.json` does not
            tell the prevalence of its calibration, and another one is asked for.
    """
    spec = load_model_spec(models_dir)
    if prevalence is not None:
        spec = at_prevalence(spec, prevalence)
    return Detector(spec, load_engine(spec, engine, threads, precision), queue)


def load_engine(
    spec: ModelSpec, engine: EngineChoice = "auto", threads: int = 0, precision: Precision = "auto"
) -> Engine:
    """The engine alone, for programs that bring their own queue; see `load_detector`."""
    if engine == "torch" or (engine == "auto" and spec.torch and _has_cuda()):
        from app.detection.engines.engine_torch import TorchEngine  # noqa: PLC0415 - heavy

        if spec.torch is None:
            raise ModelError("model.json names no weights for the engine torch.")
        return TorchEngine(spec.torch, spec.regions, threads, precision)
    from app.detection.engines.engine_openvino import OpenvinoEngine  # noqa: PLC0415 - heavy

    if spec.openvino is None:
        raise ModelError("model.json names no weights for the engine openvino.")
    return OpenvinoEngine(spec.openvino, threads, precision)


def _has_cuda() -> bool:
    if find_spec("torch") is None or find_spec("ultralytics") is None or not _has_gpu_driver():
        return False
    import torch  # noqa: PLC0415 - heavy

    return torch.cuda.is_available()


def _has_gpu_driver() -> bool:
    """Whether a driver of NVIDIA or AMD answers; asked first, as importing torch takes longer than loading OpenVINO."""
    if Path("/dev/kfd").exists():
        return True
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _try_out(spec: ModelSpec, engine: Engine) -> None:
    """One run on nothing: warms the engine up, and shows whether network and `model.json` fit each other."""
    size_px = spec.input_size_px
    try:
        answer = engine.infer(np.zeros((1, size_px, size_px), np.uint8))
    except (RuntimeError, ValueError):
        raise ModelError("The network does not run on an input of the size that model.json says.") from None
    if answer.ndim != 3 or answer.shape[:2] != (1, 4 + len(spec.regions)):
        raise ModelError(f"The network is not one for the {len(spec.regions)} regions of model.json.")
