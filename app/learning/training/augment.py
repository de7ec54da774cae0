"""Augmentation for radiographs: only changes that a detector or a technician causes.

Any orientation occurs, so images are turned and mirrored freely; contrast follows the window that was chosen;
MONOCHROME1 looks inverted; shutters hide the border. There is no hue. Every function takes its randomness as an
argument, so the same seed gives the same image.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from app.imaging import PADDING_GREY
from app.imaging.geometry import apply_curve, blur, warp_affine

Grey = NDArray[np.uint8]
Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class Augmentation:
    """How strong, and how often (0–1) each change is made.

    turn: share of images turned by a multiple of 90°; any_angle: share turned by any angle instead.
    tilt_deg: every other image is tilted by up to so much. flip: share mirrored.
    scale: factors between 1/scale and scale. shift: of the image's size. shear: tangent of the angle.
    gamma, contrast: factors between 1/x and x. brightness: in grey levels.
    invert, blur, noise, shutter, mosaic: share of images.
    least_visible: a box is kept when at least this share of it is still in the image.
    """

    turn: float = 0.5
    any_angle: float = 0.15
    tilt_deg: float = 10.0
    flip: float = 0.5
    scale: float = 1.35
    shift: float = 0.12
    shear: float = 0.05
    gamma: float = 1.6
    contrast: float = 1.3
    brightness: float = 20.0
    invert: float = 0.1
    blur: float = 0.1
    noise: float = 0.15
    shutter: float = 0.1
    mosaic: float = 0.3
    least_visible: float = 0.4


@dataclass(frozen=True, eq=False)
class Sample:
    """A grey image (H, W) uint8 with boxes (N, 4) x1 y1 x2 y2 in its pixels and class ids (N,)."""

    grey: Grey
    boxes_px: Boxes
    classes: NDArray[np.int64]


def augment(samples: Sequence[Sample], size_px: int, how: Augmentation, rng: Generator) -> Sample:
    """One square image of `size_px` from one sample, or a mosaic from four.

    Boxes stay right: those that are cut are clipped, those of which less than `how.least_visible` is left are dropped.
    """
    if len(samples) == 1:
        whole = (0, 0, size_px, size_px)
        placed = [_place(samples[0], whole, size_px, how, rng)]
    else:
        middle_x, middle_y = (int(v) for v in rng.integers(int(size_px * 0.35), int(size_px * 0.65), 2))
        xs, ys = (0, middle_x, size_px), (0, middle_y, size_px)
        tiles = [(xs[i % 2], ys[i // 2], xs[i % 2 + 1], ys[i // 2 + 1]) for i in range(4)]
        placed = [_place(sample, tile, size_px, how, rng) for sample, tile in zip(samples, tiles, strict=True)]
    grey = np.full((size_px, size_px), PADDING_GREY, np.uint8)
    for tile, part in placed:
        x1, y1, x2, y2 = tile
        grey[y1:y2, x1:x2] = part.grey
    boxes = np.concatenate([part.boxes_px + np.array([*tile[:2], *tile[:2]]) for tile, part in placed])
    classes = np.concatenate([part.classes for _, part in placed])
    return Sample(_spoil(grey, how, rng), boxes, classes)


def plain(sample: Sample, size_px: int) -> Sample:
    """The image as it is, its long side scaled to `size_px`, in the middle of a grey square."""
    height, width = sample.grey.shape
    factor = size_px / max(height, width)
    shift = ((size_px - factor * width) / 2, (size_px - factor * height) / 2)
    matrix = np.array([[factor, 0.0, shift[0]], [0.0, factor, shift[1]]])
    grey = warp_affine(sample.grey, matrix, (size_px, size_px), PADDING_GREY)
    return Sample(grey, move_boxes(sample.boxes_px, matrix), sample.classes)


def move_boxes(boxes_px: Boxes, matrix: NDArray[np.float64]) -> Boxes:
    """The upright boxes around boxes (N, 4) moved by an affine `matrix` (2, 3).

    A box stands for the ellipse that it encloses: turned by 45°, the box around the turned box would
    be 41 % too large in both directions, since a fracture hardly reaches the corners of its box. For turns by 90° and
    mirrors this is exactly the moved box.
    """
    centres = (boxes_px[:, :2] + boxes_px[:, 2:]) / 2
    halves = (boxes_px[:, 2:] - boxes_px[:, :2]) / 2
    moved = centres @ matrix[:, :2].T + matrix[:, 2]
    reach = np.sqrt((halves**2) @ (matrix[:, :2] ** 2).T)
    return np.concatenate([moved - reach, moved + reach], axis=1)


def clip_boxes(boxes_px: Boxes, size_wh: tuple[int, int], least_visible: float) -> tuple[Boxes, NDArray[np.bool_]]:
    """Boxes clipped to the image, and which of them are still worth keeping.

    Kept is a box with at least `least_visible` of its area in the image and both sides at least two pixels.
    """
    limits = np.array([*size_wh, *size_wh], dtype=np.float64)
    clipped = np.minimum(np.maximum(boxes_px, 0.0), limits)
    sides, before = clipped[:, 2:] - clipped[:, :2], boxes_px[:, 2:] - boxes_px[:, :2]
    visible = sides.prod(axis=1) / np.maximum(before.prod(axis=1), 1e-9)
    return clipped, (visible >= least_visible) & (sides >= 2).all(axis=1)


def random_matrix(
    from_wh: tuple[int, int],
    to_wh: tuple[int, int],
    size_px: int,
    *,
    focus: NDArray[np.float64] | None,
    how: Augmentation,
    rng: Generator,
) -> NDArray[np.float64]:
    """A random affine (2, 3) that puts `focus` (or the middle of the source) near the middle of the target.

    The long side of the source becomes about `size_px` long; turn, mirror, scale, shear and shift follow `how`.
    """  # fmt: skip
    angle = _angle(how, rng)
    factor = size_px / max(from_wh) * how.scale ** rng.uniform(-1, 1)
    cosine, sine = np.cos(angle) * factor, np.sin(angle) * factor
    mirror = -1.0 if rng.random() < how.flip else 1.0
    turn = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag([mirror, 1.0])
    shear_x, shear_y = rng.uniform(-how.shear, how.shear, 2)
    linear = np.array([[1.0, shear_x], [shear_y, 1.0]]) @ turn
    source = np.array(from_wh) / 2 if focus is None else focus
    target = np.array(to_wh) / 2 + rng.uniform(-how.shift, how.shift, 2) * size_px
    return np.concatenate([linear, (target - linear @ source)[:, None]], axis=1)


def _angle(how: Augmentation, rng: Generator) -> float:
    draw = rng.random()
    if draw < how.any_angle:
        return float(rng.uniform(-np.pi, np.pi))
    tilt = np.deg2rad(rng.uniform(-how.tilt_deg, how.tilt_deg))
    quarter = int(rng.integers(1, 4)) if draw < how.any_angle + how.turn else 0
    # Half of the images stay exactly upright or square, where resampling costs no sharpness and boxes stay exact.
    return float(quarter * np.pi / 2 + (tilt if rng.random() < 0.5 else 0.0))


def _place(
    sample: Sample, tile: tuple[int, int, int, int], size_px: int, how: Augmentation, rng: Generator
) -> tuple[tuple[int, int, int, int], Sample]:
    """The sample moved at random into an image of the tile's size; boxes count from the tile's corner."""
    height, width = sample.grey.shape
    to_wh = (tile[2] - tile[0], tile[3] - tile[1])
    focus = None
    if min(to_wh) < size_px and len(sample.boxes_px):
        box = sample.boxes_px[rng.integers(len(sample.boxes_px))]
        focus = (box[:2] + box[2:]) / 2
    matrix = random_matrix((width, height), to_wh, size_px, focus=focus, how=how, rng=rng)
    fill = PADDING_GREY if rng.random() < 0.7 else int(rng.integers(0, 40))
    grey = warp_affine(apply_curve(sample.grey, _curve(how, rng)), matrix, to_wh, fill)
    boxes, kept = clip_boxes(move_boxes(sample.boxes_px, matrix), to_wh, how.least_visible)
    part = Sample(grey, boxes[kept], sample.classes[kept])
    return tile, _shut(part, how, rng) if rng.random() < how.shutter else part


def _curve(how: Augmentation, rng: Generator) -> Grey:
    """A random grey curve (256,): gamma, then contrast and brightness, then perhaps the negative."""
    values = np.linspace(0, 1, 256) ** (how.gamma ** rng.uniform(-1, 1))
    contrast, shift = how.contrast ** rng.uniform(-1, 1), rng.uniform(-how.brightness, how.brightness) / 255
    values = np.clip((values - 0.5) * contrast + 0.5 + shift, 0, 1)
    if rng.random() < how.invert:
        values = 1 - values
    return np.asarray(np.round(values * 255), dtype=np.uint8)


def _shut(sample: Sample, how: Augmentation, rng: Generator) -> Sample:
    """Collimator blades: dark strips at the borders, outside of every box but those they would hide anyway."""
    grey = sample.grey.copy()
    height, width = grey.shape
    left, right = (rng.uniform(0, 0.2, 2) * width).astype(int)
    top, bottom = (rng.uniform(0, 0.2, 2) * height).astype(int)
    if len(sample.boxes_px):
        left, top = (int(min(v, b)) for v, b in zip((left, top), sample.boxes_px[:, :2].min(axis=0), strict=True))
        right = int(min(right, width - sample.boxes_px[:, 2].max()))
        bottom = int(min(bottom, height - sample.boxes_px[:, 3].max()))
    dark = int(rng.integers(0, 30))
    grey[:top], grey[height - bottom :], grey[:, :left], grey[:, width - right :] = dark, dark, dark, dark
    return Sample(grey, sample.boxes_px, sample.classes)


def _spoil(grey: Grey, how: Augmentation, rng: Generator) -> Grey:
    """Perhaps blur, perhaps add quantum noise (stronger where more rays arrived, coarse or fine)."""
    if rng.random() < how.blur:
        grey = blur(grey, float(rng.uniform(0.4, 1.2)))
    if rng.random() < how.noise:
        noise = rng.standard_normal(grey.shape, dtype=np.float32) * np.float32(rng.uniform(2, 10))
        grey = np.asarray(np.clip(grey + noise, 0, 255), dtype=np.uint8)
    return grey
