"""The network's input equals ultralytics' own, to the pixel."""

import importlib

import numpy as np
import pytest

from app.detection.engines.ultralytics_import import import_torch
from app.imaging import model_input

SIZES = [
    (512, 512),
    (512, 400),
    (400, 512),
    (1, 1),
    (1, 700),
    (3, 2000),
    (33, 31),
    (373, 454),
    (2304, 2880),
    (101, 100),
]


@pytest.mark.parametrize("shape_hw", SIZES)
@pytest.mark.parametrize(("size_px", "stride"), [(512, 32), (640, 32), (448, 64)])
def test_a_point_of_the_radiograph_lands_where_scale_and_offset_say(shape_hw, size_px, stride):
    result = model_input(np.full(shape_hw, 200, np.uint8), size_px, stride)
    height, width = result.pixels.shape
    assert height % stride == 0
    assert width % stride == 0
    assert max(height, width) == size_px
    assert result.radiograph_hw == shape_hw
    assert result.scale == min(size_px / shape_hw[0], size_px / shape_hw[1])
    rows, columns = np.nonzero(result.pixels == 200)
    assert (columns.min(), rows.min()) == result.offset_px
    assert abs(rows.max() + 1 - rows.min() - shape_hw[0] * result.scale) <= 1
    assert set(np.unique(result.pixels)) <= {114, 200}


@pytest.mark.torch
def test_it_equals_the_letterbox_of_ultralytics():
    pytest.importorskip("torch")
    import_torch()
    augment = importlib.import_module("ultralytics.data.augment")
    random = np.random.default_rng(5)
    sizes = SIZES + [tuple(random.integers(2, 900, 2)) for _ in range(60)]
    for size_px in (320, 512, 640):
        letterbox = augment.LetterBox((size_px, size_px), auto=True, stride=32)
        for shape_hw in sizes:
            grey = random.integers(0, 256, shape_hw, dtype=np.uint8)
            theirs = letterbox(image=np.repeat(grey[..., None], 3, axis=2))
            ours = model_input(grey, size_px, 32).pixels
            assert theirs.shape[:2] == ours.shape
            for channel in range(3):
                np.testing.assert_array_equal(theirs[..., channel], ours)
