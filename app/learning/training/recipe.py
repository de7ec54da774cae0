"""A recipe: everything that decides how a network is trained, in one YAML file."""

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, cast

import yaml

from app.errors import TrainingError
from app.learning.networks import STRIDE
from app.learning.training.augment import Augmentation


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    model: size of the YOLOv8, n to x.
    image_sizes: (share of the run, pixels) pairs in order; the shares sum to 1, so `((0.4, 320), (0.6, 416))` trains
        the first 40 % at 320.
    hours: wall-clock budget that shapes the schedule; 0 means that `epochs` does.
    epochs: number of epochs, when there is no budget of hours.
    batch: images per step.
    normals: images without a fracture per image with one, drawn anew each epoch.
    shares: share of each data set (`origin` in the manifest) among the images of a pass; empty means all images.
    one_copy: data sets of which one image of each group of near-duplicates is shown, the one with the tightest boxes.
    passes: how often an epoch shows the images; more where an epoch would be over in seconds.
    learning_rate, final_rate: at the top and at the end of the cosine. warmup: share of the run that rises to the top.
    weight_decay: of AdamW, on weights only. clip: largest norm of a gradient.
    average: share of the running average (EMA) that one step keeps.
    gain_box, gain_class, gain_dfl: weights of the three losses.
    calm: last share of the run without mosaic and with weaker changes, so that it ends on true images.
    validate_px: size of the images in validation; 0 means the size in training.
    workers: processes that prepare images; 0 means none beside the trainer (best on a CPU).
    arithmetic: "bf16", "float32", or "auto" to measure both in the first steps and to keep the faster one.
    threads: cores that compute on a CPU; 0 means all. Fewer are faster where other programs use the cores too.
    """

    model: str = "n"
    image_sizes: tuple[tuple[float, int], ...] = ((1.0, 512),)
    hours: float = 0.0
    epochs: int = 30
    batch: int = 16
    normals: float = 0.75
    shares: dict[str, float] = field(default_factory=dict)
    one_copy: tuple[str, ...] = ()
    passes: int = 1
    learning_rate: float = 5e-4
    final_rate: float = 1e-5
    warmup: float = 0.02
    weight_decay: float = 0.01
    clip: float = 10.0
    average: float = 0.998
    gain_box: float = 7.5
    gain_class: float = 0.5
    gain_dfl: float = 1.5
    calm: float = 0.15
    validate_px: int = 0
    workers: int = 0
    arithmetic: str = "auto"
    threads: int = 0
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def image_size(self, progress: float) -> int:
        """The image size in pixels when `progress` (0–1) of the run is done."""
        upper = 0.0
        for share, size_px in self.image_sizes:
            upper += share
            if progress < upper - 1e-9:
                return size_px
        return self.image_sizes[-1][1]


def read_recipe(path: Path | None, changes: dict[str, Any]) -> Recipe:
    """The recipe in `path` (the default one without) with `changes` of the command line.

    Raises:
        TrainingError: the file is missing or no YAML, a key is unknown, or a value is out of range; the message names
            file and key.
    """
    content: Any = {}
    if path is not None:
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            raise TrainingError(f"The recipe {path} is missing, or no YAML.") from None
    if not isinstance(content, dict):
        raise TrainingError(f"The recipe {path} is not a list of keys and values.")
    return recipe_from(content | changes, str(path or "the command line"))


def recipe_from(content: dict[str, Any], place: str) -> Recipe:
    """A recipe from plain values; raises TrainingError like `read_recipe`."""
    own = {item.name for item in fields(Recipe)}
    changes = {item.name for item in fields(Augmentation)}
    given = dict(content)
    strength = given.pop("augmentation", {}) or {}
    for key, known in [(key, own) for key in given] + [(key, changes) for key in strength]:
        if key not in known:
            raise TrainingError(f"{place}: there is no recipe key {key}.")
    if "image_sizes" in given:
        given["image_sizes"] = _sizes(given["image_sizes"], place)
    try:
        given["one_copy"] = tuple(str(name) for name in given.get("one_copy", ()))
        given["shares"] = {str(name): float(share) for name, share in (given.get("shares") or {}).items()}
        recipe = Recipe(**given, augmentation=Augmentation(**{k: float(v) for k, v in strength.items()}))
        _check(recipe, place)
    except (TypeError, ValueError, AttributeError):
        raise TrainingError(f"{place}: a value is not a number.") from None
    return recipe


def recipe_values(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain values, for the record of a run; `recipe_from` reads them back."""
    values = asdict(recipe)
    values["image_sizes"] = [list(pair) for pair in recipe.image_sizes]
    values["one_copy"] = list(recipe.one_copy)
    return values


def _sizes(value: object, place: str) -> tuple[tuple[float, int], ...]:
    try:
        pairs = (
            ((1.0, int(value)),) if isinstance(value, int) else tuple((float(s), int(px)) for s, px in cast(Any, value))
        )
    except (TypeError, ValueError):
        raise TrainingError(f"{place}: image_sizes must be a size, or pairs of share and size.") from None
    if (
        not pairs
        or abs(sum(share for share, _ in pairs) - 1) > 1e-6
        or any(px % STRIDE or px < STRIDE for _, px in pairs)
    ):
        raise TrainingError(f"{place}: the shares of image_sizes must sum to 1, sizes be multiples of 32.")
    return pairs


def _check(recipe: Recipe, place: str) -> None:
    rules = {
        "model": recipe.model in ("n", "s", "m", "l", "x"),
        "hours": recipe.hours >= 0,
        "epochs": recipe.epochs >= 1,
        "batch": 1 <= recipe.batch <= 4096,
        "normals": recipe.normals >= 0,
        "shares": all(0 < share <= 1 for share in recipe.shares.values())
        and (not recipe.shares or abs(sum(recipe.shares.values()) - 1) < 1e-6),
        "passes": recipe.passes >= 1,
        "arithmetic": recipe.arithmetic in ("auto", "bf16", "float32"),
        "learning_rate": 0 < recipe.learning_rate < 1,
        "final_rate": 0 <= recipe.final_rate <= recipe.learning_rate,
        "warmup": 0 <= recipe.warmup < 1,
        "average": 0 <= recipe.average < 1,
        "calm": 0 <= recipe.calm <= 1,
        "validate_px": recipe.validate_px >= 0 and recipe.validate_px % STRIDE == 0,
        "threads": 0 <= recipe.threads <= 1024,
        "workers": 0 <= recipe.workers <= 256,
    }
    for key, holds in rules.items():
        if not holds:
            raise TrainingError(f"{place}: {key} is out of range.")
