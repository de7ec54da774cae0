"""Judge a detector on a labelled data set: `python -m scripts.evaluate --help`.

Writes report.json and report.html, and prints a JSON summary as the last line of standard output.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from app.config import MODELS_DIR
from app.detection import Detector, load_detector
from app.errors import DatasetError, FractureError
from app.files import write_whole
from app.learning.datasets.dataset import Dataset, read_dataset
from app.learning.evaluation.evaluate import check_regions, infer_cases
from app.learning.evaluation.figures import figures
from app.learning.evaluation.report_html import report_page
from app.learning.evaluation.report_json import Json, everything, summary
from scripts.progress import Progress


def open_detector(options: argparse.Namespace) -> Detector:
    """The detector that the options name: the served one, or a bare checkpoint."""
    if options.weights is None:
        return load_detector(options.models_dir, options.engine, options.threads)
    from app.learning.export.candidate import load_candidate  # noqa: PLC0415 - torch is only loaded where it is asked

    return load_candidate(options.weights, options.size, options.threads)


def main(
    arguments: Sequence[str] | None = None, opener: Callable[[argparse.Namespace], Detector] = open_detector
) -> int:
    """Run the command; 0 when the report is written, 2 with one line on standard error otherwise."""
    options = _parser().parse_args(arguments)
    try:
        line = _run(options, opener)
    except FractureError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"The report cannot be written to {options.report}: {error.strerror}.", file=sys.stderr)
        return 2
    print(json.dumps(line, allow_nan=False))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR/data.yaml", help="raw or prepared data set")
    parser.add_argument("--split", choices=("train", "val", "test"), default="val")
    parser.add_argument("--single-class", action="store_true", help="ignore regions: every box is a fracture")
    parser.add_argument("--engine", choices=("auto", "openvino", "torch"), default="auto")
    parser.add_argument("--threads", type=int, default=0, help="of the engine; 0: every core")
    parser.add_argument("--models-dir", type=Path, default=MODELS_DIR, help="folder with model.json")
    parser.add_argument("--weights", type=Path, help="judge this bare checkpoint instead (torch, not calibrated)")
    parser.add_argument("--size", type=int, default=0, help="long side in pixels for --weights (as trained)")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only N images, evenly spread")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap; 0: no intervals")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    parser.add_argument("--report", type=Path, required=True, metavar="OUT", help="folder for the report")
    return parser


def _run(options: argparse.Namespace, opener: Callable[[argparse.Namespace], Detector]) -> Json:
    dataset = some_of(read_dataset(options.data, options.split, any_name=options.single_class), options.limit)
    with opener(options) as detector:
        check_regions(dataset, detector.spec.regions, options.single_class)
        calibration = None if options.weights else detector.spec.calibration
        with Progress("reading", len(dataset.images)) as progress:
            cases = infer_cases(detector, dataset, progress=progress)
        evaluation = figures(
            cases,
            dataset.fracture_regions,
            calibration,
            single_class=options.single_class,
            resamples=options.resamples,
            seed=options.seed,
        )
        about = _about(options, detector)
    page = report_page(evaluation, cases, about)
    line = summary(evaluation) | {"split": options.split, "model": about["Model"], "engine": about["Engine"]}
    line |= {"not_assessed": sum(not case.is_assessed for case in cases)}
    options.report.mkdir(parents=True, exist_ok=True)
    report = {"summary": line, "about": about, "figures": everything(evaluation)}
    write_whole(options.report / "report.json", json.dumps(report, indent=2, allow_nan=False) + "\n")
    write_whole(options.report / "report.html", page)
    return line | {"report": str(options.report / "report.html")}


def some_of(dataset: Dataset, limit: int) -> Dataset:
    """At most `limit` images, evenly spread over the set; all for 0."""
    if limit < 0:
        raise DatasetError("--limit must not be negative.")
    count = len(dataset.images)
    if limit == 0 or limit >= count:
        return dataset
    return replace(dataset, images=tuple(dataset.images[n * count // limit] for n in range(limit)))


def _about(options: argparse.Namespace, detector: Detector) -> dict[str, str]:
    spec, nms = detector.spec, detector.spec.nms
    kind = "in one class" if nms.class_agnostic else "per region"
    return {
        "Model": f"{spec.name} {spec.version}",
        "Weights (SHA-256)": detector.version.sha256,
        "Engine": detector.engine_name,
        "Input": f"long side {spec.input_size_px} px",
        "Boxes": f"suppressed {kind} above IoU {nms.iou:g}, raw score {nms.floor:g} or more, at most {nms.most}",
        "Calibration": "none" if options.weights else spec.calibration.method,
        "Data": f"{options.data}, split {options.split}",
        "Classes": "one" if options.single_class else "as in the data set",
        "Bootstrap": f"{options.resamples} resamples, seed {options.seed}",
    }


if __name__ == "__main__":
    sys.exit(main())
