"""Fit the verdict on validation images and write it into `model.json`, with where it comes from."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.detection import Calibration, load_model_spec
from app.detection.spec import FILE_NAME
from app.errors import ModelError
from app.files import write_whole
from app.learning.evaluation.calibration import brier, calibrated, cross_validated, expected_calibration_error, fit
from app.learning.evaluation.figures import Evaluation, figures
from app.learning.evaluation.metrics.matching import Case
from app.learning.evaluation.report_json import Json, as_json
from app.learning.export.thresholds import TARGET_SENSITIVITY, TARGET_SPECIFICITY, Thresholds, choose

_QUANTILES = 51
METHOD = "Platt: logistic curve over the logit of an image's highest raw score"


@dataclass(frozen=True)
class Fitted:
    """A calibration, the thresholds' story, and the figures on the images that it was fitted on.

    score_quantiles: of the highest raw scores of "fractured" and "normal" images, from lowest to highest.
    ece, brier: cross-validated in five folds, each image judged by a map that never saw it.
    """

    calibration: Calibration
    thresholds: Thresholds
    evaluation: Evaluation
    score_quantiles: dict[str, list[float]]
    ece: float
    brier: float


def fit_verdict(cases: Sequence[Case], *, resamples: int = 1000, seed: int = 0) -> Fitted:
    """Fit the map and choose both thresholds on all images together.

    Raises:
        DatasetError: too few images of a kind, or scores that do not rise with fractures.
    """
    positive = np.array([case.has_fracture for case in cases], np.bool_)
    raw = np.array([case.image_score for case in cases], np.float64)
    knots = fit(positive, raw)
    chosen = choose(positive, calibrated(knots, raw), nothing=knots[0][1])
    calibration = Calibration(METHOD, knots, chosen.possible, chosen.definite)
    unseen, once = cross_validated(positive, raw, seed), np.ones((1, len(cases)), np.int64)
    return Fitted(
        calibration=calibration,
        thresholds=chosen,
        evaluation=figures(cases, (), calibration, single_class=True, resamples=resamples, seed=seed),
        score_quantiles={"fractured": _quantiles(raw[positive]), "normal": _quantiles(raw[~positive])},
        ece=float(expected_calibration_error(positive, unseen, once)[0]),
        brier=float(brier(positive, unseen, once)[0]),
    )


def _quantiles(raw: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 6) for value in np.quantile(raw, np.linspace(0, 1, _QUANTILES))]


def provenance(fitted: Fitted, data: Sequence[Json], engine: str, sha256: str) -> Json:
    """Where the verdict comes from, for `model.json`: data, counts, targets and what was reached, with intervals."""
    e = fitted.evaluation
    return as_json(
        {
            "data": list(data),
            "engine": engine,
            "weights_sha256": sha256,
            "images": e.images,
            "images_with_fracture": e.images_with_fracture,
            "targets": {"possible_sensitivity": TARGET_SENSITIVITY, "definite_specificity": TARGET_SPECIFICITY},
            "reached": {
                "possible": fitted.thresholds.possible_reached,
                "definite": fitted.thresholds.definite_reached,
                "one_threshold_would_do": fitted.thresholds.swapped,
            },
            "operating_points": [
                {"name": p.name} | {n: asdict(getattr(p, n)) for n in ("sensitivity", "specificity", "ppv", "npv")}
                for p in e.operating_points
            ],
            "boxes": [asdict(row) for row in e.boxes_at],
            "by_data_set": [asdict(row) for row in e.groups],
            "score_quantiles": fitted.score_quantiles,
            "cross_validated": {"ece": fitted.ece, "brier": fitted.brier},
            "meaning": "the share of images with a fracture among those whose highest raw score is this, at "
            f"{e.images_with_fracture / e.images:.0%} prevalence",
        }
    )


def write_verdict(models_dir: Path, calibration: Calibration, story: Json) -> None:
    """Replace the calibration and the thresholds in `models_dir/model.json`, whole or not at all; keep all else.

    Raises:
        ModelError: the file is missing, wrong, or cannot be written; it is then as it was.
    """
    load_model_spec(models_dir)
    path = models_dir / FILE_NAME
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    content["calibration"] = {"method": calibration.method, "knots": [list(knot) for knot in calibration.knots]}
    content["thresholds"] = {"possible": calibration.possible, "definite": calibration.definite}
    content["provisional"] = False
    content["provenance"] = content.get("provenance", {}) | {"verdict": story}
    try:
        write_whole(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}.") from None
