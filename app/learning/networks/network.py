"""The network as training sees it: build, load with checks, save as a checkpoint that serves."""

import copy
import math
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import nn

from app.detection.engines.checkpoint import read_checkpoint
from app.detection.engines.ultralytics_import import import_torch
from app.errors import ModelError, TrainingError
from app.files import replacing
from app.learning.networks import STRIDE

# First, so that ultralytics is imported the quiet way.
import_torch()
from ultralytics import __version__ as ultralytics_version  # noqa: E402
from ultralytics.nn.tasks import DetectionModel  # noqa: E402

SIZES = ("n", "s", "m", "l", "x")
LICENCE = "AGPL-3.0 (initial weights: Ultralytics YOLOv8)"


def build_network(size: str, regions: Sequence[str]) -> DetectionModel:
    """A YOLOv8 of `size` (n, s, m, l or x) with random weights, for grey images repeated over three channels."""
    network: Any = DetectionModel(f"yolov8{size}.yaml", nc=len(regions), verbose=False)  # type: ignore[no-untyped-call]
    network.names = dict(enumerate(regions))
    return cast(DetectionModel, network)


def load_network(path: Path) -> DetectionModel:
    """The network in an ultralytics checkpoint: the averaged one when it has one; float32, on the CPU.

    Raises:
        ModelError: the file is missing, damaged, or holds no YOLOv8 detector.
    """
    try:
        raw = path.read_bytes()
    except OSError:
        raise ModelError(f"There are no weights at {path}.") from None
    return read_checkpoint(raw, str(path))


def start_network(
    size: str, regions: Sequence[str], weights: Path | None, fractures: Collection[str] = ()
) -> DetectionModel:
    """A network for `regions`, from `weights` where given.

    When the weights name other classes, the last layer of the class branch is begun anew, and rows of a class that
    both know are taken over. The width of that branch stays that of the weights: ultralytics makes it depend on the
    number of classes that a network was first built for.

    fractures: class names, old and new, that mean a fracture; a new one begins as the mean of the old ones.

    Raises:
        ModelError: the weights cannot be read, or are of another size of YOLOv8.
    """
    if weights is None:
        return build_network(size, regions)
    given: Any = load_network(weights)
    if size_of(given) != size:
        raise ModelError(f"The weights in {weights} are of a YOLOv8{size_of(given)}, not of a YOLOv8{size}.")
    names = [str(given.names[number]) for number in range(len(given.names))]
    if names != list(regions):
        _replace_classes(given, names, regions, fractures)
    return cast(DetectionModel, given)


def _replace_classes(
    network: Any,  # noqa: ANN401 - ultralytics' networks keep untyped attributes
    names: Sequence[str],
    regions: Sequence[str],
    fractures: Collection[str],
) -> None:
    head = network.model[-1]
    alike = [number for number, name in enumerate(names) if name in fractures]
    for branch, stride in zip(head.cv3, head.stride, strict=True):
        old = branch[-1]
        new: Any = nn.Conv2d(old.in_channels, len(regions), 1)
        # As ultralytics begins a class branch: few anchors of a 640 px image hold an object.
        nn.init.constant_(new.bias, math.log(5 / len(regions) / (640 / float(stride)) ** 2))
        for number, region in enumerate(regions):
            if region in names:
                new.weight.data[number] = old.weight.data[names.index(region)]
                new.bias.data[number] = old.bias.data[names.index(region)]
            elif region in fractures and alike:
                new.weight.data[number] = old.weight.data[alike].mean(dim=0)
                new.bias.data[number] = old.bias.data[alike].mean()
        branch[-1] = new
    head.nc, head.no = len(regions), len(regions) + 4 * head.reg_max
    network.yaml["nc"] = len(regions)
    network.names = dict(enumerate(regions))


def size_of(network: DetectionModel) -> str:
    """The letter of a YOLOv8: n, s, m, l or x."""
    layout: Any = network.yaml
    return str(layout.get("scale") or "n")


def trained_at_px(network: Any) -> int:  # noqa: ANN401 - ultralytics keeps it untyped
    """The image size in the checkpoint's arguments, up to the next multiple of the stride; 512 when it has none."""
    arguments = getattr(network, "args", None)
    size = arguments.get("imgsz") if isinstance(arguments, dict) else getattr(arguments, "imgsz", None)
    return -(-size // STRIDE) * STRIDE if isinstance(size, int) and size > 0 else 512


def findings_of(network: Any) -> tuple[str, ...]:  # noqa: ANN401 - ultralytics keeps it untyped
    """The classes of a checkpoint that are no fracture, as its arguments say; () for one of another program."""
    arguments = getattr(network, "args", None)
    found = arguments.get("findings") if isinstance(arguments, dict) else None
    return tuple(str(name) for name in found or ())


def save_weights(
    network: nn.Module, path: Path, image_size_px: int, about: dict[str, Any], findings: Sequence[str] = ()
) -> None:
    """Write a checkpoint as ultralytics writes it (fp16, no optimizer), whole or not at all.

    findings: the classes that are no fracture.

    Raises:
        TrainingError: the file cannot be written, for instance because no space is left, or a weight is too large for
            half precision.
    """
    lean: Any = copy.deepcopy(network).cpu().half().eval()
    if not all(bool(torch.isfinite(value).all()) for value in lean.state_dict().values()):
        raise TrainingError(f"{path.name}: a weight is too large for half precision; a lower learning rate may help.")
    for name in ("criterion", "args"):
        lean.__dict__.pop(name, None)
    for parameter in lean.parameters():
        parameter.requires_grad = False
    arguments: dict[str, Any] = {"task": "detect", "imgsz": image_size_px}
    if findings:
        arguments["findings"] = list(findings)
    lean.args = arguments
    content = {
        "model": lean, "ema": None, "epoch": -1, "train_args": arguments | about, "license": LICENCE,
        "date": datetime.now(UTC).isoformat(timespec="seconds"), "version": ultralytics_version,
    }  # fmt: skip
    save_whole(content, path)


def save_whole(content: object, path: Path) -> None:
    """`torch.save` to `path`, whole or not at all.

    Raises:
        TrainingError: the file cannot be written.
    """
    try:
        with replacing(path) as file:
            torch.save(content, file)
    except (OSError, RuntimeError) as error:
        raise TrainingError(f"{path} cannot be written: {error}".splitlines()[0]) from None


def give_gains(network: Any, box: float, classes: float, dfl: float) -> None:  # noqa: ANN401 - untyped attributes
    """Give the network the gains that ultralytics' loss reads from its `args`."""
    network.args = SimpleNamespace(box=box, cls=classes, dfl=dfl)
