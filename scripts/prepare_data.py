"""Make one checked data set from the published ones: `python -m scripts.prepare_data --help`."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from app.config import MODELS_DIR
from app.detection import load_model_spec
from app.errors import FractureError, ModelError
from app.files import sha256_of
from app.learning.datasets.prepare import MANIFEST, prepare
from app.learning.datasets.sources import SourceImage, read_fracatlas, read_kaggle


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the data set is written, 1 with one line on standard error otherwise."""
    options = _parser().parse_args(arguments)
    try:
        manifest = _run(options)
    except FractureError as error:
        print(error, file=sys.stderr)
        return 1
    _report(manifest, options.out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.prepare_data", description=__doc__)
    parser.add_argument("--kaggle", type=Path, help="folder of the Kaggle set as published (with data.yaml)")
    parser.add_argument("--fracatlas", type=Path, help="folder of FracAtlas (with data.yaml and dataset.csv)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the prepared set")
    parser.add_argument(
        "--labeller", type=Path, help="weights that say the region of a FracAtlas box where its tags do not"
    )
    parser.add_argument(
        "--keep-leaks", action="store_true", help="keep training images that look like a validation image"
    )
    return parser


def _run(options: argparse.Namespace) -> dict[str, Any]:
    images: list[SourceImage] = []
    if options.kaggle:
        images += read_kaggle(options.kaggle)
    if options.fracatlas:
        images += read_fracatlas(options.fracatlas)
    if not images:
        raise FractureError("Name at least one data set: --kaggle DIR, --fracatlas DIR.")
    weights = options.labeller or _serving_weights()
    if weights is None or not options.fracatlas:
        return prepare(images, options.out, None, "", Bars(), keep_leaks=options.keep_leaks)
    from app.learning.training.network_labeller import NetworkLabeller  # noqa: PLC0415 - torch is only loaded where it is asked

    told_by = f"{weights.name} {sha256_of(weights)}" if weights.is_file() else ""
    labeller = NetworkLabeller(weights)
    return prepare(images, options.out, labeller, told_by, Bars(), keep_leaks=options.keep_leaks)


def _serving_weights() -> Path | None:
    """The torch weights that `models/model.json` names; None where there are none."""
    try:
        spec = load_model_spec(MODELS_DIR)
    except ModelError:
        return None
    return spec.torch.path if spec.torch and spec.torch.path.is_file() else None


class Bars:
    """One progress bar per step."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._step = ""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show that `done` of `total` are finished in `step`."""
        if step != self._step or self._bar is None:
            self._step, self._bar = step, tqdm(total=total, desc=step, unit="image", mininterval=0.5)
        self._bar.update(done - self._bar.n)
        if done == total:
            self._bar.close()


def _report(manifest: dict[str, Any], out: Path) -> None:
    for split in ("train", "val"):
        files = [entry for entry in manifest["files"] if entry["split"] == split]
        boxes = Counter(box["region"] for entry in files for box in entry["boxes"])
        fractured = sum(bool(entry["boxes"]) for entry in files)
        counts = ", ".join(f"{region} {count}" for region, count in sorted(boxes.items()))
        print(f"{split}: {len(files)} images, {fractured} with a fracture; boxes: {counts}")
    for entry in manifest["set_aside"]:
        print(f"set aside: {entry['origin']} {entry['split']} {entry['original']}: {entry['problem']}")
    found = manifest["near_duplicates"]
    print(
        f"near-duplicates: {found['within_train']} pairs within train, {found['within_val']} within val, "
        f"{found['across']} across; listed in {out / found['listed_in']}"
    )
    print(f"{len(manifest['set_aside'])} set aside; manifest: {out / MANIFEST}")


if __name__ == "__main__":
    sys.exit(main())
