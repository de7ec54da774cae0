"""Training validates what `scripts.evaluate` judges: the same input, the same boxes, the same figures."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from app.learning.datasets.dataset import Dataset, read_dataset
from app.learning.evaluation.evaluate import evaluate
from app.learning.evaluation.evaluate import infer_cases as infer_served
from tests.support.drawn_sets import BOX, POLYGON, drawn, put

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

REGIONS = ("humerus", "wrist")
SIZE_PX = 160


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Images of several shapes, none of them a multiple of the stride."""
    folder = tmp_path_factory.mktemp("set")
    labels = (BOX.replace("6", "1", 1), POLYGON.replace("4", "0", 1), "", BOX.replace("6", "1", 1), "", "")
    for number, (rows, shape_hw) in enumerate(zip(labels, [(96, 80), (70, 131), (201, 90)] * 2, strict=True)):
        put(folder / "val", f"{'kaggle' if number < 4 else 'fracatlas'}-{number}", drawn(number, shape_hw), rows)
    (folder / "data.yaml").write_text(f"val: val/images\nnames: {list(REGIONS)}\n", encoding="utf-8")
    return read_dataset(folder / "data.yaml", "val")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A YOLOv8n with random weights that detects something everywhere."""
    from app.learning.networks.network import build_network, save_weights

    torch.manual_seed(3)
    network = build_network("n", REGIONS)
    for branch in network.model[-1].cv3:  # type: ignore[union-attr]
        torch.nn.init.normal_(branch[-1].weight, std=0.3)
        torch.nn.init.constant_(branch[-1].bias, -1.0)
    path = tmp_path_factory.mktemp("weights") / "random.pt"
    save_weights(network, path, SIZE_PX, {})
    return path


def no_progress(step: str, done: int, total: int) -> None:
    """Show nothing."""


def test_training_detects_what_the_served_pipeline_detects(dataset: Dataset, weights: Path) -> None:
    from app.learning.export.candidate import load_candidate
    from app.learning.networks.network import load_network
    from app.learning.training.validation import infer_cases, load_validation

    material = load_validation(dataset, no_progress)
    network = load_network(weights).eval()
    trained = infer_cases(network, material, REGIONS, size_px=SIZE_PX, device=torch.device("cpu"), batch=2)
    with load_candidate(weights, SIZE_PX) as detector:
        served = infer_served(detector, dataset)
    for one, other in zip(trained, served, strict=True):
        assert (one.path, one.found_regions) == (other.path, other.found_regions)
        assert one.found_regions
        np.testing.assert_allclose(one.found_px, other.found_px, atol=0.05)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)
        np.testing.assert_array_equal(one.truth_px, other.truth_px)
        np.testing.assert_array_equal(one.places, other.places)


def test_training_reports_the_figures_of_the_evaluation(dataset: Dataset, weights: Path) -> None:
    from app.learning.export.candidate import load_candidate
    from app.learning.networks.network import load_network
    from app.learning.training.validation import load_validation, validate

    material = load_validation(dataset, no_progress)
    scores = validate(load_network(weights).eval(), material, REGIONS, size_px=SIZE_PX, device=torch.device("cpu"))
    assert set(scores) == {"all", "kaggle", "fracatlas"}
    with load_candidate(weights, SIZE_PX) as detector:
        by_region = evaluate(detector, dataset, resamples=0)
        as_one = evaluate(detector, dataset, single_class=True, resamples=0)
    assert asdict(scores["all"]) == pytest.approx(
        {
            "map50": by_region.map50.value,
            "map50_95": by_region.map50_95.value,
            "any_region_map50": as_one.map50.value,
            "fractured_map50": as_one.map50_fractured.value,
            "auroc": as_one.auroc.value,
        },
        abs=0.002,
    )
    # No fracture is marked in that part, so that its figures are undefined, and not 0.
    assert np.isnan(scores["fracatlas"].map50)
    assert np.isnan(scores["fracatlas"].auroc)
