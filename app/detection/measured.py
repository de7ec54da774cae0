"""Figures measured when the thresholds were chosen; `model.json` keeps them as provenance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rates:
    """At one threshold, 0–1: the share of fractured images that are marked, and of whole ones that are not."""

    sensitivity: float
    specificity: float


@dataclass(frozen=True)
class Measured:
    """How often *possible* or more, and *definite*, was right on so many images."""

    images: int
    images_with_fracture: int
    possible: Rates
    definite: Rates

    @property
    def prevalence(self) -> float:
        """The share of the images with a fracture, 0–1; 0 of none."""
        return self.images_with_fracture / self.images if self.images else 0.0


def measured(provenance: Mapping[str, Any]) -> Measured | None:
    """The part of a model's provenance that `scripts.calibrate` writes; None where it is missing or of another form."""
    try:
        verdict = provenance["verdict"]
        rates = {
            point["name"]: Rates(float(point["sensitivity"]["value"]), float(point["specificity"]["value"]))
            for point in verdict["operating_points"]
        }
        return Measured(
            int(verdict["images"]), int(verdict["images_with_fracture"]), rates["possible"], rates["definite"]
        )
    except (KeyError, TypeError, ValueError):
        return None
