"""Train a YOLOv8 on grey images: on CUDA or a CPU, within a time budget, resumable after a kill.

The loop is our own and the loss is ultralytics' own.
"""

import copy
import math
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import torch
from torch import nn

from app.errors import TrainingError
from app.learning.networks.network import give_gains, save_weights
from app.learning.training.arithmetic import BF16, Arithmetic
from app.learning.training.journal import Row, write_curves
from app.learning.training.loader import Batch, TrainingSet, batches
from app.learning.training.recipe import Recipe
from app.learning.training.run_state import read_checkpoint, write_checkpoint
from app.learning.training.schedule import Clock, learning_rate
from app.learning.training.validation import Score, ValidationSet, to_input, validate

if TYPE_CHECKING:
    from ultralytics.nn.tasks import DetectionModel

BEST, LAST, FINAL = "best.pt", "last.pt", "final.pt"


@dataclass(frozen=True, eq=False)
class Material:
    """Images in memory, to train on and to validate on; `findings` are the classes that are no fracture."""

    train: TrainingSet
    val: ValidationSet
    regions: tuple[str, ...]
    findings: tuple[str, ...] = ()

    @property
    def fracture_regions(self) -> tuple[str, ...]:
        """The classes that mean a fracture."""
        return tuple(region for region in self.regions if region not in self.findings)


@dataclass(frozen=True)
class Pace:
    """Progress of a run after one step."""

    epoch: int
    step: int
    steps: int
    progress: float
    left_s: float
    rate: float
    loss: float


class Watcher(Protocol):
    """Sees a run's progress."""

    def step(self, pace: Pace) -> None:
        """After each step."""

    def epoch(self, row: Row) -> None:
        """After each epoch, with its row of the curves."""

    def warn(self, sentence: str) -> None:
        """Before the first epoch, for what makes the figures doubtful."""


@dataclass
class State:
    """State that a run needs to be resumed."""

    epoch: int = 0
    steps: int = 0
    trained_s: float = 0.0
    progress: float = 0.0
    best: float = -1.0
    rows: list[Row] = field(default_factory=list)


class Trainer:
    """One run in one folder."""

    def __init__(
        self,
        network: "DetectionModel",
        recipe: Recipe,
        material: Material,
        folder: Path,
        *,
        device: torch.device,
        watcher: Watcher,
        key: str,
    ) -> None:
        """`key` names recipe and data; a checkpoint with another key is refused."""  # fmt: skip
        set_up_threads(device, recipe.threads)
        self._recipe, self._material, self._folder, self._watcher = recipe, material, folder, watcher
        self._device, self._key = device, key
        self._kept = [number for number, name in enumerate(material.regions) if name in recipe.kept]
        self._arithmetic = Arithmetic(recipe.arithmetic, device.type)
        self._clock = Clock(recipe.hours, recipe.epochs)
        give_gains(network, recipe.gain_box, recipe.gain_class, recipe.gain_dfl)
        # Ultralytics' networks keep untyped attributes.
        self._network: Any = cast(Any, network)
        self._network.to(device=device, memory_format=torch.channels_last)
        for parameter in self._network.parameters():
            parameter.requires_grad_(True)
        self._network.model[-1].dfl.requires_grad_(False)
        self._average: Any = copy.deepcopy(self._network).eval().requires_grad_(False)
        self._optimizer = torch.optim.AdamW(self._groups(), lr=recipe.learning_rate, fused=device.type == "cuda")
        self._mean, self._now = self._averaged(self._average), self._averaged(self._network)
        self.state = State()

    def resume(self) -> None:
        """Go on from the folder's last checkpoint.

        Raises:
            TrainingError: there is none, it is damaged, or it belongs to another recipe or data set.
        """
        content = read_checkpoint(self._folder / LAST, self._key)
        try:
            self._network.load_state_dict(content["network"])
            self._average.load_state_dict(content["average"])
            self._optimizer.load_state_dict(content["optimizer"])
        except (RuntimeError, ValueError, KeyError):
            raise TrainingError(f"{self._folder / LAST} is of another architecture.") from None
        self.state = State(**content["state"])

    def run(self) -> State:
        """Train until the end of the schedule; writes checkpoints, weights and curves after each epoch.

        Raises:
            TrainingError: a file cannot be written, or the loss is no longer a number.
        """
        # Weights that fade to denormal numbers slow a CPU down many times; the setting is restored for
        # the rest of the process.
        torch.set_flush_denormal(True)
        try:
            while self.state.progress < 1:
                self._one_epoch()
        finally:
            torch.set_flush_denormal(False)
        self._save_weights(FINAL)
        return self.state

    def _one_epoch(self) -> None:
        recipe, state = self._recipe, self.state
        size_px = recipe.image_size(state.progress)
        calm = state.progress >= 1 - recipe.calm
        count, loader = batches(self._material.train, recipe, size_px, state.epoch, calm)
        if count == 0:
            raise TrainingError("The data set holds no image with a fracture to learn from.")
        torch.manual_seed(recipe.seed * 1_000_003 + state.epoch)
        self._network.train()
        # Summed on the device, so that a GPU is waited for once an epoch and not at every step.
        total, begun, before = torch.zeros(3, device=self._device), time.monotonic(), state.trained_s
        number = 0
        for number, batch in enumerate(loader, start=1):
            rate = learning_rate(state.progress, recipe)
            step_begun = time.monotonic()
            losses = self._one_step(batch, rate)
            total += losses
            self._arithmetic.record(time.monotonic() - step_begun)
            state.trained_s = before + time.monotonic() - begun
            done = state.epoch + number / count
            state.progress = self._clock.progress(state.trained_s, done)
            left_s = self._clock.left_s(state.trained_s, done)
            loss = float(losses.sum()) if number % 20 == 1 else math.nan
            self._watcher.step(Pace(state.epoch + 1, number, count, state.progress, left_s, rate, loss))
            if state.progress >= 1:
                break
        if not torch.isfinite(total).all():
            raise TrainingError(f"The loss is not a number in epoch {state.epoch + 1}; a lower learning rate may help.")
        state.epoch += 1
        self._finish_epoch(total / number, rate, size_px)
        # Validation is part of the budget: a run promises a time, not a number of steps.
        state.trained_s = before + time.monotonic() - begun
        state.progress = self._clock.progress(state.trained_s, state.epoch)
        self._save()

    def _one_step(self, batch: Batch, rate: float) -> torch.Tensor:
        """One step of the optimizer; returns the three losses (3,) on the device."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        images = to_input(torch.from_numpy(batch.grey), self._device)
        targets = {"batch_idx": batch.image, "cls": batch.classes, "bboxes": batch.boxes}
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._arithmetic.now == BF16):
            predictions = self._network(images)
        full = {
            key: [part.float() for part in value] if isinstance(value, list) else value.float()
            for key, value in predictions.items()
        }
        if self._kept:
            full["scores"] = without_gradient(cast(torch.Tensor, full["scores"]), self._kept)
        loss, _ = self._network.loss({k: torch.from_numpy(v).to(self._device) for k, v in targets.items()}, full)
        self._optimizer.zero_grad(set_to_none=True)
        loss.sum().backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), self._recipe.clip)
        self._optimizer.step()
        self.state.steps += 1
        self._update_average()
        each: torch.Tensor = loss.detach() / len(batch.grey)
        return each

    def _update_average(self) -> None:
        """Move the running average towards the network, faster in the first steps."""
        kept = min(self._recipe.average, (1 + self.state.steps) / (10 + self.state.steps))
        torch._foreach_lerp_(self._mean, self._now, 1 - kept)

    def _finish_epoch(self, losses: torch.Tensor, rate: float, size_px: int) -> None:
        state, material = self.state, self._material
        at_px = self._recipe.validate_px or size_px
        begun = time.monotonic()
        scores = validate(self._average, material.val, material.regions, size_px=at_px, device=self._device)
        row: Row = {
            "epoch": state.epoch,
            "progress": round(state.progress, 4),
            "trained_s": round(state.trained_s, 1),
            "validation_s": round(time.monotonic() - begun, 1),
            "image_px": size_px,
            "learning_rate": rate,
            "bf16": float(self._arithmetic.now == BF16),
        }
        row |= {f"loss_{n}": round(float(v), 4) for n, v in zip(("box", "class", "dfl"), losses, strict=True)}
        figures = {f"{group}_{name}": v for group, score in scores.items() for name, v in asdict(score).items()}
        row |= {name: round(value, 4) for name, value in figures.items() if math.isfinite(value)}
        state.rows.append(row)
        reached = worth(scores)
        # Where nothing can be measured, more training is the better guess.
        if math.isnan(reached) or reached > state.best:
            state.best = state.best if math.isnan(reached) else reached
            self._save_weights(BEST)
        self._watcher.epoch(row)

    def _save(self) -> None:
        write_checkpoint(
            self._folder / LAST,
            self._key,
            network=self._network.state_dict(),
            average=self._average.state_dict(),
            optimizer=self._optimizer.state_dict(),
            state=asdict(self.state),
        )
        write_curves(self._folder, self.state.rows)

    def _save_weights(self, name: str) -> None:
        size_px = self._recipe.validate_px or self._recipe.image_size(self.state.progress)
        about = {"epochs": self.state.epoch, "best": self.state.best, "run": self._folder.name}
        save_weights(self._average, self._folder / name, size_px, about, self._material.findings)

    @staticmethod
    def _averaged(network: nn.Module) -> list[torch.Tensor]:
        """Every weight and statistic of the network that is not a counter; the tensors themselves."""
        return [value for value in network.state_dict().values() if value.dtype.is_floating_point]

    def _groups(self) -> list[dict[str, Any]]:
        """Weights decay; biases and norms do not."""
        chosen = [p for p in self._network.parameters() if p.requires_grad]
        return [
            {"params": [p for p in chosen if p.ndim > 1], "weight_decay": self._recipe.weight_decay},
            {"params": [p for p in chosen if p.ndim <= 1], "weight_decay": 0.0},
        ]


def without_gradient(scores: torch.Tensor, classes: list[int]) -> torch.Tensor:
    """Scores (B, C, A) of which some classes teach the network nothing."""
    kept = torch.zeros(scores.shape[1], 1, dtype=torch.bool, device=scores.device)
    kept[classes] = True
    return torch.where(kept, scores.detach(), scores)


def worth(scores: dict[str, Score]) -> float:
    """Criterion of the best checkpoint: the mean over the data sets of mAP50 with and without regions.

    NaN where no data set has a fracture.
    """
    groups = [score for name, score in scores.items() if name != "all"] or [scores["all"]]
    parts = [value for score in groups for value in (score.map50, score.any_region_map50) if math.isfinite(value)]
    return sum(parts) / len(parts) if parts else math.nan


def set_up_threads(device: torch.device, threads: int) -> None:
    """Let a CPU compute with `threads`, or with 0 on every core there is; ultralytics would leave one idle."""
    if device.type == "cpu":
        torch.set_num_threads(threads or os.cpu_count() or 1)
    else:
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
