"""The mean of checkpoints: each tensor's, in its share; unlike networks are refused in one line."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("ultralytics", reason="ultralytics is not installed")

import torch

from app.errors import ModelError
from app.learning.networks.averaging import average_checkpoints
from app.learning.networks.network import build_network, load_network, save_weights, trained_at_px

pytestmark = pytest.mark.torch


def saved(path: Path, value: float, size: str = "n", regions: tuple[str, ...] = ("elbow", "wrist")) -> Path:
    """A checkpoint whose every floating number is `value`, trained at 416 pixels after 7 batches."""
    network = build_network(size, regions)
    with torch.no_grad():
        for tensor in network.state_dict().values():
            tensor.fill_(value if tensor.is_floating_point() else 7)
    save_weights(network, path, 416, {})
    return path


def test_each_number_is_the_mean_in_its_share(tmp_path: Path) -> None:
    one, other, mean = saved(tmp_path / "1.pt", 1), saved(tmp_path / "2.pt", 3), tmp_path / "mean.pt"
    average_checkpoints({one: 3, other: 1}, mean)
    network = load_network(mean)
    values = {float(value) for tensor in network.state_dict().values() for value in tensor.unique()}
    assert values == {1.5, 7}
    assert (list(network.names.values()), trained_at_px(network)) == (["elbow", "wrist"], 416)


def test_one_checkpoint_is_its_own_mean(tmp_path: Path) -> None:
    average_checkpoints({saved(tmp_path / "1.pt", 0.25): 0.3}, tmp_path / "mean.pt")
    assert float(next(load_network(tmp_path / "mean.pt").parameters()).max()) == 0.25


@pytest.mark.parametrize("unlike", [{"size": "s"}, {"regions": ("elbow", "hip")}, {"regions": ("elbow",)}])
def test_a_network_of_another_size_or_other_regions_is_named(tmp_path: Path, unlike: dict[str, object]) -> None:
    one, other, mean = saved(tmp_path / "1.pt", 1), saved(tmp_path / "2.pt", 1, **unlike), tmp_path / "mean.pt"
    with pytest.raises(ModelError, match=r"2\.pt are of another size, or know other regions, than .*1\.pt"):
        average_checkpoints({one: 1, other: 1}, mean)
    assert not mean.exists()


@pytest.mark.parametrize("share", [0.0, -1.0, float("nan"), float("inf")])
def test_a_share_must_count(tmp_path: Path, share: float) -> None:
    with pytest.raises(ModelError, match="share above 0"):
        average_checkpoints({tmp_path / "1.pt": share}, tmp_path / "mean.pt")
