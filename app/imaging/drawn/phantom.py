"""A radiograph that the project draws itself: a wrist that nobody has, with one broken bone.

It stands in for a patient's image in tests, in the README and on a first visit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.records import BoxPx

Map = NDArray[np.float64]

# Attenuation per millimetre at about 60 keV. Source: NIST XCOM, ICRU-44 cortical bone, red marrow and soft tissue.
_CORTEX_PER_MM, _MARROW_PER_MM, _TISSUE_PER_MM = 0.060, 0.0255, 0.0205
_PHOTONS_PER_PX = 4200.0
_SCATTER_SHARE = 0.16
_HAND_HEIGHT_MM = 196.0
# How far down the image the wrist joint lies.
_WRIST_AT = 0.5


@dataclass(frozen=True, eq=False)
class Phantom:
    """A drawn radiograph: `grey` is (H, W) uint8, bone bright; `fractures_px` the true boxes of its breaks."""

    grey: NDArray[np.uint8]
    fractures_px: tuple[BoxPx, ...]


@dataclass(frozen=True)
class _Bone:
    """A round shaft between two points, in millimetres (x right, y down).

    radii_mm: radius at even steps from start to end. cortex: thickness of the wall as a share of the radius, at the
    same kind of steps. bend_mm: how far the middle stands off the straight line.
    """

    start_mm: tuple[float, float]
    end_mm: tuple[float, float]
    radii_mm: Sequence[float]
    cortex: Sequence[float]
    bend_mm: float = 0.0


@dataclass(frozen=True)
class _Break:
    """Where a bone is broken: share of its length, slant, and how the far part has moved."""

    at: float
    slant: float
    gap_mm: float
    shift_mm: float
    turn_rad: float


def phantom(seed: int, shape_hw: tuple[int, int] = (512, 512)) -> Phantom:
    """Draw a frontal forearm, wrist and hand with a break near the far end of the radius.

    The same seed and shape give the same image to the byte. Thickness of cortex, marrow and tissue along each ray
    → Beer–Lambert → scatter → photon noise → film curve. Shapes from 64 × 64 up look as they should.
    """
    random = np.random.default_rng(seed)
    height, width = shape_hw
    px_per_mm = min(height, width * 1.15) / _HAND_HEIGHT_MM
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    tilt = random.uniform(-0.04, 0.04)
    x_mm, y_mm = (x + 0.5 - width / 2) / px_per_mm, (y + 0.5 - height * _WRIST_AT) / px_per_mm
    x_mm, y_mm = x_mm * np.cos(tilt) + y_mm * np.sin(tilt), y_mm * np.cos(tilt) - x_mm * np.sin(tilt)
    grain = _grain(random, shape_hw, px_per_mm)

    radius, fracture = _radius(random), _fracture(random)
    path = _TISSUE_PER_MM * _flesh(x_mm, y_mm)
    for bone in _whole_bones(random):
        part = _around(bone, x_mm, y_mm)
        path[part] += _bone_path(*_along(bone, x_mm[part], y_mm[part]), bone, grain[part])
    path += _broken_path(radius, fracture, x_mm, y_mm, grain, random=random)

    grey = _exposed(path, px_per_mm, random)
    _mark_side(grey, px_per_mm)
    return Phantom(grey, (_break_box(radius, fracture, x_mm, y_mm, shape_hw),))


def _radius(random: np.random.Generator) -> _Bone:
    thick = random.uniform(0.95, 1.05)
    radii = [r * thick for r in (7.0, 7.0, 6.8, 6.8, 7.2, 8.6, 11.8, 13.6, 12.6)]
    cortex = (0.40, 0.40, 0.40, 0.38, 0.32, 0.22, 0.11, 0.07, 0.09)
    return _Bone((-14.0, 135.0), (-15.5, 16.0), radii, cortex, bend_mm=2.5)


def _fracture(random: np.random.Generator) -> _Break:
    return _Break(
        at=random.uniform(0.715, 0.745),
        slant=random.uniform(0.30, 0.42),
        gap_mm=random.uniform(1.6, 2.1),
        shift_mm=random.uniform(2.4, 3.2),
        turn_rad=random.uniform(0.07, 0.11),
    )


def _whole_bones(random: np.random.Generator) -> list[_Bone]:
    """Ulna, carpals, metacarpals and the first phalanges; sizes of an adult's hand, in round figures."""
    ulna = _Bone(
        (14.5, 135.0),
        (14.0, 22.0),
        (6.6, 6.4, 6.2, 6.0, 5.8, 5.6, 6.0, 7.6, 7.2),
        (0.42,) * 6 + (0.3, 0.12, 0.12),
        -2.0,
    )
    styloid = _Bone((18.5, 26.0), (19.5, 15.5), (2.6, 2.4, 1.8), (0.35, 0.3, 0.35))
    carpals = [
        _Bone((-19.5, 13.0), (-13.5, -7.0), (6.0, 6.4, 7.0, 6.4), (0.13,) * 3, 1.6),
        _Bone((-5.0, 13.0), (-4.0, 1.5), (7.4, 7.6, 6.8), (0.13,) * 3, 0.8),
        _Bone((6.6, 13.0), (8.4, 1.0), (6.4, 6.8, 6.0), (0.13,) * 3),
        _Bone((14.2, 9.5), (13.6, 1.5), (4.4, 4.6, 4.2), (0.16,) * 3),
        _Bone((-21.5, -5.0), (-21.0, -14.5), (6.4, 6.2, 6.0), (0.13,) * 3),
        _Bone((-12.4, -6.0), (-12.6, -16.0), (5.4, 5.4, 5.4), (0.13,) * 3),
        _Bone((-3.0, -1.0), (-2.2, -17.5), (5.8, 5.8, 7.0), (0.13,) * 3),
        _Bone((10.0, -2.5), (8.6, -16.5), (5.6, 7.0, 7.8), (0.13,) * 3),
    ]
    rays = [
        ((-24.0, -17.0), (-41.0, -52.0), 4.6, (-44.0, -57.0), (-55.0, -80.0)),
        ((-13.0, -20.0), (-19.5, -79.0), 4.4, (-20.5, -85.0), (-25.0, -124.0)),
        ((-2.0, -21.5), (-2.5, -80.0), 4.4, (-2.6, -86.0), (-3.0, -130.0)),
        ((6.4, -21.0), (14.0, -74.0), 3.9, (15.0, -80.0), (20.0, -120.0)),
        ((13.4, -20.0), (29.0, -67.0), 3.6, (31.0, -72.5), (41.0, -106.0)),
    ]
    shaft, wall = (1.42, 1.15, 0.92, 0.86, 0.9, 1.1, 1.42, 1.3), (0.16, 0.26, 0.4, 0.44, 0.4, 0.28, 0.14, 0.14)
    bones = [ulna, styloid, *carpals]
    for foot, head, thickness, next_foot, next_head in rays:
        size = thickness * random.uniform(0.97, 1.03)
        bones.append(_Bone(foot, head, [size * share for share in shaft], wall, random.uniform(-0.8, 0.8)))
        bones.append(_Bone(next_foot, next_head, [0.92 * size * share for share in shaft], wall))
    return bones


def _flesh(x_mm: Map, y_mm: Map) -> Map:
    """Thickness of the soft tissue in millimetres: forearm, palm, five fingers, melted into one another."""
    ray_ends = [((-20, -8), (-62, -95), 11), ((-12, -20), (-30, -175), 10.5), ((-2, -20), (-4, -185), 10.5)]
    ray_ends += [((6, -20), (26, -170), 10), ((12, -16), (52, -145), 9.5)]
    limbs = [_capsule(x_mm, y_mm, (0, 140), (-1, 20), (37, 28)), _capsule(x_mm, y_mm, (-1, 24), (-4, -40), (29, 33))]
    limbs += [_capsule(x_mm, y_mm, foot, tip, (size * 1.15, size * 0.85)) for foot, tip, size in ray_ends]
    thickest = np.max(limbs, axis=0)
    return np.asarray(cv2.GaussianBlur(thickest, (0, 0), sigmaX=max(1.0, x_mm.shape[0] / 160)), np.float64)


def _capsule(
    x_mm: Map, y_mm: Map, start: tuple[float, float], end: tuple[float, float], radii: tuple[float, float]
) -> Map:
    """Chord through a flattened, tapering limb with round ends."""
    axis = np.subtract(end, start).astype(np.float64)
    share = np.clip(((x_mm - start[0]) * axis[0] + (y_mm - start[1]) * axis[1]) / (axis @ axis), 0, 1)
    away = np.hypot(x_mm - start[0] - share * axis[0], y_mm - start[1] - share * axis[1])
    radius = radii[0] + (radii[1] - radii[0]) * share
    thickness = 1.25 * np.sqrt(np.maximum(radius**2 - away**2, 0)) * np.minimum(1.0, 28.0 / radius)
    return np.asarray(thickness, np.float64)


def _around(bone: _Bone, x_mm: Map, y_mm: Map) -> tuple[slice, slice]:
    """The rows and columns that a bone may reach; drawing elsewhere would only cost time."""
    margin = max(bone.radii_mm) + abs(bone.bend_mm)
    (x1, x2), (y1, y2) = (sorted(pair) for pair in zip(bone.start_mm, bone.end_mm, strict=True))
    near = (x_mm > x1 - margin) & (x_mm < x2 + margin) & (y_mm > y1 - margin) & (y_mm < y2 + margin)
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _along(bone: _Bone, x_mm: Map, y_mm: Map) -> tuple[Map, Map]:
    """Coordinates of the bone: (share of its length, millimetres off its axis)."""
    axis = np.subtract(bone.end_mm, bone.start_mm)
    length = float(np.hypot(*axis))
    ux, uy = axis / length
    share = ((x_mm - bone.start_mm[0]) * ux + (y_mm - bone.start_mm[1]) * uy) / length
    off = (y_mm - bone.start_mm[1]) * ux - (x_mm - bone.start_mm[0]) * uy
    return share, off - bone.bend_mm * np.sin(np.pi * np.clip(share, 0, 1))


def _bone_path(share: Map, off: Map, bone: _Bone, grain: Map) -> Map:
    """Attenuation that the bone adds to the tissue: wall and marrow along each ray."""
    length = float(np.hypot(*np.subtract(bone.end_mm, bone.start_mm)))
    steps = np.linspace(0, 1, len(bone.radii_mm))
    radius = np.interp(share, steps, bone.radii_mm)
    wall = radius * np.interp(share, np.linspace(0, 1, len(bone.cortex)), bone.cortex)
    # Ends are domes as deep as 0.7 of the radius there.
    depth = np.maximum(-share, share - 1) * length + 0.7 * radius
    past = np.clip(depth, 0, None) / 0.7
    outer = _chord(radius, off, past)
    inner = _chord(radius - wall, off, past * radius / np.maximum(radius - wall, 1e-6))
    inner = np.minimum(inner, outer)
    added_cortex, added_marrow = _CORTEX_PER_MM - _TISSUE_PER_MM, _MARROW_PER_MM - _TISSUE_PER_MM
    return added_cortex * (outer - inner) + (added_marrow + 0.0034 * grain) * inner


def _chord(radius: Map, off: Map, past: Map) -> Map:
    return 2 * np.sqrt(np.maximum(radius**2 - off**2 - past**2, 0))


def _broken_path(bone: _Bone, fracture: _Break, *maps: Map, random: np.random.Generator) -> Map:
    """The near part where it was, the far part turned and shifted, a ragged gap between; maps are x, y and grain."""
    x_mm, y_mm, grain = maps
    share, off = _along(bone, x_mm, y_mm)
    length = float(np.hypot(*np.subtract(bone.end_mm, bone.start_mm)))
    teeth = np.interp(off, np.linspace(-18, 18, 25), np.cumsum(random.normal(0, 0.55, 25)))
    teeth -= np.median(teeth)
    beyond_mm = (share - fracture.at) * length - fracture.slant * off - teeth
    near = _bone_path(share, off, bone, grain) * _soft_step(-beyond_mm)

    along_mm = (share - fracture.at) * length
    turned_along = along_mm * np.cos(fracture.turn_rad) - off * np.sin(fracture.turn_rad)
    turned_off = off * np.cos(fracture.turn_rad) + along_mm * np.sin(fracture.turn_rad) - fracture.shift_mm
    far = _bone_path(turned_along / length + fracture.at, turned_off, bone, grain)
    return near + far * _soft_step(beyond_mm - fracture.gap_mm)


def _soft_step(distance_mm: Map) -> Map:
    return np.clip(0.5 + distance_mm / 0.9, 0, 1)


def _grain(random: np.random.Generator, shape_hw: tuple[int, int], px_per_mm: float) -> Map:
    """Trabeculae: noise of about a millimetre, unit variance."""
    noise = random.normal(size=shape_hw)
    fine = cv2.GaussianBlur(noise, (0, 0), sigmaX=max(0.5, 0.22 * px_per_mm), sigmaY=max(0.5, 0.45 * px_per_mm))
    fine = fine - cv2.GaussianBlur(fine, (0, 0), sigmaX=max(1.5, 3 * px_per_mm))
    return np.asarray(fine / fine.std(), np.float64)


def _exposed(path: Map, px_per_mm: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """Beer–Lambert, focal blur, scatter, photon noise, then the logarithm and a film's soft shoulder."""
    primary = cv2.GaussianBlur(np.exp(-path), (0, 0), sigmaX=max(0.5, 0.28 * px_per_mm))
    # So wide a blur loses nothing on a quarter of the points.
    coarse = cv2.resize(primary, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    scatter = cv2.GaussianBlur(coarse, (0, 0), sigmaX=4.5 * px_per_mm)
    scatter = cv2.resize(scatter, primary.shape[::-1], interpolation=cv2.INTER_LINEAR)
    light = (1 - _SCATTER_SHARE) * primary + _SCATTER_SHARE * scatter
    counted = random.poisson(light * _PHOTONS_PER_PX) + 1.0
    density = -np.log(counted / _PHOTONS_PER_PX)
    low, high = 0.06, np.percentile(density, 99.7)
    shown = np.clip((density - low) / (high - low), 0, 1) ** 0.92
    return np.asarray(np.rint(8 + 240 * shown), np.uint8)


def _mark_side(grey: NDArray[np.uint8], px_per_mm: float) -> None:
    """A lead letter L in the corner, as a radiographer puts it."""
    height = 9 * px_per_mm
    origin = round(grey.shape[1] * 0.9), round(grey.shape[0] * 0.1)
    thickness = max(1, round(1.5 * px_per_mm))
    cv2.putText(grey, "L", origin, cv2.FONT_HERSHEY_SIMPLEX, height / 22, 245, thickness, cv2.LINE_AA)


def _break_box(bone: _Bone, fracture: _Break, x_mm: Map, y_mm: Map, shape_hw: tuple[int, int]) -> BoxPx:
    """The box around the part of the bone within a few millimetres of the break."""
    share, off = _along(bone, x_mm, y_mm)
    length = float(np.hypot(*np.subtract(bone.end_mm, bone.start_mm)))
    radius = np.interp(share, np.linspace(0, 1, len(bone.radii_mm)), bone.radii_mm)
    near_mm = np.abs((share - fracture.at) * length - fracture.slant * off - fracture.gap_mm / 2)
    rows, columns = np.nonzero((near_mm < 4.5) & (np.abs(off) < radius + fracture.shift_mm))
    if not rows.size:
        return 0.0, 0.0, float(shape_hw[1]), float(shape_hw[0])
    return float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)
