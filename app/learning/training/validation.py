"""Validation of a network in training, by the code that prepares, infers and judges images in `scripts.evaluate`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from app.detection import NEW_NMS
from app.detection.boxes import read_boxes
from app.imaging import model_input
from app.learning.datasets.dataset import Dataset, LabelledImage
from app.learning.datasets.manifest import groups_of
from app.learning.evaluation.evaluate import case_of, load_labelled
from app.learning.evaluation.figures import Figure, figures
from app.learning.evaluation.metrics.matching import Case
from app.learning.networks import STRIDE
from app.learning.progress import Progress
from app.records import ModelInput


@dataclass(frozen=True, eq=False)
class ValidationSet:
    """Labelled images in memory as they were decoded, with the data set that each is from."""

    images: tuple[LabelledImage, ...]
    greys: tuple[NDArray[np.uint8], ...]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """Figures of `app.learning.evaluation.figures`; NaN where one is undefined.

    map50, map50_95: by region. any_region_map50: all boxes as one class. fractured_map50: the same on images with a
    fracture alone. auroc: of whole images.
    """

    map50: float
    map50_95: float
    any_region_map50: float
    fractured_map50: float
    auroc: float


def load_validation(dataset: Dataset, progress: Progress) -> ValidationSet:
    """Decode every image of a data set.

    Raises:
        DatasetError: an image cannot be decoded; the message names it.
    """
    greys = []
    for number, image in enumerate(dataset.images, start=1):
        greys.append(load_labelled(image).grey)
        progress("reading validation images", number, len(dataset.images))
    return ValidationSet(dataset.images, tuple(greys), tuple(groups_of(dataset)))


def validate(
    network: nn.Module, material: ValidationSet, regions: tuple[str, ...], *, size_px: int, device: torch.device
) -> dict[str, Score]:
    """One score for each data set and, under "all", one for all of them; the network must be in evaluation mode."""
    cases = infer_cases(network, material, regions, size_px=size_px, device=device)
    groups = sorted(set(material.groups))
    return {"all": _score(cases, regions)} | {
        group: _score([case for case in cases if case.group == group], regions) for group in groups
    }


def infer_cases(
    network: nn.Module,
    material: ValidationSet,
    regions: tuple[str, ...],
    *,
    size_px: int,
    device: torch.device,
    batch: int = 16,
) -> list[Case]:
    """Labels and detections image by image; computed in float32, as the torch engine does."""
    inputs = [model_input(grey, size_px, STRIDE) for grey in material.greys]
    cases: dict[int, Case] = {}
    for numbers in _of_one_shape(inputs, batch):
        raw = _infer(network, np.stack([inputs[number].pixels for number in numbers]), device)
        for number, one in zip(numbers, raw, strict=True):
            found = read_boxes(one, regions, NEW_NMS, inputs[number])
            cases[number] = case_of(material.images[number], found, material.groups[number])
    return [cases[number] for number in range(len(inputs))]


def to_input(grey: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Images (B, H, W) uint8 → (B, 3, H, W) float 0–1 on the device, channels last."""
    scaled = grey.to(device, non_blocking=True).float().div_(255)
    return scaled.unsqueeze(1).repeat(1, 3, 1, 1).contiguous(memory_format=torch.channels_last)


def _of_one_shape(inputs: Sequence[ModelInput], batch: int) -> Iterator[list[int]]:
    """Batches of the numbers of inputs that need no padding beside each other."""
    shapes: dict[tuple[int, ...], list[int]] = {}
    for number, one in enumerate(inputs):
        shapes.setdefault(one.pixels.shape, []).append(number)
    for numbers in shapes.values():
        yield from (numbers[start : start + batch] for start in range(0, len(numbers), batch))


def _infer(network: nn.Module, pixels: NDArray[np.uint8], device: torch.device) -> NDArray[np.float32]:
    # Images come in many shapes; trying out convolutions for each would cost more than it gains.
    with torch.backends.cudnn.flags(enabled=True, benchmark=False), torch.inference_mode():
        answer = network(to_input(torch.from_numpy(pixels), device))[0]
        return np.asarray(answer.float().cpu().numpy())


def _score(cases: Sequence[Case], regions: Sequence[str]) -> Score:
    by_region = figures(cases, regions, None, resamples=0)
    as_one = figures(cases, regions, None, single_class=True, resamples=0)
    chosen = (by_region.map50, by_region.map50_95, as_one.map50, as_one.map50_fractured, as_one.auroc)
    return Score(*(_number(figure) for figure in chosen))


def _number(figure: Figure) -> float:
    return float("nan") if figure.value is None else figure.value
