"""A network says of which region a box is, and only a network that knows the regions is asked."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from app.errors import ModelError
from app.learning.datasets.dataset import REGIONS
from app.learning.networks.network import build_network, save_weights
from app.learning.training.network_labeller import NetworkLabeller, region_shares
from tests.support.drawn_sets import drawn

pytestmark = pytest.mark.torch


def test_shares_cover_all_regions_and_sum_to_one(tmp_path: Path) -> None:
    save_weights(build_network("n", REGIONS), tmp_path / "weights.pt", 64, {})
    boxes = np.array([[10.0, 10.0, 40.0, 50.0], [0.0, 0.0, 79.0, 95.0]])
    shares = NetworkLabeller(tmp_path / "weights.pt", size_px=64).shares(drawn(1), boxes)
    assert shares.shape == (2, len(REGIONS))
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


def test_a_network_with_other_regions_is_not_asked(tmp_path: Path) -> None:
    save_weights(build_network("n", ("cat", "dog")), tmp_path / "pets.pt", 64, {})
    with pytest.raises(ModelError, match=r"pets\.pt know other regions: cat, dog"):
        NetworkLabeller(tmp_path / "pets.pt")


def test_predictions_over_the_box_decide_and_others_do_not() -> None:
    predictions = np.array([[10, 10, 20, 20, 0.6, 0.2], [11, 10, 20, 21, 0.6, 0.2], [50, 50, 90, 90, 0.0, 0.9]], float)
    np.testing.assert_allclose(region_shares(predictions, np.array([10.0, 10, 20, 20]), [0, 1]), [0.75, 0.25])
    np.testing.assert_allclose(region_shares(predictions, np.array([10.0, 10, 20, 20]), [1, 0]), [0.25, 0.75])


def test_without_a_prediction_over_the_box_nothing_is_said() -> None:
    predictions = np.array([[50, 50, 90, 90, 0.3, 0.9]], float)
    np.testing.assert_array_equal(region_shares(predictions, np.array([10.0, 10, 20, 20]), [0, 1]), [0, 0])
