"""A test collection of images that are no limb radiographs: drawn, or taken from packages where these are installed.

None of them must be assessed. Nothing of it is a patient's image of this project.
"""

import importlib.util
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.config import Limits
from app.drawings import Drawing, Label
from app.errors import FractureError
from app.imaging import decode, render_png
from app.imaging.geometry import blur, smooth
from app.records import Radiograph

Grey = NDArray[np.uint8]
Field = NDArray[np.float64]

DRAWN_PER_KIND = 12
_TILES = 3
_SIDE_PX = 512
# Folders of images in packages: (package, folder in it).
_PHOTOGRAPHS = (
    ("skimage", "data"),
    ("sklearn", "datasets/images"),
    ("ultralytics", "assets"),
    ("matplotlib", "mpl-data/sample_data"),
)
# Of these the names that are no photographs: drawings, scans of text, masks.
_OF_TEXT = ("text", "page")
_LEFT_OUT = (
    "phantom",
    "horse",
    "logo",
    "color",
    "multipage",
    "motorcycle_disp",
    "topobathy",
    "no_time",
    "clock_motion",
)
_VOLUMES = (("example4d.nii.gz", 0), ("anatomical.nii", None))
_SLICES = ("CT_small.dcm", "MR_small.dcm", "693_UNCI.dcm", "emri_small.dcm", "image_dfl.dcm")
_WORDS = ("the", "patient", "was", "seen", "today", "and", "sent", "home", "with", "a", "note", "for", "next", "week")


@dataclass(frozen=True, eq=False)
class Outsider:
    """An image that must not be assessed, its kind, and a name to find it by."""

    kind: str
    name: str
    radiograph: Radiograph


def outsiders(seed: int = 0) -> Iterator[Outsider]:
    """Every image of the collection, by kind; the same for the same seed and packages."""
    for kind, draw in DRAWN.items():
        for number in range(DRAWN_PER_KIND):
            rng = np.random.default_rng((seed, number, len(kind), ord(kind[0])))
            yield Outsider(kind, f"{kind}-{number}", of_grey(draw(rng)))
    yield from _photographs(seed)
    yield from _slices()


def of_grey(grey: Grey) -> Radiograph:
    """A radiograph of pixels alone, as if it came as a PNG of 8 bits."""
    return Radiograph(np.ascontiguousarray(grey), None, "png", 8)


def _photographs(seed: int) -> Iterator[Outsider]:
    """Photographs as they are, and parts of them in grey, so that a wall or a face fills the image."""
    for path in _files_of_packages():
        try:
            radiograph = decode(path.read_bytes(), Limits())
        except (OSError, FractureError):
            continue
        whole = radiograph.grey
        if min(whole.shape) < 128:
            continue
        kind = "text" if path.stem in _OF_TEXT else "photograph"
        yield Outsider(kind, path.stem, radiograph)
        rng = np.random.default_rng((seed, len(path.stem), whole.shape[0]))
        for number in range(_TILES):
            yield Outsider(kind, f"{path.stem}-part-{number}", of_grey(_part(whole, rng)))


def _files_of_packages() -> Iterator[Path]:
    for package, folder in _PHOTOGRAPHS:
        root = _folder_of(package)
        names = sorted((root / folder).glob("*")) if root else []
        yield from (
            path for path in names if path.suffix in {".png", ".jpg", ".jpeg"} and not path.stem.startswith(_LEFT_OUT)
        )


def _slices() -> Iterator[Outsider]:
    """Slices of the small CT and MR data that pydicom and nibabel bring for their tests, without their headers."""
    root = _folder_of("pydicom")
    for name in _SLICES if root else ():
        path = root / "data" / "test_files" / name if root else Path()
        try:
            yield Outsider("slice", name, of_grey(decode(path.read_bytes(), Limits()).grey))
        except (OSError, FractureError):
            continue
    root = _folder_of("nibabel")
    for name, volume in _VOLUMES if root else ():
        path = root / "tests" / "data" / name if root else Path()
        if path.is_file():
            yield from _of_volume(path, volume)


def _of_volume(path: Path, volume: int | None) -> Iterator[Outsider]:
    import nibabel  # noqa: PLC0415 - only where the collection is made

    image: Any = nibabel.load(path)
    whole = np.asarray(image.dataobj, np.float64)
    values: Field = np.asarray(whole if volume is None else whole[..., volume], np.float64)
    for axis in range(3):
        for at in np.linspace(0.3, 0.7, 6):
            plane = np.asarray(np.rot90(np.take(values, int(at * values.shape[axis]), axis=axis)), np.float64)
            yield Outsider("slice", f"{path.name}-{axis}-{at:.2f}", of_grey(_scaled(_enlarged(plane))))


def _folder_of(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _part(grey: Grey, rng: np.random.Generator) -> Grey:
    height, width = grey.shape
    share = rng.uniform(0.35, 0.7)
    size = max(128, int(height * share)), max(128, int(width * share))
    top, left = (int(rng.integers(0, max(1, side - part + 1))) for side, part in zip(grey.shape, size, strict=True))
    return grey[top : top + size[0], left : left + size[1]]


def _enlarged(plane: Field, side_px: int = 384) -> Field:
    """A plane with its long side scaled to `side_px` by whole numbers, then smoothed as a viewer does."""
    factor = max(1, side_px // max(plane.shape))
    enlarged: Field = np.asarray(np.kron(plane, np.ones((factor, factor))), np.float64)
    return enlarged


def _scaled(values: Field) -> Grey:
    low, high = np.percentile(values, (0.5, 99.5))
    return _grey((values - low) / max(high - low, 1e-9))


def _grey(share: Field) -> Grey:
    return (np.clip(share, 0, 1) * 255).round().astype(np.uint8)


def _smooth(values: Field, sigma_px: float) -> Field:
    return smooth(values.astype(np.float32), sigma_px).astype(np.float64)


def _grid(height: int = _SIDE_PX, width: int = _SIDE_PX) -> tuple[Field, Field]:
    """y and x of every pixel, both from -1 to 1."""
    ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return ys, xs


def _ellipse(ys: Field, xs: Field, middle: tuple[float, float], axes: tuple[float, float], turn: float = 0) -> Field:
    """1 inside an ellipse with middle (y, x) and half axes (y, x), turned by radians; 0 outside."""
    y, x = ys - middle[0], xs - middle[1]
    along, across = y * math.cos(turn) - x * math.sin(turn), y * math.sin(turn) + x * math.cos(turn)
    return ((along / axes[0]) ** 2 + (across / axes[1]) ** 2 <= 1).astype(np.float64)


def _noise(rng: np.random.Generator) -> Grey:
    side = int(rng.integers(128, _SIDE_PX))
    spread = rng.uniform(0.1, 0.4)
    values = 0.5 + spread * rng.standard_normal((side, side))
    return _grey(_smooth(values, rng.uniform(0.5, 1.5)) if rng.random() < 0.4 else values)


def _gradient(rng: np.random.Generator) -> Grey:
    ys, xs = _grid(int(rng.integers(128, 640)), int(rng.integers(128, 640)))
    turn = rng.uniform(0, 2 * math.pi)
    flat = ys * math.sin(turn) + xs * math.cos(turn) if rng.random() < 0.6 else np.hypot(ys, xs) * 2 - 1
    return _grey(0.5 + rng.uniform(0.2, 0.5) * flat)


def _even(rng: np.random.Generator) -> Grey:
    shape = int(rng.integers(100, 900)), int(rng.integers(100, 900))
    level = float(rng.choice([0, 1, rng.random()]))
    return _grey(level + rng.uniform(0, 0.01) * rng.standard_normal(shape))


def _text(rng: np.random.Generator) -> Grey:
    """Lines of words, dark on light or light on dark, some with a bar or a box as a web page has."""
    height, width, line = 640, int(rng.integers(420, 900)), float(rng.integers(14, 28))
    labels: list[Label] = []
    top = line
    while top < height - line and (len(labels) < 4 or rng.random() > 0.02):
        words = " ".join(rng.choice(_WORDS, int(width / line / 3.2)).tolist())
        labels.append(Label(words, (line, top), line, (255, 255, 255)))
        top += line * rng.uniform(1.2, 2.2)
    page = np.zeros((height, width), np.uint8)
    if rng.random() < 0.5:
        page[: int(2 * line)] = 90
    drawn = decode(render_png(page, Drawing(labels=tuple(labels))), Limits()).grey
    return 255 - drawn if rng.random() < 0.6 else drawn


def _texture(rng: np.random.Generator) -> Grey:
    """Waves, bricks and clouds: structure without anatomy."""
    ys, xs = _grid()
    kind = rng.integers(0, 3)
    if kind == 0:
        waves = sum(np.sin(rng.uniform(8, 60) * (ys * a + xs * b)) for a, b in rng.normal(size=(3, 2)))
        return _scaled(np.asarray(waves) + 0.2 * rng.standard_normal(ys.shape))
    if kind == 1:
        rows = np.floor(ys * rng.uniform(6, 14))
        bricks = (np.abs((xs * rng.uniform(4, 9) + 0.5 * (rows % 2)) % 1 - 0.5) < 0.44) & (
            np.abs((ys * 10) % 1 - 0.5) < 0.42
        )
        return _grey(0.25 + 0.45 * bricks + 0.08 * rng.standard_normal(ys.shape))
    clouds = sum(
        np.kron(rng.standard_normal((2**n, 2**n)), np.ones((_SIDE_PX >> n, _SIDE_PX >> n))) / 2**n for n in range(2, 9)
    )
    return blur(_scaled(np.asarray(clouds)), 2.0)


def _axial(rng: np.random.Generator, rim: float, inside: float) -> Field:
    """A slice through a body or a head: a rim, an inside, some round parts of their own."""
    ys, xs = _grid()
    axes = rng.uniform(0.55, 0.8), rng.uniform(0.6, 0.9)
    image = rim * _ellipse(ys, xs, (0, 0), axes)
    image = np.where(_ellipse(ys, xs, (0, 0), (axes[0] * 0.9, axes[1] * 0.9)) > 0, inside, image)
    for _ in range(int(rng.integers(4, 9))):
        middle = rng.uniform(-0.4, 0.4), rng.uniform(-0.5, 0.5)
        part = _ellipse(ys, xs, middle, (rng.uniform(0.06, 0.25), rng.uniform(0.06, 0.25)), rng.uniform(0, 3))
        image = np.where((part > 0) & (image > 0), rng.uniform(0.1, 0.8), image)
    return image


def _ct(rng: np.random.Generator) -> Grey:
    ys, xs = _grid()
    image = _axial(rng, 0.45, 0.4)
    spine = _ellipse(ys, xs, (0.4, 0), (0.12, 0.14))
    image = np.where(spine > 0, 0.95, image)
    for side in (-1, 1):
        lung = _ellipse(ys, xs, (-0.05, 0.38 * side), (0.32, 0.22), 0.2 * side)
        image = np.where((lung > 0) & (image > 0), 0.05, image) if rng.random() < 0.7 else image
    return _grey(_smooth(image, 1.2) + 0.03 * rng.standard_normal(image.shape))


def _mr(rng: np.random.Generator) -> Grey:
    ys, xs = _grid()
    image = _axial(rng, 0.9, 0.1)
    brain = _ellipse(ys, xs, (0, 0), (0.5, 0.58))
    folds = 0.12 * np.sin(22 * np.hypot(ys, xs * 1.1) + 3 * np.sin(9 * np.arctan2(ys, xs)))
    image = np.where(brain > 0, 0.5 + folds, image)
    for side in (-1, 1):
        image = np.where(_ellipse(ys, xs, (-0.05, 0.12 * side), (0.18, 0.06), 0.4 * side) > 0, 0.1, image)
    return _grey(_smooth(image, 1.5) * (1 + 0.15 * xs) + 0.03 * rng.standard_normal(image.shape))


def _chest(rng: np.random.Generator) -> Grey:
    """A frontal chest: dark lungs, spine, heart, ribs, shoulders at the rim."""
    ys, xs = _grid(_SIDE_PX, int(rng.integers(440, 600)))
    image = np.full(ys.shape, 0.55) * (np.abs(xs) < 0.97)
    for side in (-1, 1):
        lung = _ellipse(ys, xs, (-0.08, 0.42 * side), (rng.uniform(0.6, 0.72), rng.uniform(0.26, 0.33)), 0.08 * side)
        image -= 0.38 * lung
        for number in range(9):
            arc = np.abs(ys - (-0.72 + 0.16 * number) - 0.35 * (np.abs(xs) - 0.42) ** 2 - 0.15 * (np.abs(xs) - 0.4))
            image += 0.13 * ((arc < 0.022) & (xs * side > 0.1) & (np.abs(xs) < 0.82))
        image += 0.15 * _ellipse(ys, xs, (-0.82, 0.45 * side), (0.03, 0.4), 0.2 * side)
    image += 0.28 * _ellipse(ys, xs, (0.2, 0.14), (0.33, 0.3), 0.5) + 0.2 * (np.abs(xs) < 0.09)
    image += 0.3 * (ys > 0.55 + 0.25 * (np.abs(xs) - 0.4) ** 2)
    return _grey(_smooth(np.clip(image, 0, 1), 2.5) + 0.02 * rng.standard_normal(image.shape))


def _skull(rng: np.random.Generator) -> Grey:
    """A skull from the front or the side: a bright rim, orbits or a jaw."""
    ys, xs = _grid()
    axes = rng.uniform(0.68, 0.78), rng.uniform(0.55, 0.7)
    image = 0.9 * _ellipse(ys, xs, (-0.1, 0), axes) - 0.35 * _ellipse(ys, xs, (-0.1, 0), (axes[0] * 0.9, axes[1] * 0.9))
    for side in (-1, 1):
        image -= 0.3 * _ellipse(ys, xs, (0.1, 0.24 * side), (0.13, 0.16))
    image -= 0.25 * _ellipse(ys, xs, (0.35, 0), (0.14, 0.08))
    image += 0.3 * _ellipse(ys, xs, (0.68, 0), (0.18, 0.38)) + 0.15 * (np.abs(ys - 0.55) < 0.03) * (np.abs(xs) < 0.3)
    return _grey(_smooth(np.clip(image, 0, 1), 2.5) + 0.02 * rng.standard_normal(image.shape))


DRAWN: dict[str, Callable[[np.random.Generator], Grey]] = {
    "even": _even,
    "noise": _noise,
    "gradient": _gradient,
    "text": _text,
    "texture": _texture,
    "ct": _ct,
    "mr": _mr,
    "chest": _chest,
    "skull": _skull,
}
