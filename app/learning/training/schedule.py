"""How far a run is, and the learning rate that belongs there."""

import math
from dataclasses import dataclass

from app.learning.training.recipe import Recipe


@dataclass(frozen=True)
class Clock:
    """Progress of a run: by wall-clock when it has a budget of hours, else by epochs.

    A run that is killed and resumed counts only the time that it really trained.
    """

    hours: float
    epochs: int

    def progress(self, trained_s: float, epoch: float) -> float:
        """0 at the start, 1 at the end; `epoch` counts finished epochs with their fraction."""
        return min(1.0, trained_s / (self.hours * 3600) if self.hours else epoch / self.epochs)

    def left_s(self, trained_s: float, epoch: float) -> float:
        """Seconds until the end, at the present pace."""
        done = self.progress(trained_s, epoch)
        return trained_s * (1 - done) / done if done else math.inf


def learning_rate(progress: float, recipe: Recipe) -> float:
    """Linear rise over the warm-up, then a cosine from the top to the final rate."""
    if progress < recipe.warmup:
        return recipe.learning_rate * max(0.01, progress / recipe.warmup)
    along = (progress - recipe.warmup) / (1 - recipe.warmup)
    return recipe.final_rate + (recipe.learning_rate - recipe.final_rate) * (1 + math.cos(math.pi * along)) / 2
