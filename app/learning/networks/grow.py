"""Grow a trained YOLOv8 into a wider, deeper one that computes the same function, as a start for more training.

A new channel copies an old one. A layer that took the old channel as input now takes all its copies, each by a random
share of the old weight, so that the sum is the same and the copies are free to part. A new bottleneck gets input
weight zero. A network that is to serve as it is takes even shares instead: no weight stands out, which is what int8
asks for.

Source: Chen, Goodfellow, Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", ICLR 2016, sections
2.2–2.4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.modules.block import SPPF, C2f
from ultralytics.nn.modules.conv import Concat, Conv
from ultralytics.nn.modules.head import Detect
from ultralytics.nn.tasks import DetectionModel

from app.detection.engines.checkpoint import read_checkpoint
from app.errors import ModelError
from app.learning.networks.network import SIZES, build_network, save_weights, trained_at_px

_NOTHING = -1
_PROBE_PX = 256


@dataclass(frozen=True, eq=False)
class _Flow:
    """Output channels of a layer: for each new one the old one that it copies, or `_NOTHING`; and the old width."""

    origin: Tensor
    old_width: int


def grow_checkpoint(source: Path, target: Path, size: str, seed: int | None) -> float:
    """Write `target`: the YOLOv8 of `source` grown to `size` (n, s, m, l or x), in half precision.

    seed: of the random shares; None means even ones, for weights that nobody trains on: their copies would never part.

    Returns the largest absolute difference of the two networks' outputs (boxes in pixels, scores 0–1) on one random
    image, both in float32.

    Raises:
        ModelError: `source` is missing, damaged or no YOLOv8 detector, or `size` has a layer that is narrower or
            shallower (as YOLOv8l has, for YOLOv8m).
        TrainingError: `target` cannot be written; a file that was there stays as it was.
    """
    if size not in SIZES:
        raise ModelError(f"There is no YOLOv8 of size {size!r}; choose one of: {', '.join(SIZES)}.")
    try:
        raw = source.read_bytes()
    except OSError:
        raise ModelError(f"There are no weights at {source}.") from None
    old = read_checkpoint(raw, source.name).eval()
    new = grow(old, size, seed)
    save_weights(new, target, trained_at_px(old), {"grown_from": source.name, "grown_seed": seed})
    return difference(old, new)


def grow(old: DetectionModel, size: str, seed: int | None) -> DetectionModel:
    """A YOLOv8 of `size` in float32 that computes what `old` computes; `seed` as in `grow_checkpoint`.

    Raises:
        ModelError: a layer of `size` is narrower or shallower than in `old`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed or 0)
        new = build_network(size, [old.names[number] for number in range(len(old.names))]).float().eval()
        with torch.no_grad():
            _Grower(seed).network(old, new)
    return new


def difference(one: DetectionModel, other: DetectionModel) -> float:
    """The largest absolute difference of two networks' outputs on a random image."""
    image = torch.rand(1, 3, _PROBE_PX, _PROBE_PX, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return float((one.eval()(image)[0] - other.eval()(image)[0]).abs().max())


class _Grower:
    """Fills the weights of a new network, layer by layer, in the order of the data."""

    def __init__(self, seed: int | None) -> None:
        self._spread = 1.0 if seed is not None else 0.0
        self._generator = torch.Generator().manual_seed(seed or 0)

    def network(self, old: DetectionModel, new: DetectionModel) -> None:
        flows: list[_Flow] = []
        old_layers: Any = old.model
        new_layers: Any = new.model
        for index, (old_layer, new_layer) in enumerate(zip(old_layers, new_layers, strict=True)):
            sources = old_layer.f if isinstance(old_layer.f, list) else [old_layer.f]
            inputs = [flows[source] for source in sources] if index else [_copies(3, 3)]
            flows.append(self._layer(old_layer, new_layer, inputs))

    def _layer(self, old: Any, new: Any, inputs: list[_Flow]) -> _Flow:  # noqa: ANN401 - layers are of many kinds
        if isinstance(old, Conv):
            return self._conv(old, new, inputs[0])
        if isinstance(old, C2f):
            return self._c2f(old, new, inputs[0])
        if isinstance(old, SPPF):
            return self._conv(old.cv2, new.cv2, _join([self._conv(old.cv1, new.cv1, inputs[0])] * 4))
        if isinstance(old, Detect):
            self._head(old, new, inputs)
        return _join(inputs) if isinstance(old, Concat) else inputs[0]

    def _c2f(self, old: Any, new: Any, source: _Flow) -> _Flow:  # noqa: ANN401 - C2f keeps untyped attributes
        if len(new.m) < len(old.m):
            raise ModelError("A network cannot be grown into one with fewer layers.")
        half = _copies(old.c, new.c)
        self._conv(old.cv1, new.cv1, source, _join([half, half]))
        for old_block, new_block in zip(old.m, new.m, strict=False):
            self._conv(old_block.cv2, new_block.cv2, self._conv(old_block.cv1, new_block.cv1, half))
        blank = _Flow(torch.full((new.c,), _NOTHING), 0)
        parts = [half if block else blank for block, _ in zip_longest(old.m, new.m)]
        return self._conv(old.cv2, new.cv2, _join([half, half, *parts]))

    def _head(self, old: Detect, new: Detect, inputs: list[_Flow]) -> None:
        branches: Any = ((old.cv2, new.cv2), (old.cv3, new.cv3))
        for old_branch, new_branch in branches:
            for flow, old_scale, new_scale in zip(inputs, old_branch, new_branch, strict=True):
                for old_conv, new_conv in zip(old_scale, new_scale, strict=True):
                    flow = self._conv(old_conv, new_conv, flow)  # noqa: PLW2901 - one convolution feeds the next

    def _conv(self, old: nn.Module, new: nn.Module, source: _Flow, target: _Flow | None = None) -> _Flow:
        """Fill a convolution, with its batch norm where it has one; returns what it hands on."""
        old_conv: Any = getattr(old, "conv", old)
        new_conv: Any = getattr(new, "conv", new)
        out = target or _copies(old_conv.out_channels, new_conv.out_channels)
        new_conv.weight.copy_(self._shared(old_conv.weight[out.origin], source))
        if old_conv.bias is not None:
            new_conv.bias.copy_(old_conv.bias[out.origin])
        old_norm: Any = getattr(old, "bn", None)
        if old_norm is not None:
            new_norm: Any = new.bn
            for name in ("weight", "bias", "running_mean", "running_var"):
                getattr(new_norm, name).copy_(getattr(old_norm, name)[out.origin])
        return out

    def _shared(self, weight: Tensor, source: _Flow) -> Tensor:
        """(O, old, k, k) → (O, new, k, k): copies of a channel share its weight, in parts 1/3 to 3 apart or evenly."""
        filled = source.origin != _NOTHING
        origin = source.origin.clamp_min(0)
        chance = torch.rand(weight.shape[0], len(origin), generator=self._generator)
        parts = (1 + self._spread * (chance - 0.5)) * filled
        totals = torch.zeros(weight.shape[:2]).index_add_(1, origin, parts)
        share = torch.where(filled, parts / totals[:, origin], 0.0)
        return weight[:, origin] * share[:, :, None, None]


def _copies(old_width: int, new_width: int) -> _Flow:
    """New channels as copies of the old ones, in turn.

    Raises:
        ModelError: there would be fewer.
    """
    if new_width < old_width:
        raise ModelError(f"A network cannot be grown into a narrower one ({old_width} to {new_width} channels).")
    return _Flow(torch.arange(new_width) % old_width, old_width)


def _join(flows: Sequence[_Flow]) -> _Flow:
    """Channels one after the other."""
    origins, width = [], 0
    for flow in flows:
        origins.append(torch.where(flow.origin == _NOTHING, _NOTHING, flow.origin + width))
        width += flow.old_width
    return _Flow(torch.cat(origins), width)
