"""Detectors that look at one known place and at nothing else, so that a map of what they look at can be judged."""

from collections.abc import Callable, Sequence

import numpy as np

from app.imaging import model_input
from app.records import BoxPx, Detection, ModelInput

SIZE_PX = 128
GREY, BRIGHT = 60, 220
DETECTION = Detection("wrist", 0.8, (40.0, 50.0, 88.0, 80.0))

Detect = Callable[[ModelInput], Sequence[Detection]]


def image_with_spot(middle: tuple[float, float], side_px: int = 10) -> ModelInput:
    """A grey image with one bright square around `middle` (x, y)."""
    grey = np.full((SIZE_PX, SIZE_PX), GREY, np.uint8)
    x, y = (round(at - side_px / 2) for at in middle)
    grey[y : y + side_px, x : x + side_px] = BRIGHT
    return model_input(grey, SIZE_PX, 32)


def looks_at(middle: tuple[float, float], side_px: int = 10, box_px: BoxPx = DETECTION.box_px) -> Detect:
    """Its score is how bright the square around `middle` is, and says nothing of any other place."""
    x, y = (round(at - side_px / 2) for at in middle)

    def detect(model_input: ModelInput) -> Sequence[Detection]:
        brightness = float(model_input.pixels[y : y + side_px, x : x + side_px].mean())
        return (Detection("wrist", 0.8 * max(0.0, brightness - GREY) / (BRIGHT - GREY), box_px),)

    return detect
