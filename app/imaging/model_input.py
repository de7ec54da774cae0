"""Resize a radiograph for the network."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.records import ModelInput

PADDING_GREY = 114


def model_input(grey: NDArray[np.uint8], size_px: int, stride: int) -> ModelInput:
    """Scale the long side to `size_px` and pad both sides with grey 114 to the next multiple of `stride`.

    grey: (H, W) uint8. Small images are scaled up. The result equals, to the pixel, what ultralytics feeds a network
    that it predicts with.

    Source: ultralytics 8.4 `ultralytics.data.augment.LetterBox(size_px, auto=True, stride=stride)`.
    """
    height, width = grey.shape
    scale = min(size_px / height, size_px / width)
    inner_wh = max(round(width * scale), 1), max(round(height * scale), 1)
    left, right = _two_sides((size_px - inner_wh[0]) % stride)
    top, bottom = _two_sides((size_px - inner_wh[1]) % stride)
    inner = grey if inner_wh == (width, height) else cv2.resize(grey, inner_wh, interpolation=cv2.INTER_LINEAR)
    pixels = np.full((inner_wh[1] + top + bottom, inner_wh[0] + left + right), PADDING_GREY, np.uint8)
    pixels[top : top + inner_wh[1], left : left + inner_wh[0]] = inner
    return ModelInput(pixels, scale, (left, top), (height, width))


def _two_sides(padding_px: int) -> tuple[int, int]:
    """Split padding in two; an odd pixel goes to the second side."""
    return round(padding_px / 2 - 0.1), round(padding_px / 2 + 0.1)
