"""The fitted verdict goes into `model.json` whole or not at all, and serves as it was fitted."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.detection import calibrated as calibrated_one
from app.detection import judge, load_model_spec
from app.errors import DatasetError, ModelError
from app.learning.evaluation.calibration import calibrated
from app.learning.evaluation.metrics.matching import Case
from app.learning.export.fit_verdict import fit_verdict, provenance, write_verdict
from app.records import Detection

BOX = (10.0, 10.0, 40.0, 40.0)
DIGEST = "0" * 64


def cases(count=300, seed=0):
    """Images whose best score tells of a fracture more often than not; some without any detection."""
    rng = np.random.default_rng(seed)
    made = []
    for n in range(count):
        ill = n % 3 == 0
        raw = float(1 / (1 + np.exp(-rng.normal(-0.5 if ill else -2.5, 1))))
        found = [] if n % 20 == 1 else [raw, raw / 2]
        made.append(
            Case(
                Path(f"{n}.png"),
                (100, 100),
                np.array([BOX] if ill else [], float).reshape(-1, 4),
                ("wrist",) if ill else (),
                np.array([BOX] * len(found), float).reshape(-1, 4),
                ("wrist",) * len(found),
                np.array(found, float),
                "a" if n % 2 else "b",
            )
        )
    return made


@pytest.fixture
def models_dir(tmp_path):
    content = {
        "name": "x", "version": "1", "regions": ["wrist"], "input_size_px": 512, "stride": 32,
        "nms": {"iou": 0.6, "class_agnostic": True, "max": 50, "floor": 0.001},
        "files": {"torch": {"path": "x.pt", "sha256": DIGEST}},
        "calibration": {"method": "none", "knots": [[0, 0], [1, 1]]},
        "thresholds": {"possible": 0.1, "definite": 0.4},
        "provenance": {"origin": "é"}, "unknown": [1],
    }  # fmt: skip
    (tmp_path / "model.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


def test_what_is_written_is_what_serves(models_dir):
    made = cases()
    fitted = fit_verdict(made, resamples=20)
    write_verdict(models_dir, fitted.calibration, provenance(fitted, [{"name": "a"}], "openvino", DIGEST))
    spec = load_model_spec(models_dir)
    assert spec.calibration == fitted.calibration
    said = [judge([Detection("wrist", float(s), BOX) for s in c.scores], spec.calibration).verdict for c in made]
    called = {c.path for c, verdict in zip(made, said, strict=True) if verdict != "none"}
    sure = {c.path for c, verdict in zip(made, said, strict=True) if verdict == "fracture"}
    ill = {c.path for c in made if c.has_fracture}
    well = {c.path for c in made} - ill
    assert len(called & ill) / len(ill) >= 0.90
    assert len(well - sure) / len(well) >= 0.95
    points = {p.name: p for p in fitted.evaluation.operating_points}
    assert len(called & ill) == points["possible"].sensitivity.count
    assert len(well - sure) == points["definite"].specificity.count


def test_everything_else_in_the_file_stays(models_dir):
    fitted = fit_verdict(cases(), resamples=0)
    write_verdict(models_dir, fitted.calibration, provenance(fitted, [{"name": "a"}], "openvino", DIGEST))
    content = json.loads((models_dir / "model.json").read_text(encoding="utf-8"))
    assert (content["unknown"], content["provenance"]["origin"]) == ([1], "é")
    story = content["provenance"]["verdict"]
    assert story["data"] == [{"name": "a"}]
    assert (story["images"], story["images_with_fracture"]) == (300, 100)
    assert story["reached"] == {"possible": True, "definite": True, "one_threshold_would_do": False}
    assert [row["name"] for row in story["by_data_set"]] == ["a", "b"]
    assert story["operating_points"][0]["sensitivity"]["interval"]
    assert [path.name for path in models_dir.iterdir()] == ["model.json"]


def test_one_map_for_many_scores_is_the_map_that_serves():
    calibration = fit_verdict(cases(), resamples=0).calibration
    raw = np.linspace(0, 1, 101)
    assert calibrated(calibration.knots, raw).tolist() == [calibrated_one(float(x), calibration) for x in raw]


def test_a_wrong_model_json_is_refused_and_left_as_it_was(models_dir):
    (models_dir / "model.json").write_text("{}")
    fitted = fit_verdict(cases(), resamples=0)
    with pytest.raises(ModelError):
        write_verdict(models_dir, fitted.calibration, {})
    assert (models_dir / "model.json").read_text() == "{}"


def test_a_story_that_is_no_json_leaves_the_file_as_it_was(models_dir):
    before = (models_dir / "model.json").read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        write_verdict(models_dir, fit_verdict(cases(), resamples=0).calibration, {"ece": float("nan")})
    assert (models_dir / "model.json").read_bytes() == before


def test_too_few_images_are_refused():
    with pytest.raises(DatasetError, match="too few"):
        fit_verdict(cases(20))
