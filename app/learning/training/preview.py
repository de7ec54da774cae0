"""Preview of augmented images, to be checked before a long run is started."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.drawings import Drawing, Label, Stroke
from app.errors import TrainingError
from app.imaging import render_png
from app.learning.datasets.dataset import Dataset
from app.learning.progress import Progress
from app.learning.training.augment import Sample
from app.learning.training.loader import Epoch, load_training, pass_order
from app.learning.training.recipe import Recipe

_COLUMNS, _ROWS, _PAGES = 6, 4, 3
_COLOUR = (255, 196, 0)


def write_preview(dataset: Dataset, recipe: Recipe, out: Path, progress: Progress) -> list[Path]:
    """Write a few grids of 6 × 4 images as the first epoch would show them; returns their paths.

    Raises:
        TrainingError: the folder cannot be written.
    """
    size_px, count = recipe.image_size(0.0), _COLUMNS * _ROWS * _PAGES
    images = dataset.images
    chosen = np.random.default_rng(recipe.seed).permutation(len(images))[: 6 * count]
    part = replace(dataset, images=tuple(images[int(i)] for i in sorted(chosen)))
    training = load_training(part, size_px, progress)
    order = pass_order(training, recipe, 0)
    epoch = Epoch(training.samples, order, size_px=size_px, how=recipe.augmentation, seed=recipe.seed, epoch=0)
    shown = [epoch[i] for i in range(min(count, len(epoch)))]
    paths = []
    for number, start in enumerate(range(0, len(shown), _COLUMNS * _ROWS), start=1):
        path = out / f"preview-{number}.png"
        try:
            out.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_grid(shown[start : start + _COLUMNS * _ROWS], size_px, dataset.regions))
        except OSError as error:
            raise TrainingError(f"{path} cannot be written: {error.strerror}.") from None
        paths.append(path)
    return paths


def _grid(samples: list[Sample], size_px: int, regions: tuple[str, ...]) -> bytes:
    grey: NDArray[np.uint8] = np.zeros((_ROWS * size_px, _COLUMNS * size_px), np.uint8)
    strokes: list[Stroke] = []
    labels: list[Label] = []
    for number, sample in enumerate(samples):
        left, top = number % _COLUMNS * size_px, number // _COLUMNS * size_px
        grey[top : top + size_px, left : left + size_px] = sample.grey
        for box, region in zip(sample.boxes_px, sample.classes, strict=True):
            x1, y1, x2, y2 = (float(v) for v in box + np.array([left, top, left, top]))
            corners = ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
            strokes += [Stroke(corners[i - 1], corners[i], _COLOUR, 2.0) for i in range(4)]
            labels.append(Label(regions[int(region)], (x1, max(0.0, y1 - 16)), 14.0, _COLOUR))
    return render_png(grey, Drawing(tuple(strokes), tuple(labels)))
