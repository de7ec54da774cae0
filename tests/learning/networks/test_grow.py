"""Growing keeps the function, and says no in one line."""

import pickle
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("ultralytics", reason="ultralytics is not installed")

import torch
from ultralytics.nn.tasks import DetectionModel

from app.errors import ModelError, TrainingError
from app.learning.networks.grow import difference, grow, grow_checkpoint
from app.learning.networks.network import build_network, save_weights

pytestmark = pytest.mark.torch

REGIONS = ("elbow", "wrist", "hip")


@pytest.fixture(scope="module")
def trained() -> DetectionModel:
    """A YOLOv8n whose every weight and statistic differs from its neighbours, as after training."""
    generator = torch.Generator().manual_seed(7)
    network = build_network("n", REGIONS).eval()
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith(("bn.weight", "running_var")):
                tensor.uniform_(0.7, 1.3, generator=generator)
            elif name.endswith(("bn.bias", "running_mean")):
                tensor.uniform_(-0.2, 0.2, generator=generator)
    return network


@pytest.fixture
def checkpoint(trained: DetectionModel, tmp_path: Path) -> Path:
    path = tmp_path / "small.pt"
    save_weights(trained, path, 416, {})
    return path


@pytest.mark.parametrize("size", ["s", "l"])
def test_a_grown_network_computes_the_same_function(trained: DetectionModel, size: str) -> None:
    grown = grow(trained, size, seed=3)
    assert difference(trained, grown) < 2e-3
    assert list(grown.names.values()) == list(REGIONS)


def test_growing_twice_computes_the_same_function(trained: DetectionModel) -> None:
    assert difference(trained, grow(grow(trained, "s", seed=1), "m", seed=2)) < 2e-3


def test_copies_of_a_channel_are_free_to_part(trained: DetectionModel) -> None:
    weight = grow(trained, "s", seed=3).model[1].conv.weight
    assert not torch.equal(weight[:, :16], weight[:, 16:32])


def test_without_a_seed_copies_share_evenly(trained: DetectionModel) -> None:
    grown = grow(trained, "s", seed=None)
    weight = grown.model[1].conv.weight
    assert torch.equal(weight[:, :16], weight[:, 16:32])
    assert difference(trained, grown) < 2e-3


def test_a_seed_decides_the_shares(trained: DetectionModel) -> None:
    once, again, other = (grow(trained, "s", seed).model[1].conv.weight for seed in (3, 3, 4))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


def test_growing_leaves_the_random_numbers_of_the_caller_alone(trained: DetectionModel) -> None:
    torch.manual_seed(11)
    wanted = torch.rand(1)
    torch.manual_seed(11)
    grow(trained, "s", seed=3)
    assert torch.equal(torch.rand(1), wanted)


def test_a_checkpoint_is_written_that_serves(checkpoint: Path, tmp_path: Path) -> None:
    target = tmp_path / "large.pt"
    assert grow_checkpoint(checkpoint, target, "s", seed=0) < 2e-3
    content = torch.load(target, weights_only=False)
    assert content["model"].yaml["scale"] == "s"
    assert content["train_args"]["grown_from"] == "small.pt"
    assert content["train_args"]["imgsz"] == 416


def test_shrinking_is_refused(trained: DetectionModel) -> None:
    with pytest.raises(ModelError, match="narrower"):
        grow(grow(trained, "s", seed=0), "n", seed=0)


def test_m_into_l_is_refused_because_its_last_layers_are_narrower(trained: DetectionModel) -> None:
    with pytest.raises(ModelError, match="576 to 512"):
        grow(grow(trained, "m", seed=0), "l", seed=0)


def test_an_unknown_size_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'huge'"):
        grow_checkpoint(checkpoint, tmp_path / "out.pt", "huge", seed=0)


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"PK\x03\x04 cut off", pickle.dumps({"model": 1})])
def test_a_corrupt_checkpoint_is_refused_and_nothing_is_written(tmp_path: Path, content: bytes) -> None:
    source, target = tmp_path / "broken.pt", tmp_path / "out.pt"
    source.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.pt"):
        grow_checkpoint(source, target, "l", seed=0)
    assert not target.exists()


def test_a_truncated_checkpoint_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    checkpoint.write_bytes(checkpoint.read_bytes()[:-5000])
    with pytest.raises(ModelError, match="damaged"):
        grow_checkpoint(checkpoint, tmp_path / "out.pt", "l", seed=0)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no weights"):
        grow_checkpoint(tmp_path / "none.pt", tmp_path / "out.pt", "l", seed=0)


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "v5.pt"
    torch.save({"model": DetectionModel("yolov5n.yaml", nc=3, verbose=False)}, path)
    with pytest.raises(ModelError, match="YOLOv8"):
        grow_checkpoint(path, tmp_path / "out.pt", "l", seed=0)


def test_a_folder_that_is_missing_is_named_and_nothing_is_lost(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="nowhere"):
        grow_checkpoint(checkpoint, tmp_path / "nowhere" / "out.pt", "s", seed=0)
    assert checkpoint.exists()
