"""A recipe: everything that decides how a network is trained, in one YAML file."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from app.errors import TrainingError
from app.learning.networks import STRIDE
from app.learning.training.augment import Augmentation


def _one_size(value: object) -> object:
    """A single size stands for the whole run."""
    return ((1.0, value),) if isinstance(value, int) and not isinstance(value, bool) else value


def _shares_and_sizes(pairs: tuple[tuple[float, int], ...]) -> tuple[tuple[float, int], ...]:
    whole = abs(sum(share for share, _ in pairs) - 1) <= 1e-6
    if not whole or any(px % STRIDE or px < STRIDE for _, px in pairs):
        raise ValueError("the shares must sum to 1, the sizes be multiples of 32")
    return pairs


Sizes = Annotated[tuple[tuple[float, int], ...], BeforeValidator(_one_size), AfterValidator(_shares_and_sizes)]


class Recipe(BaseModel):
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
    kept: regions that the starting weights know and these images do not label: nothing is learned about them, instead
        of that they are nowhere.
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

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Literal["n", "s", "m", "l", "x"] = "n"
    image_sizes: Sizes = ((1.0, 512),)
    hours: float = Field(0.0, ge=0, allow_inf_nan=False)
    epochs: int = Field(30, ge=1)
    batch: int = Field(16, ge=1, le=4096)
    normals: float = Field(0.75, ge=0)
    shares: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(default_factory=dict)
    one_copy: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    passes: int = Field(1, ge=1)
    learning_rate: float = Field(5e-4, gt=0, lt=1)
    final_rate: float = Field(1e-5, ge=0)
    warmup: float = Field(0.02, ge=0, lt=1)
    weight_decay: float = Field(0.01, ge=0)
    clip: float = Field(10.0, gt=0)
    average: float = Field(0.998, ge=0, lt=1)
    gain_box: float = 7.5
    gain_class: float = 0.5
    gain_dfl: float = 1.5
    calm: float = Field(0.15, ge=0, le=1)
    validate_px: int = Field(0, ge=0, multiple_of=STRIDE)
    workers: int = Field(0, ge=0, le=256)
    arithmetic: Literal["auto", "bf16", "float32"] = "auto"
    threads: int = Field(0, ge=0, le=1024)
    seed: int = 0
    augmentation: Augmentation = Field(default_factory=Augmentation)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.final_rate > self.learning_rate:
            raise ValueError("final_rate must not exceed learning_rate")
        if self.shares and abs(sum(self.shares.values()) - 1) > 1e-6:
            raise ValueError("the shares must sum to 1")
        return self

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


def recipe_from(content: dict[str, Any], source: str) -> Recipe:
    """A recipe from plain values; raises TrainingError like `read_recipe`, naming `source`."""
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
        if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            raise TrainingError(f"{source}: there is no recipe key {key}.") from None
        raise TrainingError(f"{source}: {key or 'the recipe'}: {first['msg']}.") from None


def recipe_values(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain values, for the record of a run; `recipe_from` reads them back."""
    return recipe.model_dump(mode="json")
