"""Start, resume and preview a training run."""

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch

from app.errors import TrainingError
from app.files import sha256_of
from app.learning.datasets.dataset import REGIONS, Dataset, read_dataset
from app.learning.datasets.manifest import check_manifest
from app.learning.datasets.overlap import overlap_warnings
from app.learning.datasets.selection import one_copy_each
from app.learning.networks.network import save_weights, start_network
from app.learning.progress import Progress
from app.learning.training.journal import RECORD, environment, write_record
from app.learning.training.loader import load_training
from app.learning.training.preview import write_preview
from app.learning.training.recipe import Recipe, recipe_from, recipe_values
from app.learning.training.trainer import LAST, Material, State, Trainer, Watcher
from app.learning.training.validation import load_validation

if TYPE_CHECKING:
    from ultralytics.nn.tasks import DetectionModel

START = "start.pt"
# Images are kept a little larger than they are shown, so that scaling up finds real detail.
_SPARE = 1.25


@dataclass(frozen=True)
class Start:
    """Initial weights of a run: none, a checkpoint of the same size, or a smaller one that is grown."""

    weights: Path | None = None
    grow_from: Path | None = None


def start_run(
    data_yaml: Path,
    recipe: Recipe,
    folder: Path,
    start: Start,
    *,
    device: str,
    watcher: Watcher,
    progress: Progress,
) -> State:
    """Begin a run in `folder`, which must not hold one already.

    Raises:
        TrainingError, DatasetError, ModelError: one line that says what is wrong, before anything is written.
    """
    if (folder / RECORD).exists():
        raise TrainingError(f"{folder} holds a run already; go on with it by --resume {folder}, or choose another.")
    chosen = choose_device(device)
    splits = _read_splits(data_yaml)
    # Reading thousands of images takes minutes; whatever else may be wrong is told before.
    network = _begin(recipe, splits[0], start)
    manifest_sha256 = check_manifest(data_yaml, splits, progress)
    for sentence in [*_validation_warnings(splits[1]), *overlap_warnings(data_yaml, *splits, progress)]:
        watcher.warn(sentence)
    material = _material(splits, data_yaml, recipe, progress)
    record = {
        "recipe": recipe_values(recipe),
        "data": str(data_yaml.resolve()),
        "data_manifest_sha256": manifest_sha256,
        "images": {"train": len(material.train.samples), "val": len(material.val.images)},
        "regions": list(material.regions),
        "findings": list(material.findings),
        "started_from": _named(start),
        "device": str(chosen),
        "seed": recipe.seed,
        "versions": environment(),
    }
    _make(folder)
    save_weights(network, folder / START, recipe.image_size(0.0), {}, material.findings)
    write_record(folder, record)
    return _trainer(recipe, material, folder, chosen, watcher=watcher, manifest_sha256=manifest_sha256).run()


def resume_run(folder: Path, data_yaml: Path | None, *, device: str, watcher: Watcher, progress: Progress) -> State:
    """Go on with the run in `folder`; `data_yaml` only when the data set has moved.

    Raises:
        TrainingError, DatasetError: as `start_run`; also when the data set is no longer the one the run began with.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        recipe = recipe_from(record["recipe"], str(folder / RECORD))
        where, regions = data_yaml or Path(record["data"]), tuple(record["regions"])
    except (OSError, ValueError, KeyError, TypeError):
        raise TrainingError(f"There is no run to resume in {folder}.") from None
    chosen = choose_device(device)
    splits = _read_splits(where)
    manifest_sha256 = check_manifest(where, splits, progress)
    if manifest_sha256 != record["data_manifest_sha256"] or splits[0].regions != regions:
        raise TrainingError(f"The data set {where} is no longer the one that the run in {folder} began with.")
    material = _material(splits, where, recipe, progress)
    trainer = _trainer(recipe, material, folder, chosen, watcher=watcher, manifest_sha256=manifest_sha256)
    if (folder / LAST).exists():
        trainer.resume()
    return trainer.run()


def _read_splits(data_yaml: Path) -> tuple[Dataset, Dataset]:
    """Training and validation.

    Raises:
        DatasetError: one cannot be read. TrainingError: training has no fracture, or the two name other classes.
    """
    train, val = read_dataset(data_yaml, "train"), read_dataset(data_yaml, "val")
    if not any(train.has_fracture(image) for image in train.images):
        raise TrainingError(f"{data_yaml}: the training part holds no image with a fracture to learn from.")
    return train, val


def _validation_warnings(val: Dataset) -> list[str]:
    fractured = sum(val.has_fracture(image) for image in val.images)
    if not fractured:
        return ["The validation part holds no fracture: nothing can be measured, and best.pt is the last epoch."]
    if fractured == len(val.images):
        return ["Every validation image has a fracture: false alarms on normal images cannot be measured."]
    return []


def make_preview(data_yaml: Path, recipe: Recipe, out: Path, progress: Progress) -> list[Path]:
    """Write grids (PNG) of augmented images with their boxes; returns their paths."""
    dataset = read_dataset(data_yaml, "train")
    return write_preview(dataset, recipe, out, progress)


def choose_device(name: str) -> torch.device:
    """ "auto" is CUDA where there is one; raises TrainingError for a device that is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise TrainingError(f"There is no device called {name}; choose auto, cpu, cuda or cuda:N.") from None
    if device.type not in ("cpu", "cuda") or (device.type == "cuda" and not torch.cuda.is_available()):
        raise TrainingError(f"The device {name} is not there.")
    return device


def _material(splits: tuple[Dataset, Dataset], data_yaml: Path, recipe: Recipe, progress: Progress) -> Material:
    train, val = one_copy_each(splits[0], data_yaml, recipe.one_copy), splits[1]
    longest = max(recipe.validate_px, *(size for _, size in recipe.image_sizes))
    samples = load_training(train, round(longest * _SPARE), progress)
    return Material(samples, load_validation(val, progress), train.regions, train.findings)


def _trainer(
    recipe: Recipe, material: Material, folder: Path, device: torch.device, *, watcher: Watcher, manifest_sha256: str
) -> Trainer:
    """The trainer of a run whose first weights lie in its folder: the same for its start and after every kill."""
    network = start_network(recipe.model, material.regions, folder / START)
    text = json.dumps([recipe_values(recipe), manifest_sha256], sort_keys=True)
    key = sha256_of(text.encode())
    return Trainer(network, recipe, material, folder, device=device, watcher=watcher, key=key)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"The folder {folder} cannot be made: {error.strerror}.") from None


def _begin(recipe: Recipe, train: Dataset, start: Start) -> "DetectionModel":
    torch.manual_seed(recipe.seed)
    regions, fractures = train.regions, {*train.fracture_regions, *REGIONS}
    if start.grow_from is None:
        return start_network(recipe.model, regions, start.weights, fractures)
    from app.learning.networks.grow import grow_checkpoint  # noqa: PLC0415

    with TemporaryDirectory() as scratch:
        grown = Path(scratch) / "grown.pt"
        grow_checkpoint(start.grow_from, grown, recipe.model, recipe.seed)
        return start_network(recipe.model, regions, grown, fractures)


def _named(start: Start) -> dict[str, Any]:
    path = start.weights or start.grow_from
    if path is None:
        return {"weights": None}
    return {
        "weights": path.name,
        "sha256": sha256_of(path),
        "grown": start.grow_from is not None,
    }
