"""From a data set to batches: images decoded once into memory, drawn and augmented by a seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from app.errors import TrainingError
from app.imaging.geometry import work_in_one_thread
from app.learning.datasets.dataset import Dataset
from app.learning.datasets.images import load_grey, shrink_to
from app.learning.datasets.manifest import groups_of
from app.learning.datasets.selection import draw_pass
from app.learning.progress import Progress
from app.learning.training.augment import Augmentation, Sample, augment
from app.learning.training.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Batch:
    """The images and boxes of one training step; plain arrays, which need no shared memory between processes.

    grey: images (B, S, S) uint8.
    image, classes: per box (N,) float32, the number of its image and its class.
    boxes: (N, 4) float32, cx cy w h as fractions of the image.
    """

    grey: NDArray[np.uint8]
    image: NDArray[np.float32]
    classes: NDArray[np.float32]
    boxes: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Samples in memory, and the name of the data set that each is from.

    findings: class numbers that are no fracture.
    """

    samples: Sequence[Sample]
    origins: Sequence[str]
    findings: frozenset[int] = frozenset()

    def numbers(self, origin: str | None, *, fractured: bool) -> NDArray[np.int64]:
        """The numbers of the samples with or without a fracture, of one data set or (None) of all."""
        pairs = enumerate(zip(self.samples, self.origins, strict=True))
        return np.array(
            [
                number
                for number, (sample, its_origin) in pairs
                if self._is_fractured(sample) == fractured and origin in (None, its_origin)
            ],
            dtype=np.int64,
        )

    def _is_fractured(self, sample: Sample) -> bool:
        return any(number not in self.findings for number in sample.classes.tolist())


def load_training(dataset: Dataset, longest_px: int, progress: Progress) -> TrainingSet:
    """Decode every image into memory, its long side at most `longest_px`, its boxes along.

    Raises:
        DatasetError: an image cannot be read; the message names it.
    """
    samples = []
    for number, image in enumerate(dataset.images, start=1):
        grey, factor = shrink_to(load_grey(image.path), longest_px)
        classes = np.array([dataset.regions.index(region) for region in image.regions], dtype=np.int64)
        samples.append(Sample(grey, image.boxes_px * factor, classes))
        progress("reading images", number, len(dataset.images))
    findings = frozenset(dataset.regions.index(name) for name in dataset.findings)
    return TrainingSet(samples, groups_of(dataset), findings)


def pass_order(training: TrainingSet, recipe: Recipe, number: int) -> NDArray[np.int64]:
    """Draw the images of one pass, shuffled: all with a fracture and, per such image, `recipe.normals` without.

    Where the recipe names shares, each data set has its share of the pass.

    Raises:
        TrainingError: no image has a fracture.
    """
    rng = np.random.default_rng((recipe.seed, number, 1))
    if recipe.shares:
        fractured = {name: training.numbers(name, fractured=True) for name in recipe.shares}
        normal = {name: training.numbers(name, fractured=False) for name in recipe.shares}
        return draw_pass(fractured, normal, recipe.shares, recipe.normals, rng)
    chosen, normals = training.numbers(None, fractured=True), training.numbers(None, fractured=False)
    if not len(chosen):
        raise TrainingError("The data set holds no image with a fracture to learn from.")
    count = min(len(normals), round(recipe.normals * len(chosen)))
    if count:
        chosen = np.concatenate([chosen, rng.choice(normals, count, replace=False)])
    return np.asarray(rng.permutation(chosen))


class Epoch(TorchDataset[Sample]):
    """One epoch of augmented samples; item i depends on the seed, the epoch and i alone."""

    def __init__(
        self,
        samples: Sequence[Sample],
        order: NDArray[np.int64],
        *,
        size_px: int,
        how: Augmentation,
        seed: int,
        epoch: int,
    ) -> None:
        self._samples, self._order, self._size_px = samples, order, size_px
        self._how, self._seed, self._epoch = how, seed, epoch

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, index: int) -> Sample:
        rng = np.random.default_rng((self._seed, self._epoch, 2, index))
        chosen = [int(self._order[index])]
        if rng.random() < self._how.mosaic:
            chosen += [int(i) for i in rng.choice(self._order, 3)]
        return augment([self._samples[i] for i in chosen], self._size_px, self._how, rng)


def batches(training: TrainingSet, recipe: Recipe, size_px: int, epoch: int, calm: bool) -> tuple[int, Iterator[Batch]]:
    """The number of batches in an epoch, and the batches; the last one is dropped when it is not full."""
    passes = range(epoch * recipe.passes, (epoch + 1) * recipe.passes)
    order = np.concatenate([pass_order(training, recipe, number) for number in passes])
    how = calmer(recipe.augmentation) if calm else recipe.augmentation
    work_in_one_thread()
    loader = DataLoader(
        Epoch(training.samples, order, size_px=size_px, how=how, seed=recipe.seed, epoch=epoch),
        batch_size=min(recipe.batch, len(order)),
        drop_last=True,
        num_workers=recipe.workers,
        collate_fn=collate,
        prefetch_factor=4 if recipe.workers else None,
    )
    return len(loader), iter(loader)


def calmer(how: Augmentation) -> Augmentation:
    """The same without mosaic, and with half of the shutters, noise, blur and negatives."""
    return replace(
        how, mosaic=0.0, shutter=how.shutter / 2, noise=how.noise / 2, blur=how.blur / 2, invert=how.invert / 2
    )


def collate(samples: Sequence[Sample]) -> Batch:
    """Samples of one size → one batch."""
    size_px = samples[0].grey.shape[0]
    boxes = np.concatenate([sample.boxes_px for sample in samples]) / size_px
    centred = np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)
    numbers = np.concatenate([np.full(len(sample.classes), i) for i, sample in enumerate(samples)])
    classes = np.concatenate([sample.classes for sample in samples])
    return Batch(
        np.stack([sample.grey for sample in samples]),
        numbers.astype(np.float32),
        classes.astype(np.float32),
        centred.astype(np.float32),
    )
