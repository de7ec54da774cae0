"""Make one checked data set from published and own ones: `python -m scripts.prepare_data --help`.

The last line of standard output is a JSON object with the counts.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.config import MODELS_DIR
from app.detection import load_model_spec
from app.errors import DatasetError, FractureError, ModelError
from app.files import sha256_of, write_whole
from app.learning.datasets.manifest import MANIFEST
from app.learning.datasets.policy import TEMPLATE, Policy, explain, read_policy, template
from app.learning.preparation.own import OwnSets, UndecidedNames, read_own, refuse_nested
from app.learning.preparation.patients import DICOM, parse_group_by
from app.learning.preparation.prepare import Classes, Division, prepare
from app.learning.preparation.prepared_files import PREVIEW, summary_of
from app.learning.preparation.sources import SourceImage, read_fracatlas, read_kaggle
from scripts.progress import Bars


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the data set is written, 1 with the reason on standard error otherwise."""
    options = _parser().parse_args(arguments)
    try:
        manifest, own = run(options)
    except FractureError as error:
        print(error, file=sys.stderr)
        return 1
    _report(manifest, own, options.out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.prepare_data", description=__doc__)
    parser.add_argument("--kaggle", type=Path, help="folder of the Kaggle set as published (with data.yaml)")
    parser.add_argument("--fracatlas", type=Path, help="folder of FracAtlas (with data.yaml and dataset.csv)")
    parser.add_argument(
        "--own", type=Path, action="append", default=[], metavar="DIR",
        help="folder of own images and annotations (docs/own-data.md); may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--classes", type=Path, metavar="POLICY.yaml", help="what becomes of each class name: a region, drop or finding"
    )
    parser.add_argument("--group-by", metavar="RULE", help="tells patients apart: dicom, csv:FILE:COLUMN or name:REGEX")
    parser.add_argument(
        "--val-share", type=float, default=0.2, help="share for validation, where a set has no such part (0.2)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of that division (0)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the prepared set")
    parser.add_argument(
        "--labeller", type=Path, help="weights that infer the region of a FracAtlas box where its tags do not tell it"
    )
    parser.add_argument(
        "--keep-leaks",
        action="store_true",
        help="keep training images that show a validation image or its patient; they are only counted",
    )
    return parser


def run(options: argparse.Namespace) -> tuple[dict[str, Any], OwnSets]:
    """Prepare the sets that the options name; returns the manifest and what the own sets contributed."""
    own = _own(options)
    images: list[SourceImage] = list(own.images)
    if options.fracatlas:
        images = read_fracatlas(options.fracatlas) + images
    if options.kaggle:
        images = read_kaggle(options.kaggle) + images
    if not images:
        raise DatasetError("Name at least one data set: --own DIR, --kaggle DIR, --fracatlas DIR.")
    classes = Classes(own.names, own.findings)
    division = Division(options.val_share, options.seed, options.keep_leaks, options.group_by == DICOM)
    weights = (options.labeller or _serving_weights()) if options.fracatlas else None
    if weights is None:
        return prepare(images, options.out, None, "", Bars(), classes=classes, division=division), own
    from app.learning.training.network_labeller import NetworkLabeller  # noqa: PLC0415 - torch is loaded where needed

    identity = f"{weights.name} {sha256_of(weights)}" if weights.is_file() else ""
    labeller = NetworkLabeller(weights)
    return prepare(images, options.out, labeller, identity, Bars(), classes=classes, division=division), own


def _own(options: argparse.Namespace) -> OwnSets:
    refuse_nested(options.own, options.out)
    policy = read_policy(options.classes) if options.classes else Policy({})
    group_by = parse_group_by(options.group_by) if options.group_by else None
    try:
        own = read_own(options.own, policy, group_by)
    except UndecidedNames as error:
        file = options.out / TEMPLATE
        write_template(file, template(error.counts, policy))
        raise DatasetError(explain(error.open_names, file)) from None
    for name in sorted(policy.choices.keys() - set(own.known)):
        print(f"{options.classes}: no set has a class called {name}.", file=sys.stderr)
    return own


def write_template(file: Path, text: str) -> None:
    """Write a policy file to fill in; raises DatasetError when it cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text)
    except OSError as error:
        raise DatasetError(f"{file} cannot be written: {error.strerror}.") from None


def _serving_weights() -> Path | None:
    """The torch weights that `models/model.json` names; None where there are none."""
    try:
        spec = load_model_spec(MODELS_DIR)
    except ModelError:
        return None
    return spec.torch.path if spec.torch and spec.torch.path.is_file() else None


def _report(manifest: dict[str, Any], own: OwnSets, out: Path) -> None:
    counts = summary_of(manifest)
    for split in ("train", "val"):
        boxes = Counter(box["region"] for e in manifest["files"] if e["split"] == split for box in e["boxes"])
        listed = ", ".join(f"{region} {count}" for region, count in sorted(boxes.items()))
        print(
            f"{split}: {counts['images'][split]} images, {counts['fractured'][split]} with a fracture; boxes: {listed}"
        )
        if not counts["images"][split]:
            print(f"No image is left in the {split} part.", file=sys.stderr)
    for entry in manifest["set_aside"]:
        print(f"set aside: {entry['origin']} {entry['split']} {entry['original']}: {entry['problem']}")
    for reason, count in counts["set_aside"].items():
        print(f"set aside, {reason}: {count}")
    if manifest["patients_across"]:
        print(
            f"{manifest['patients_across']} training images have the DICOM PatientID of a validation image; "
            "--group-by dicom sets them aside",
            file=sys.stderr,
        )
    if own.test_images:
        print(f"left out: {own.test_images} images of test parts")
    found = manifest["near_duplicates"]
    print(
        f"near-duplicates: {found['within_train']} pairs within train, {found['within_val']} within val, "
        f"{found['across']} across; listed in {out / found['listed_in']}"
    )
    print(f"{len(manifest['set_aside'])} set aside; manifest: {out / MANIFEST}; to look at: {out / PREVIEW}")
    print(json.dumps(counts | {"manifest": str(out / MANIFEST), "preview": str(out / PREVIEW)}, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
