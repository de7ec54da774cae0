"""The plan of an adaptation: which shipped weights to start from, and a recipe for this machine and these images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.detection import ModelSpec
from app.errors import ModelError
from app.learning.networks.network import load_network, size_of, trained_at_px
from app.learning.training.recipe import Recipe, recipe_from

# Seconds for one image, forward and back, on two cores at 416 px; measured, see docs/training.md.
_CPU_SECONDS = {"n": 0.05, "s": 0.1, "m": 0.2, "l": 0.32, "x": 0.5}
_MEASURED_AT_PX = 416
_STEPS, _LEAST_EPOCHS, _MOST_EPOCHS = 400, 8, 60
_BATCH = {"cuda": 32, "cpu": 8}
# A fine-tuning: much lower than a training from nothing, and an average that a few hundred steps can fill.
_RATES = {"learning_rate": 2e-4, "final_rate": 4e-6, "warmup": 0.1, "average": 0.99, "calm": 0.3}


@dataclass(frozen=True)
class Beginning:
    """Weights to start from: the file, the size of its YOLOv8, its input size and its classes."""

    weights: Path
    size: str
    input_px: int
    regions: tuple[str, ...]


@dataclass(frozen=True)
class Wishes:
    """Parts of the recipe that the user fixes; None leaves it to the plan. hours: the longest training on a CPU."""

    epochs: int | None = None
    image_size: int | None = None
    batch: int | None = None
    threads: int | None = None
    hours: float = 3.0


def beginning_of(weights: Path) -> Beginning:
    """Describe a checkpoint.

    Raises:
        ModelError: it is missing, damaged, or holds no YOLOv8 detector.
    """
    network = load_network(weights)
    names = tuple(str(network.names[number]) for number in range(len(network.names)))
    return Beginning(weights, size_of(network), trained_at_px(network), names)


def shipped_weights(spec: ModelSpec, models_dir: Path) -> list[Path]:
    """The checkpoints of the shipped model: the one that serves first, smaller ones after it.

    Raises:
        ModelError: there is none.
    """
    served = [spec.torch.path] if spec.torch and spec.torch.path.is_file() else []
    others = sorted(path for path in models_dir.glob("*.pt") if path not in served)
    if not served and not others:
        raise ModelError(f"There are no weights to start from in {models_dir}; name some: --weights FILE.")
    return [*served, *others]


def choose_beginning(candidates: Sequence[Beginning], images: int, device: str, wishes: Wishes) -> Beginning:
    """The first candidate that this machine trains in time, else the one that it trains fastest."""
    if device != "cpu":
        return candidates[0]
    hours = [(hours_on_cpu(one, images, wishes), one) for one in candidates]
    return next((one for took, one in hours if took <= wishes.hours), min(hours, key=lambda pair: pair[0])[1])


def hours_on_cpu(beginning: Beginning, images: int, wishes: Wishes) -> float:
    """About how long training takes on two cores."""
    pixels = ((wishes.image_size or beginning.input_px) / _MEASURED_AT_PX) ** 2
    return _CPU_SECONDS[beginning.size] * pixels * images * _epochs(images, "cpu", wishes) / 3600


def recipe_for(
    beginning: Beginning, images: int, kept: Sequence[str], device: str, wishes: Wishes
) -> tuple[Recipe, str]:
    """The recipe, and one sentence that says what it is for.

    images: of the training part. kept: old regions without an own box, which stay as they are.

    Raises:
        TrainingError: a wish is out of range.
    """
    size_px, epochs = wishes.image_size or beginning.input_px, _epochs(images, device, wishes)
    values: dict[str, Any] = _RATES | {
        "model": beginning.size, "image_sizes": size_px, "epochs": epochs,
        "batch": wishes.batch or _BATCH[device], "normals": 1.0, "kept": list(kept),
        "workers": 8 if device == "cuda" else 0, "threads": wishes.threads or 0,
    }  # fmt: skip
    took = hours_on_cpu(beginning, images, wishes)
    if device == "cpu" and took > wishes.hours:
        values["hours"] = wishes.hours
    recipe = recipe_from(values, "the command line")
    length = f"{recipe.hours:g} hours" if recipe.hours else f"{epochs} epochs"
    about = "" if device == "cuda" or recipe.hours else f", about {max(1, math.ceil(took * 60))} minutes on two cores"
    return recipe, f"YOLOv8{recipe.model} at {size_px} px, {length} of {images} images on {device}{about}"


def _epochs(images: int, device: str, wishes: Wishes) -> int:
    """Enough for some hundred steps: few images are shown often, many seldom."""
    steps_an_epoch = max(1, images // (wishes.batch or _BATCH[device]))
    return wishes.epochs or min(_MOST_EPOCHS, max(_LEAST_EPOCHS, round(_STEPS / steps_an_epoch)))
