"""Average the weights of networks that were trained from one another: often better than each of them, and free.

Source: Wortsman et al., "Model soups: averaging weights of multiple fine-tuned models improves accuracy without
increasing inference time", ICML 2022.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from ultralytics.nn.tasks import DetectionModel

from app.errors import ModelError
from app.learning.networks.network import load_network, save_weights, trained_at_px


def average_checkpoints(shares: Mapping[Path, float], target: Path) -> None:
    """Write `target`: the weighted mean of checkpoints of one architecture, in half precision.

    shares: how much each counts; they need not add up to 1.

    Raises:
        ModelError: a checkpoint is missing, damaged, or unlike the first in size or regions; a share is not above 0.
        TrainingError: `target` cannot be written; a file that was there stays as it was.
    """
    if not shares or not all(0 < share < math.inf for share in shares.values()):
        raise ModelError("Name at least one checkpoint, each with a share above 0.")
    networks = {path: load_network(path).float() for path in shares}
    first, *others = networks
    for other in others:
        if _shape(networks[other]) != _shape(networks[first]):
            raise ModelError(f"The weights {other} are of another size, or know other regions, than {first}.")
    mean = networks[first]
    mean.load_state_dict(_mean([(networks[path].state_dict(), share) for path, share in shares.items()]))
    about = {"averaged": {path.name: share for path, share in shares.items()}}
    save_weights(mean, target, trained_at_px(mean), about)


def _shape(network: DetectionModel) -> object:
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    return list(network.names.values()), shapes


def _mean(states: list[tuple[dict[str, Tensor], float]]) -> dict[str, Tensor]:
    """Sums in float64; whole numbers, such as how many batches were seen, are those of the first."""
    total = sum(share for _, share in states)
    mean: dict[str, Tensor] = {}
    for name, first in states[0][0].items():
        if first.is_floating_point():
            terms = [state[name].double() * (share / total) for state, share in states]
            mean[name] = torch.stack(terms).sum(dim=0).to(first.dtype)
        else:
            mean[name] = first
    return mean
