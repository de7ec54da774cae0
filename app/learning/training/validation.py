"""Average precision of a network in training, on images that are already in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torchvision.ops import batched_nms  # type: ignore[import-untyped]

from app.imaging.geometry import resize
from app.learning.evaluation.average_precision import mean_average_precision
from app.learning.evaluation.matching import Case, match
from app.learning.training.augment import PAD_GREY, Sample
from app.learning.training.recipe import STRIDE

_FLOOR, _MOST, _IOU = 0.001, 100, 0.6
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """Average precision over regions, and with all regions taken as one."""

    map50: float
    map50_95: float
    any_region_map50: float


def validate(
    network: nn.Module,
    samples: Sequence[Sample],
    groups: Sequence[str],
    regions: Sequence[str],
    *,
    size_px: int,
    device: torch.device,
    batch: int = 16,
) -> dict[str, Score]:
    """One score for each group of images and, under "all", one for all of them.

    The network must be in evaluation mode; images keep their shape, the long side scaled to `size_px`.
    """  # fmt: skip
    cases: list[Case | None] = [None] * len(samples)
    shapes = [_shape(sample, size_px) for sample in samples]
    order = sorted(range(len(samples)), key=lambda i: shapes[i])
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        found = _detect(network, [samples[i] for i in chosen], size_px, device)
        for i, (boxes, scores, classes) in zip(chosen, found, strict=True):
            cases[i] = Case(
                Path(), samples[i].grey.shape, samples[i].boxes_px, tuple(regions[c] for c in samples[i].classes),
                boxes, tuple(regions[c] for c in classes), scores,
            )  # fmt: skip
    done = [case for case in cases if case is not None]
    parts = {group: [c for c, g in zip(done, groups, strict=True) if g == group] for group in sorted(set(groups))}
    return {"all": _score(done, regions)} | {group: _score(part, regions) for group, part in parts.items()}


def _shape(sample: Sample, size_px: int) -> tuple[int, int]:
    """Height and width in pixels after scaling, each a multiple of the stride."""
    factor = size_px / max(sample.grey.shape)
    height, width = (max(STRIDE, -(-round(side * factor) // STRIDE) * STRIDE) for side in sample.grey.shape)
    return height, width


def _detect(
    network: nn.Module, samples: Sequence[Sample], size_px: int, device: torch.device
) -> list[tuple[Floats, Floats, list[int]]]:
    shapes = [_shape(sample, size_px) for sample in samples]
    height, width = max(h for h, _ in shapes), max(w for _, w in shapes)
    canvas = np.full((len(samples), height, width), PAD_GREY, np.uint8)
    factors = [size_px / max(sample.grey.shape) for sample in samples]
    for image, sample, factor in zip(canvas, samples, factors, strict=True):
        small = resize(sample.grey, (round(sample.grey.shape[1] * factor), round(sample.grey.shape[0] * factor)))
        image[: small.shape[0], : small.shape[1]] = small
    tensor = to_input(torch.from_numpy(canvas), device)
    # Images come in many shapes; trying out convolutions for each would cost more than it gains.
    fixed = torch.backends.cudnn.flags(enabled=True, benchmark=False)
    with fixed, torch.inference_mode(), torch.autocast(device.type, torch.bfloat16):
        predictions = network(tensor)[0].float()
    return [_pick(rows.T, factor) for rows, factor in zip(predictions, factors, strict=True)]


def to_input(grey: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Images (B, H, W) uint8 → (B, 3, H, W) float 0–1 on the device, channels last."""
    scaled = grey.to(device, non_blocking=True).float().div_(255)
    return scaled.unsqueeze(1).repeat(1, 3, 1, 1).contiguous(memory_format=torch.channels_last)


def _pick(rows: torch.Tensor, factor: float) -> tuple[Floats, Floats, list[int]]:
    """The best boxes of one image, in its own pixels, after suppression within each class."""
    scores, classes = rows[:, 4:].max(dim=1)
    kept = scores > _FLOOR
    centres, halves = rows[kept, :2], rows[kept, 2:4] / 2
    boxes, scores, classes = torch.cat([centres - halves, centres + halves], 1), scores[kept], classes[kept]
    best = batched_nms(boxes, scores, classes, _IOU)[:_MOST]
    return (
        boxes[best].double().cpu().numpy() / factor,
        scores[best].double().cpu().numpy(),
        classes[best].tolist(),
    )


def _score(cases: Sequence[Case], regions: Sequence[str]) -> Score:
    once = np.ones((1, len(cases)), dtype=np.intp)
    present = [region for region in regions if any(region in case.truth_regions for case in cases)]
    # A group whose images show only some regions is judged by those; detections of others cost nothing there.
    levels = mean_average_precision([match(cases, region) for region in present], once)[0]
    single = mean_average_precision([match(cases, None)], once)[0]
    return Score(float(levels[0]), float(levels.mean()), float(single[0]))
