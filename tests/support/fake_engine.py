"""Engines without a network, and the content of a good `model.json`."""

import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

REGIONS = ("elbow", "wrist")


class FakeEngine:
    """Answers with one box in the middle of the image whose score is the image's mean; remembers its batches."""

    name = "fake"
    sha256 = "ab" * 32

    def __init__(self, max_batch: int = 1, regions: int = len(REGIONS)) -> None:
        self.max_batch = max_batch
        self.batches: list[tuple[int, ...]] = []
        self.threads: set[int] = set()
        self.means: list[int] = []
        self.inside = 0
        self._regions = regions

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.inside += 1
        assert self.inside == 1, "two threads are in the network"
        self.threads.add(threading.get_ident())
        self.batches.append(pixels.shape)
        self.means += [round(float(one.mean())) for one in pixels]
        time.sleep(0.001)
        answer = np.zeros((len(pixels), 4 + self._regions, 1), np.float32)
        height, width = pixels.shape[1:]
        answer[:, :4, 0] = width / 2, height / 2, width / 4, height / 4
        answer[:, 4, 0] = pixels.mean(axis=(1, 2)) / 255
        self.inside -= 1
        return answer


class FailingEngine(FakeEngine):
    """Fails whenever an image that is wholly black is among those it is asked about."""

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        if (pixels.max(axis=(1, 2)) == 0).any():
            self.batches.append(pixels.shape)
            raise RuntimeError("out of memory")
        return super().infer(pixels)


class GatedEngine(FakeEngine):
    """Does not answer before `gate` is set."""

    def __init__(self, max_batch: int = 1) -> None:
        super().__init__(max_batch)
        self.gate = threading.Event()
        self.entered = threading.Event()

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.entered.set()
        assert self.gate.wait(10)
        return super().infer(pixels)


def model_json() -> dict[str, Any]:
    """The content of a complete `model.json`, to be spoiled by a test."""
    return {
        "name": "tiny",
        "version": "1.0.0",
        "regions": list(REGIONS),
        "input_size_px": 64,
        "stride": 32,
        "nms": {"iou": 0.6, "class_agnostic": True, "max": 50, "floor": 0.001},
        "files": {
            "torch": {"path": "tiny.pt", "sha256": "0" * 64},
            "openvino": {
                "xml": {"path": "tiny.xml", "sha256": "1" * 64},
                "bin": {"path": "tiny.bin", "sha256": "2" * 64},
            },
        },
        "calibration": {"method": "platt", "knots": [[0.0, 0.05], [0.5, 0.6], [1.0, 0.9]]},
        "thresholds": {"possible": 0.3, "definite": 0.7},
        "provenance": {"data": "none"},
    }
