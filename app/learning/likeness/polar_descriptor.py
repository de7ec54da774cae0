"""Rotation-tolerant description of an image: edge strength in polar coordinates about its centre.

An image becomes a field of edge strength that brightness and contrast hardly change, the field is sampled on circles,
and the Fourier magnitudes along each circle form a descriptor that neither turning nor mirroring changes. Samples
outside the image are masked, so that the outline of a long, narrow image is not mistaken for what it shows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.imaging.geometry import Field, blur, resize

RINGS, ANGLES = 32, 128
_SIDE_PX, _FREQUENCIES = 96, 17
# Keeps sensor noise in the dark from looking like edges.
_NOISE_FLOOR = 0.3
# The share of the smaller image that must be compared at a shift for its agreement to count.
_LEAST_OVERLAP = 0.6

Grey = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class PolarDescriptor:
    """Many images in polar coordinates, as Fourier transforms along the angle (P, R, A/2 + 1).

    values: edge strength less its mean. squares: of the same. inside: where the image is.
    extent: (P,) how many samples lie inside.
    """

    values: NDArray[np.complex64]
    squares: NDArray[np.complex64]
    inside: NDArray[np.complex64]
    extent: NDArray[np.float32]


def edge_field(grey: Grey, side_px: int) -> Field:
    """Edge strength 0–1 of `grey` (H, W), its long side scaled to `side_px`; (h, w) float32."""
    factor = side_px / max(grey.shape)
    small = resize(grey, (max(8, round(grey.shape[1] * factor)), max(8, round(grey.shape[0] * factor))))
    down, across = np.gradient(blur(small, 0.75).astype(np.float32))
    strength = np.hypot(down, across)
    return np.asarray(strength / (strength + strength.mean() + _NOISE_FLOOR), dtype=np.float32)


def polar_descriptor(grey: Grey) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Edge strength on circles around the centre (R, A), less its mean, and which samples lie inside the image."""
    field = edge_field(grey, _SIDE_PX)
    height, width = field.shape
    angles = np.arange(ANGLES) * 2 * np.pi / ANGLES
    radii = (np.arange(RINGS) + 0.5) / RINGS * _SIDE_PX / 2
    x = np.outer(radii, np.cos(angles)) + (width - 1) / 2
    y = np.outer(radii, np.sin(angles)) + (height - 1) / 2
    inside = (x >= 2) & (x <= width - 3) & (y >= 2) & (y <= height - 3)
    x, y = np.clip(x, 0, width - 1.001), np.clip(y, 0, height - 1.001)
    left, top = x.astype(int), y.astype(int)
    right, low = x - left, y - top
    upper = field[top, left] * (1 - right) + field[top, left + 1] * right
    lower = field[top + 1, left] * (1 - right) + field[top + 1, left + 1] * right
    value = upper * (1 - low) + lower * low
    mean = value[inside].mean() if inside.any() else 0.0
    return np.asarray(np.where(inside, value - mean, 0), dtype=np.float32), inside


def transform(values: NDArray[np.float32], inside: NDArray[np.bool_]) -> PolarDescriptor:
    """Transform the polar samples (P, R, A) of many images; outer circles weigh more, as they cover more."""
    weight = np.sqrt((np.arange(RINGS) + 0.5) / RINGS).astype(np.float32)[None, :, None]
    weighted, mask = values * weight, inside.astype(np.float32)
    return PolarDescriptor(_rfft(weighted), _rfft(weighted**2), _rfft(mask), mask.sum(axis=(1, 2)))


def descriptors(descriptors_: PolarDescriptor) -> NDArray[np.float32]:
    """(P, D) of length 1, less what all images share: a product near 1 means that two images may be one."""
    magnitude = np.abs(descriptors_.values[:, :, :_FREQUENCIES]).reshape(len(descriptors_.values), -1)
    magnitude = magnitude / np.maximum(np.linalg.norm(magnitude, axis=1, keepdims=True), 1e-9)
    spread = magnitude - magnitude.mean(axis=0)
    spread /= magnitude.std(axis=0) + 1e-6
    return np.asarray(spread / np.maximum(np.linalg.norm(spread, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def best_turn(descriptors_: PolarDescriptor, one: int, other: int) -> tuple[float, float, bool]:
    """How well two images agree at their best turn (−1–1), that turn in radians, and whether one is mirrored."""
    found = (-1.0, 0.0, False)
    for mirrored in (False, True):
        agreement = _agreement(descriptors_, one, other, mirrored)
        step = int(agreement.argmax())
        if agreement[step] > found[0]:
            found = (float(agreement[step]), step * 2 * np.pi / ANGLES, mirrored)
    return found


def _agreement(descriptors_: PolarDescriptor, one: int, other: int, mirrored: bool) -> NDArray[np.float64]:
    """Correlation over what both images show, for each of A turns."""

    def correlate(first: NDArray[np.complex64], second: NDArray[np.complex64]) -> NDArray[np.float64]:
        fixed = first[one] if mirrored else np.conj(first[one])
        return np.asarray(np.fft.irfft((fixed * second[other]).sum(axis=0), ANGLES))

    energy = correlate(descriptors_.squares, descriptors_.inside) * correlate(descriptors_.inside, descriptors_.squares)
    common = correlate(descriptors_.inside, descriptors_.inside)
    agreement = correlate(descriptors_.values, descriptors_.values) / np.sqrt(np.maximum(energy, 1e-6))
    enough = common > _LEAST_OVERLAP * min(descriptors_.extent[one], descriptors_.extent[other])
    return np.asarray(np.where(enough, agreement, -1.0))


def _rfft(values: NDArray[np.float32]) -> NDArray[np.complex64]:
    return np.asarray(np.fft.rfft(values, axis=2), dtype=np.complex64)
