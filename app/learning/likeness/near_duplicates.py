"""Images that are copies of one another, however they were turned, mirrored, sheared or brightened.

First a descriptor that no turn changes names a few candidates for each image; then each candidate is laid over the
image by an affine, and their fine structure is compared. Outlines, frames and anatomy that all radiographs share
vanish in the fine structure, and what stays is this one exposure.

Measured on the Kaggle set, whose training part holds three copies of each radiograph (turned, sheared, brightened): a
copy is among the first five candidates in 98.8 % of cases, and 97 % of the copies end in one group. A likeness of 0.67
or more was always a copy among the pairs that a person looked at; from 0.55 to 0.67 some were other radiographs with
the same small frame, so what is found there is a suspicion.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.imaging.geometry import Field, Matrix, align, fetch, smooth
from app.learning.likeness.polar_descriptor import (
    PolarDescriptor,
    best_turn,
    descriptors,
    edge_field,
    polar_descriptor,
    transform,
)
from app.learning.progress import Progress

LEAST_LIKENESS = 0.55
_CANDIDATES = 6
_LEAST_AGREEMENT = 0.3
_SIDE_PX = 128
# Enlarged thumbnails have no fine structure to compare: all that remains is an outline that many radiographs share.
LEAST_SIDE_PX = 96
_LEAST_OVERLAP = 0.4
# A copy is not squeezed or stretched much; an alignment that does so has found something else.
_STRETCH = (0.75, 1.35)
_FINE_SIGMA_PX = 3.0
_BLOCK = 512

Grey = NDArray[np.uint8]


@dataclass(frozen=True, order=True)
class Pair:
    """Two images by number, the smaller first, and their likeness (`LEAST_LIKENESS` to 1)."""

    one: int
    other: int
    likeness: float


def find_near_duplicates(images: Sequence[Grey], progress: Progress) -> list[Pair]:
    """All pairs of near-duplicates among small images (H, W) uint8, in order of their numbers.

    The long side of an image should be 128 px or a little more; images with less than `LEAST_SIDE_PX` are left out.
    `progress(step, done, total)` follows the search.
    """
    numbers = [number for number, image in enumerate(images) if max(image.shape) >= LEAST_SIDE_PX]
    if len(numbers) < len(images):
        found = find_near_duplicates([images[number] for number in numbers], progress)
        return [Pair(numbers[pair.one], numbers[pair.other], pair.likeness) for pair in found]
    if len(images) < 2:
        return []
    descriptors_ = _all_descriptors(images, progress)
    candidates = _candidates(descriptors(descriptors_))
    pairs = []
    for number, (one, other) in enumerate(candidates, start=1):
        agreement, turn, mirrored = best_turn(descriptors_, one, other)
        if agreement >= _LEAST_AGREEMENT:
            likeness = compare(images[one], images[other], turn, mirrored)
            if likeness >= LEAST_LIKENESS:
                pairs.append(Pair(one, other, round(likeness, 3)))
        progress("comparing images", number, len(candidates))
    return pairs


def compare(one: Grey, other: Grey, turn_rad: float, mirrored: bool) -> float:
    """How alike the fine structure of two images is (−1–1) once one is laid over the other, near the given turn."""
    first, second = edge_field(one, _SIDE_PX), edge_field(other, _SIDE_PX)
    matrix = align(first, second, _turn_about_middles(first.shape, second.shape, turn_rad, mirrored))
    if matrix is None:
        return -1.0
    stretch = np.linalg.svd(matrix[:, :2], compute_uv=False)
    if stretch[1] < _STRETCH[0] or stretch[0] > _STRETCH[1]:
        return -1.0
    seen, inside = fetch(_fine(second), matrix, (first.shape[0], first.shape[1]))
    inside[:3], inside[-3:], inside[:, :3], inside[:, -3:] = False, False, False, False
    if inside.sum() < _LEAST_OVERLAP * min(first.size, second.size):
        return -1.0
    return _correlation(_fine(first)[inside], seen[inside])


def group(count: int, pairs: Sequence[Pair]) -> list[int]:
    """For each of `count` images the smallest number that it is linked to by pairs, directly or through others."""
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for pair in pairs:
        low, high = sorted((root(pair.one), root(pair.other)))
        parent[high] = low
    return [root(number) for number in range(count)]


def _all_descriptors(images: Sequence[Grey], progress: Progress) -> PolarDescriptor:
    values, inside = [], []
    for number, image in enumerate(images, start=1):
        value, within = polar_descriptor(image)
        values.append(value)
        inside.append(within)
        progress("describing images", number, len(images))
    return transform(np.stack(values), np.stack(inside))


def _candidates(described: NDArray[np.float32]) -> list[tuple[int, int]]:
    """For each image the few that look most like it; every pair once, in order."""
    count = len(described)
    most = min(_CANDIDATES, count - 1)
    pairs = set()
    for start in range(0, count, _BLOCK):
        likeness = described[start : start + _BLOCK] @ described.T
        rows = np.arange(len(likeness))
        likeness[rows, rows + start] = -np.inf
        best = np.argpartition(-likeness, most - 1, axis=1)[:, :most]
        pairs |= {(min(start + row, int(o)), max(start + row, int(o))) for row in rows.tolist() for o in best[row]}
    return sorted(pairs)


def _turn_about_middles(from_hw: tuple[int, ...], to_hw: tuple[int, ...], turn_rad: float, mirrored: bool) -> Matrix:
    cosine, sine = np.cos(turn_rad), np.sin(turn_rad)
    turn = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag([1.0, -1.0 if mirrored else 1.0])
    source, target = np.array(from_hw[1::-1]) / 2, np.array(to_hw[1::-1]) / 2
    return np.concatenate([turn, (target - turn @ source)[:, None]], axis=1)


def _fine(field: Field) -> Field:
    """Structure finer than a bone: the field less its blur, normalised to even local strength."""
    detail = field - smooth(field, _FINE_SIGMA_PX)
    return np.asarray(detail / np.sqrt(smooth(detail**2, 2 * _FINE_SIGMA_PX) + 1e-3), dtype=np.float32)


def _correlation(first: Field, second: Field) -> float:
    one, other = first - first.mean(), second - second.mean()
    energy = float((one * one).sum()) * float((other * other).sum())
    return float((one * other).sum()) / energy**0.5 if energy > 0 else 0.0
