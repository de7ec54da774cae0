"""Join two trained YOLOv8 side by side into a wider one that computes both: the mean of their class logits.

Every layer of the joined network holds the channels of both networks, and the weights between the two are zero. A
YOLOv8s is as deep as a YOLOv8n and twice as wide, so that two YOLOv8n fill it exactly; what is left over in a larger
network is zero. The box branch of every YOLOv8 up to l is 64 channels wide, so that only one network's boxes fit.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.modules.block import SPPF, C2f
from ultralytics.nn.modules.conv import Concat, Conv
from ultralytics.nn.modules.head import Detect
from ultralytics.nn.tasks import DetectionModel

from app.errors import ModelError
from app.learning.networks.network import build_network, load_network, save_weights, trained_at_px


@dataclass(frozen=True, eq=False)
class _Seats:
    """The channels of a layer that belong to each of the two networks, in their own order; `width` counts all."""

    of: tuple[Tensor, Tensor]
    width: int


@dataclass(frozen=True)
class Shares:
    """Weight of the first network in the mean of the class logits.

    share: above 0 and below 1. alone: regions of which the first network alone gives the logit.
    """

    share: float = 0.5
    alone: tuple[str, ...] = ()

    def of(self, regions: Sequence[str]) -> Tensor:
        """(regions,) the share of each region.

        Raises:
            ModelError: the share is out of range, or there is no such region.
        """
        if not 0 < self.share < 1:
            raise ModelError("The share of the first network must lie between 0 and 1.")
        if unknown := [name for name in self.alone if name not in regions]:
            raise ModelError(f"The weights do not know {', '.join(unknown)}; they know {', '.join(regions)}.")
        return torch.tensor([1.0 if name in self.alone else self.share for name in regions])


def join_checkpoints(first: Path, second: Path, target: Path, size: str, shares: Shares) -> None:
    """Write `target`: both networks in one of `size`, in half precision. Boxes are those of the second.

    Raises:
        ModelError: a checkpoint is missing or damaged, they know other regions, do not fit into `size` together, or
            the shares are wrong.
        TrainingError: `target` cannot be written; a file that was there stays as it was.
    """
    one, other = load_network(first).eval(), load_network(second).eval()
    if list(one.names.values()) != list(other.names.values()):
        raise ModelError(f"The weights {second} know other regions than {first}.")
    joined = join(one, other, size, shares)
    save_weights(joined, target, trained_at_px(other), {"joined": [first.name, second.name], **asdict(shares)})


def join(first: DetectionModel, second: DetectionModel, size: str, shares: Shares) -> DetectionModel:
    """A YOLOv8 of `size` in float32 with the boxes of `second` and the mean of both networks' class logits.

    Raises:
        ModelError: a layer of `size` is narrower than both together, or shallower than one of them.
    """
    regions = [str(first.names[number]) for number in range(len(first.names))]
    share = shares.of(regions)
    new = build_network(size, regions).float()
    olds: Any = (first.model, second.model)
    _widen_class_branches(new, sum(layers[-1].cv3[0][0].conv.out_channels for layers in olds))
    with torch.no_grad():
        _Joiner(share).network((first, second), new)
    return new.eval()


def _widen_class_branches(network: DetectionModel, width: int) -> None:
    """Give the class branches at least `width` channels; ultralytics makes theirs depend on the number of classes."""
    layers: Any = network.model
    head = layers[-1]
    for scale, branch in enumerate(head.cv3):
        if branch[0].conv.out_channels >= width:
            continue
        first, norm = branch[0].conv, branch[0].bn
        block: Any = Conv  # without types in ultralytics
        wider: Any = nn.Sequential(
            block(first.in_channels, width, 3), block(width, width, 3), nn.Conv2d(width, head.nc, 1)
        )
        for part in wider[:2]:
            part.bn.eps, part.bn.momentum = norm.eps, norm.momentum
        head.cv3[scale] = wider


class _Joiner:
    """Fills the weights of the joined network, layer by layer, in the order of the data."""

    def __init__(self, share: Tensor) -> None:
        self._shares = (share, 1 - share)

    def network(self, olds: tuple[DetectionModel, DetectionModel], new: DetectionModel) -> None:
        flows: list[_Seats] = []
        layers: list[Any] = [list(network.model) for network in (*olds, new)]  # type: ignore[arg-type]
        grey = _Seats((torch.arange(3), torch.arange(3)), 3)
        for index, (one, other, layer) in enumerate(zip(*layers, strict=True)):
            sources = layer.f if isinstance(layer.f, list) else [layer.f]
            inputs = [flows[source] for source in sources] if index else [grey]
            flows.append(self._layer((one, other), layer, inputs))

    def _layer(self, olds: Sequence[Any], new: Any, inputs: list[_Seats]) -> _Seats:  # noqa: ANN401 - many kinds
        if isinstance(new, Conv):
            return _conv(olds, new, inputs[0])
        if isinstance(new, C2f):
            return _c2f(olds, new, inputs[0])
        if isinstance(new, SPPF):
            half = _conv([old.cv1 for old in olds], new.cv1, inputs[0])
            return _conv([old.cv2 for old in olds], new.cv2, _concatenated([half] * 4))
        if isinstance(new, Detect):
            self._head(olds, new, inputs)
        return _concatenated(inputs) if isinstance(new, Concat) else inputs[0]

    def _head(self, olds: Sequence[Any], new: Any, inputs: list[_Seats]) -> None:  # noqa: ANN401 - untyped attributes
        for scale, source in enumerate(inputs):
            branches = [old.cv3[scale] for old in olds]
            middle = _conv([branch[0] for branch in branches], new.cv3[scale][0], source)
            middle = _conv([branch[1] for branch in branches], new.cv3[scale][1], middle)
            _last([branch[2] for branch in branches], self._shares, new.cv3[scale][2], middle)
            boxes = olds[1].cv2[scale]
            middle = _conv([None, boxes[0]], new.cv2[scale][0], source)
            middle = _conv([None, boxes[1]], new.cv2[scale][1], middle)
            _last([None, boxes[2]], (torch.zeros(1), torch.ones(1)), new.cv2[scale][2], middle)


def _c2f(olds: Sequence[Any], new: Any, source: _Seats) -> _Seats:  # noqa: ANN401 - C2f keeps untyped attributes
    if any(len(new.m) < len(old.m) for old in olds):
        raise ModelError("Networks cannot be joined into one with fewer layers.")
    half = _side_by_side(olds[0].c, olds[1].c, new.c)
    _conv([old.cv1 for old in olds], new.cv1, source, _concatenated([half, half]))
    for number, block in enumerate(new.m):
        blocks = [old.m[number] if number < len(old.m) else None for old in olds]
        _conv([old and old.cv1 for old in blocks], block.cv1, half, half)
        _conv([old and old.cv2 for old in blocks], block.cv2, half, half)
    # Two halves and one part for each block; a network gives no channels of the blocks that it has not.
    parts = [torch.cat([half.of[n] + new.c * part for part in range(2 + len(old.m))]) for n, old in enumerate(olds)]
    return _conv([old.cv2 for old in olds], new.cv2, _Seats((parts[0], parts[1]), new.c * (2 + len(new.m))))


def _conv(olds: Sequence[Any], new: Any, source: _Seats, target: _Seats | None = None) -> _Seats:  # noqa: ANN401
    """Fill a convolution and its batch norm; an old one that is None leaves its channels empty."""
    first, second = (old.conv.out_channels if old else 0 for old in olds)
    out = target or _side_by_side(first, second, new.conv.out_channels)
    new.conv.weight.zero_()
    for name, empty in (("weight", 0.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
        values = getattr(new.bn, name).fill_(empty)
        for old, seats in zip(olds, out.of, strict=True):
            if old:
                values[seats] = getattr(old.bn, name)
    for old, seats, inputs in zip(olds, out.of, source.of, strict=True):
        if old:
            new.conv.weight[seats[:, None], inputs[None, :]] = old.conv.weight
    return out


def _last(olds: Sequence[Any], shares: Sequence[Tensor], new: Any, source: _Seats) -> None:  # noqa: ANN401
    """Fill the last convolution of a branch with the weighted mean of the old ones."""
    new.weight.zero_()
    new.bias.zero_()
    for old, share, inputs in zip(olds, shares, source.of, strict=True):
        if old is not None:
            new.weight[:, inputs] = share[:, None, None, None] * old.weight
            new.bias += share * old.bias


def _side_by_side(first: int, second: int, width: int) -> _Seats:
    """Seats for `first` and then `second` channels.

    Raises:
        ModelError: there are not enough.
    """
    if first + second > width:
        raise ModelError(f"Two networks of {first} and {second} channels do not fit into one of {width}.")
    return _Seats((torch.arange(first), torch.arange(first, first + second)), width)


def _concatenated(flows: Sequence[_Seats]) -> _Seats:
    """Channels one after the other."""
    ones, others, width = [], [], 0
    for flow in flows:
        ones.append(flow.of[0] + width)
        others.append(flow.of[1] + width)
        width += flow.width
    return _Seats((torch.cat(ones), torch.cat(others)), width)
