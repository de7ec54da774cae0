"""Infer a folder or ZIP archive of X-rays offline: `python -m scripts.batch_detect IN OUT`.

Writes a JSON file for each image, results.csv and results.jsonl. A second run goes on where the first stopped. The
results are plain files: keep them where you may keep the images. This software assists; it does not diagnose. A
clinician decides.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from app.config import MODELS_DIR, Limits
from app.detection import Detector, load_detector, load_model_spec
from app.errors import FractureError
from app.records import DISCLAIMER, PROVISIONAL
from app.reports import words
from app.usecases.batch.distributed import LOCAL, Work, in_order, infer_distributed
from app.usecases.batch.infer_files import TABLE, Extras, Outcome, infer_source, write_results
from app.usecases.batch.sources import Source, open_source
from scripts.progress import Progress


def open_detector(options: argparse.Namespace) -> Detector:
    """The served detector."""
    return load_detector(options.models_dir, options.engine, options.threads)


def main(
    arguments: Sequence[str] | None = None, opener: Callable[[argparse.Namespace], Detector] = open_detector
) -> int:
    """Run the command; 0 when every file was inferred, 1 when some failed, 2 when nothing could be done."""
    options = _parser().parse_args(arguments)
    outcomes: list[Outcome] = []
    try:
        with open_source(options.source, options.out) as source:
            try:
                with Progress("inferring", len(source.names)) as progress:
                    for outcome in _outcomes(source, options, opener):
                        outcomes.append(outcome)
                        _tell(outcome)
                        progress(len(outcomes), len(source.names))
            finally:
                if outcomes:
                    write_results(in_order(outcomes), options.out)
    except FractureError as error:
        print(f"\n{error}" if outcomes else error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"The results cannot be written to {options.out}: {error.strerror}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return _report(outcomes, options.out)


def _outcomes(
    source: Source, options: argparse.Namespace, opener: Callable[[argparse.Namespace], Detector]
) -> Iterator[Outcome]:
    """Infer on this process, or with Ray."""
    extras = Extras(annotated=options.annotated, dicom=options.dicom)
    if options.ray:
        if load_model_spec(options.models_dir).provisional:
            _warn_provisional()
        source_path, out, models = (path.resolve() for path in (options.source, options.out, options.models_dir))
        work = Work(source_path, out, models, options.engine, options.threads or 1, extras)
        yield from infer_distributed(work, source, options.ray, options.workers)
        return
    with opener(options) as detector:
        if detector.spec.provisional:
            _warn_provisional()
        yield from infer_source(detector, source, options.out, Limits(), extras)


def _warn_provisional() -> None:
    print(f"Warning: {words.WARNING_WORDS[PROVISIONAL]}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.batch_detect", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="IN", help="a folder with its subfolders, or a ZIP archive")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for the results")
    parser.add_argument("--annotated", action="store_true", help="also write each image with its findings drawn")
    parser.add_argument("--dicom", action="store_true", help="also write SR and SC objects (NAME.sr.dcm, NAME.sc.dcm)")
    parser.add_argument("--engine", choices=("auto", "openvino", "torch"), default="auto")
    parser.add_argument(
        "--threads", type=int, default=0, help="of the engine; 0: every core, with --ray one for each worker"
    )
    parser.add_argument(
        "--ray",
        nargs="?",
        const=LOCAL,
        metavar="ADDRESS",
        help="infer with Ray Data: on the cores of this machine, or on the cluster of this address",
    )
    parser.add_argument("--workers", type=int, default=0, help="with --ray: how many processes; 0: all cores")
    parser.add_argument("--models-dir", type=Path, default=MODELS_DIR, help="folder with model.json")
    return parser


def _tell(outcome: Outcome) -> None:
    """Print one line for a file that failed."""
    if outcome.error:
        print(f"\r{outcome.name}: {outcome.error}", file=sys.stderr)


def _report(outcomes: Sequence[Outcome], out: Path) -> int:
    if not outcomes:
        print("There is no file in the source.", file=sys.stderr)
        return 2
    failed = sum(outcome.error is not None for outcome in outcomes)
    kept = sum(outcome.kept for outcome in outcomes)
    print(f"{len(outcomes) - failed} inferred ({kept} of them earlier), {failed} failed: {out / TABLE}")
    print(DISCLAIMER)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
