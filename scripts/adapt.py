"""Make own images a served model: `python -m scripts.adapt DIR --out MODELS_DIR`; see docs/own-data.md.

Prepares the images, trains from the shipped weights, exports, compares with the shipped model and calibrates. The last
line of standard output is a JSON object. The same command goes on where a killed one stopped.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from app.config import MODELS_DIR
from app.errors import DatasetError, FractureError
from app.learning.datasets.policy import TEMPLATE, Policy, explain, read_policy, template
from app.learning.preparation.own import UndecidedNames, refuse_nested
from app.learning.preparation.patients import parse_group_by
from scripts.prepare_data import write_template
from scripts.progress import Bars
from scripts.train import StepBar


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the model can be served, 1 with the reason on standard error otherwise."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except FractureError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.adapt", description=__doc__)
    parser.add_argument("own", type=Path, metavar="DIR", help="folder of own images and annotations, in any layout")
    parser.add_argument("--out", type=Path, required=True, metavar="MODELS_DIR", help="folder for the new model")
    parser.add_argument("--classes", type=Path, metavar="POLICY.yaml", help="what becomes of each class name")
    parser.add_argument("--group-by", metavar="RULE", help="tells patients apart: dicom, csv:FILE:COLUMN or name:REGEX")
    parser.add_argument("--val-share", type=float, help="share for validation (by the number of images)")
    parser.add_argument("--models-dir", type=Path, default=MODELS_DIR, help="the model that serves now (models)")
    parser.add_argument("--weights", type=Path, help="start from this checkpoint (a shipped one by the machine)")
    parser.add_argument("--name", default="fracture-own", help="name of the new model (fracture-own)")
    parser.add_argument("--hours", type=float, default=3.0, help="longest training on a CPU (3)")
    parser.add_argument("--epochs", type=int, help="(by the number of images)")
    parser.add_argument("--image-size", type=int, help="long side in pixels (as the weights were trained)")
    parser.add_argument("--batch", type=int, help="images per step (8 on a CPU, 32 on a card)")
    parser.add_argument("--threads", type=int, help="cores that compute on a CPU (all)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    return parser


def _run(options: argparse.Namespace) -> int:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from app.learning.adaptation.adapt import Adaptation, Reporter, adapt  # noqa: PLC0415 - loads torch
    from app.learning.adaptation.plan import Wishes  # noqa: PLC0415

    refuse_nested([options.own], options.out)
    policy = read_policy(options.classes) if options.classes else Policy({})
    wishes = Wishes(options.epochs, options.image_size, options.batch, options.threads, options.hours)
    task = Adaptation(
        options.own, options.out, options.models_dir, policy,
        group_by=parse_group_by(options.group_by) if options.group_by else None, val_share=options.val_share,
        weights=options.weights, device=options.device, name=options.name, wishes=wishes,
    )  # fmt: skip
    try:
        summary = adapt(task, Reporter(lambda line: print(line, flush=True), Bars(), StepBar()))
    except UndecidedNames as error:
        file = options.out / TEMPLATE
        write_template(file, template(error.counts, policy))
        raise DatasetError(explain(error.open_names, file)) from None
    serve = f"MODELS_DIR={options.out} python3 scripts/launch.py"
    again = " all the same" if summary["verdict"] == "worse" else ""
    print(f"To serve it{again}: {serve}")
    print(json.dumps(summary | {"serve": serve}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
