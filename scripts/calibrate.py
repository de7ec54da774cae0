"""Fit the verdict of models/model.json on validation images: `python -m scripts.calibrate --help`.

Never on a test part: what is fitted on images says nothing about them.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from app.config import MODELS_DIR
from app.detection import Detector, load_detector
from app.errors import FractureError
from app.learning.datasets.dataset import read_dataset
from app.learning.evaluation.evaluate import infer_cases
from app.learning.evaluation.metrics.matching import Case
from app.learning.evaluation.report_json import Json
from app.learning.export.fit_verdict import Fitted, fit_verdict, provenance, write_verdict
from scripts.progress import Progress


def open_detector(options: argparse.Namespace) -> Detector:
    """The served detector."""
    return load_detector(options.models_dir, options.engine, options.threads)


def main(
    arguments: Sequence[str] | None = None, opener: Callable[[argparse.Namespace], Detector] = open_detector
) -> int:
    """Run the command; 0 when the verdict is fitted, 2 with one line on standard error otherwise."""
    options = _parser().parse_args(arguments)
    try:
        with opener(options) as detector:
            fitted, story = _fit(options, detector)
            if not options.dry_run:
                write_verdict(options.models_dir, fitted.calibration, story)
    except FractureError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps({"possible": fitted.calibration.possible, "definite": fitted.calibration.definite} | story))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.calibrate", description=__doc__)
    parser.add_argument(
        "--data", type=Path, action="append", required=True, metavar="DIR/data.yaml", help="may be given several times"
    )
    parser.add_argument("--split", choices=("val",), default="val")
    parser.add_argument("--engine", choices=("auto", "openvino", "torch"), default="auto")
    parser.add_argument("--threads", type=int, default=0, help="of the engine; 0: every core")
    parser.add_argument("--models-dir", type=Path, default=MODELS_DIR, help="folder with model.json")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap and of the folds")
    parser.add_argument("--dry-run", action="store_true", help="print, and leave model.json as it is")
    return parser


def _fit(options: argparse.Namespace, detector: Detector) -> tuple[Fitted, Json]:
    cases: list[Case] = []
    data: list[Json] = []
    for data_yaml in options.data:
        dataset = read_dataset(data_yaml, options.split)
        name = data_yaml.resolve().parent.name
        with Progress(name, len(dataset.images)) as progress:
            read = infer_cases(detector, dataset, group=name, progress=progress)
        cases += read
        data.append(
            {
                "name": name,
                "split": options.split,
                "images": len(read),
                "with_fracture": sum(c.has_fracture for c in read),
            }
        )
    fitted = fit_verdict(cases, seed=options.seed)
    return fitted, provenance(fitted, data, detector.engine_name, detector.version.sha256)


if __name__ == "__main__":
    sys.exit(main())
