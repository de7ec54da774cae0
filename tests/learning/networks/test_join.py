"""A joined network gives the mean of two networks' class logits, and the boxes of one of them."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("ultralytics", reason="ultralytics is not installed")

import torch
from ultralytics.nn.tasks import DetectionModel

from app.errors import ModelError
from app.learning.networks.grow import grow
from app.learning.networks.join import Shares, join, join_checkpoints
from app.learning.networks.network import build_network, load_network, save_weights, start_network

pytestmark = pytest.mark.torch

REGIONS = ("elbow", "wrist", "hip")


def trained(seed: int, size: str = "n", regions: tuple[str, ...] = REGIONS) -> DetectionModel:
    """A network whose every weight and statistic differs from its neighbours, as after training."""
    torch.manual_seed(seed)
    network = build_network(size, regions).eval()
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith(("bn.weight", "running_var")):
                tensor.uniform_(0.7, 1.3)
            elif name.endswith(("bn.bias", "running_mean", "2.bias")):
                tensor.uniform_(-0.2, 0.2)
    return network


def raw(network: DetectionModel) -> dict[str, torch.Tensor]:
    """Logits of classes and of box sides on a random image."""
    image = torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        answer: dict[str, torch.Tensor] = network.eval()(image)[1]
    return answer


@pytest.mark.parametrize("size", ["s", "l"])
@pytest.mark.parametrize("share", [0.5, 0.3])
def test_class_logits_are_the_mean_and_boxes_those_of_the_second(size: str, share: float) -> None:
    one, other = trained(1), trained(2)
    joined, first, second = (raw(network) for network in (join(one, other, size, Shares(share)), one, other))
    mean = share * first["scores"] + (1 - share) * second["scores"]
    torch.testing.assert_close(joined["scores"], mean, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(joined["boxes"], second["boxes"], rtol=1e-3, atol=1e-4)


def test_a_region_may_be_of_the_first_alone() -> None:
    joined = raw(join(trained(1), trained(2), "s", Shares(0.2, alone=("hip",))))["scores"]
    first, second = raw(trained(1))["scores"], raw(trained(2))["scores"]
    torch.testing.assert_close(joined[:, 2], first[:, 2], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(joined[:, :2], (0.2 * first + 0.8 * second)[:, :2], rtol=1e-3, atol=1e-4)
    with pytest.raises(ModelError, match="do not know skull; they know elbow, wrist, hip"):
        join(trained(1), trained(2), "s", Shares(alone=("skull",)))


def test_a_class_branch_that_is_wider_than_usual_fits(tmp_path: Path) -> None:
    """Weights that began with many classes keep a wider class branch."""
    save_weights(build_network("n", [str(number) for number in range(80)]), tmp_path / "many.pt", 96, {})
    wide = start_network("n", REGIONS, tmp_path / "many.pt")
    joined = join(wide, trained(2), "s", Shares())
    mean = (raw(wide)["scores"] + raw(trained(2))["scores"]) / 2
    torch.testing.assert_close(raw(joined)["scores"], mean, rtol=1e-3, atol=1e-4)
    grown = grow(joined, "l", seed=None)
    torch.testing.assert_close(raw(grown)["scores"], mean, rtol=1e-3, atol=1e-3)


def test_a_joined_checkpoint_loads_and_trains_on(tmp_path: Path) -> None:
    for seed in (1, 2):
        save_weights(trained(seed), tmp_path / f"{seed}.pt", 96, {})
    join_checkpoints(tmp_path / "1.pt", tmp_path / "2.pt", tmp_path / "joined.pt", "s", Shares())
    network = start_network("s", REGIONS, tmp_path / "joined.pt")
    before = network.model[1].conv.weight.detach().clone()
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    network.train()(torch.rand(1, 3, 96, 96))["scores"].square().sum().backward()
    gradient = network.model[1].conv.weight.grad
    # Weights between the two halves are zero, and are free to become something else.
    assert not before[:32, 16:].any()
    assert gradient is not None
    assert gradient[:32, 16:].any()


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_share_that_leaves_one_out_is_refused(share: float) -> None:
    with pytest.raises(ModelError, match="between 0 and 1"):
        join(trained(1), trained(2), "s", Shares(share))


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="do not fit"):
        join(trained(1), trained(2), "n", Shares())
    save_weights(trained(1), tmp_path / "1.pt", 96, {})
    save_weights(trained(2, regions=("leg", "wrist", "hip")), tmp_path / "2.pt", 96, {})
    with pytest.raises(ModelError, match=r"2\.pt knows? other regions"):
        join_checkpoints(tmp_path / "1.pt", tmp_path / "2.pt", tmp_path / "joined.pt", "s", Shares())
    assert not (tmp_path / "joined.pt").exists()
    assert list(load_network(tmp_path / "1.pt").names.values()) == list(REGIONS)
