"""An evaluation as JSON: the one-line summary of the contract, and everything."""

import dataclasses
import math
from typing import Any

from app.learning.evaluation.figures import Evaluation, Figure

Json = dict[str, Any]


def summary(evaluation: Evaluation) -> Json:
    """The summary line: plain numbers, None where undefined, and 95 % intervals under "intervals".

    map50_fractured: mAP50 on the images with a fracture alone.
    sensitivity, specificity, ppv, npv: whole images at the threshold *possible*; "definite" has those at the other.
    """
    points = {point.name: point for point in evaluation.operating_points}
    values: Json = {
        "images": evaluation.images,
        "images_with_fracture": evaluation.images_with_fracture,
        "boxes": evaluation.boxes,
        "single_class": evaluation.single_class,
    }
    intervals: Json = {}
    for name in ("map50", "map50_95", "map50_fractured", "precision", "recall", "auroc", "ece", "brier"):
        figure: Figure = getattr(evaluation, name)
        values[name], intervals[name] = figure.value, figure.interval
    for name in ("sensitivity", "specificity", "ppv", "npv"):
        share = getattr(points.get("possible"), name, None)
        values[name], intervals[name] = (share.value, share.interval) if share else (None, None)
    values["definite"] = {
        name: getattr(points["definite"], name).value if "definite" in points else None
        for name in ("sensitivity", "specificity", "ppv", "npv")
    }
    values["froc"] = {rate: figure.value for rate, figure in evaluation.froc.items()}
    intervals["froc"] = {rate: figure.interval for rate, figure in evaluation.froc.items()}
    values["regions"] = {
        row.region: {"boxes": row.boxes, "map50": row.ap50.value, "map50_95": row.ap50_95.value}
        for row in evaluation.regions
    }
    values["sets"] = {
        group.name: {"images": group.images, "images_with_fracture": group.with_fracture, "auroc": group.auroc}
        for group in evaluation.groups
    }
    values["intervals"] = intervals
    return as_json(values)


def everything(evaluation: Evaluation) -> Json:
    """Every figure, field by field as `Evaluation` has them."""
    return as_json(dataclasses.asdict(evaluation))


def as_json(values: Json) -> Json:
    """The same with numbers rounded to six digits, which is more than any of them is worth.

    Raises:
        ValueError: a number is not finite; undefined figures are None, so this is a mistake in the program.
    """
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("A figure is not finite.")
        return round(value, 6)
    if isinstance(value, dict):
        return as_json(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
