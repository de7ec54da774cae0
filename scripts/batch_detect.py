"""Read a folder of X-rays offline: `python -m scripts.batch_detect --images DIR --out DIR`.

Writes a JSON file for each image and summary.csv. A second run goes on where the first stopped. The results are plain
files: keep them where you may keep the images. This software assists; it does not diagnose. A clinician decides.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from app.config import MODELS_DIR, Limits
from app.detection import Detector, load_detector
from app.errors import FractureError
from app.records import DISCLAIMER
from app.usecases.batch.infer_folder import SUMMARY, Outcome, files_of, infer_folder, write_summary


def open_detector(options: argparse.Namespace) -> Detector:
    """The served detector."""
    return load_detector(options.models_dir, options.engine, options.threads)


def main(
    arguments: Sequence[str] | None = None, opener: Callable[[argparse.Namespace], Detector] = open_detector
) -> int:
    """Run the command; 0 when every file was read, 1 when some were not, 2 when nothing could be done."""
    options = _parser().parse_args(arguments)
    outcomes: list[Outcome] = []
    try:
        total = len(files_of(options.images, options.out))
        with opener(options) as detector:
            try:
                for outcome in infer_folder(detector, options.images, options.out, Limits(), draw=options.annotated):
                    outcomes.append(outcome)
                    _show(outcome, len(outcomes), total)
            finally:
                if outcomes:
                    write_summary(outcomes, options.out)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.batch_detect", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--images", type=Path, required=True, metavar="DIR", help="JPEG, PNG, TIFF, DICOM; subfolders too"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the results go")
    parser.add_argument("--annotated", action="store_true", help="also write each image with its findings drawn")
    parser.add_argument("--engine", choices=("auto", "openvino", "torch"), default="auto")
    parser.add_argument("--threads", type=int, default=0, help="of the engine; 0: every core")
    parser.add_argument("--models-dir", type=Path, default=MODELS_DIR, help="folder with model.json")
    return parser


def _show(outcome: Outcome, done: int, total: int) -> None:
    """A line for each file that fails, and on a terminal one that counts."""
    if outcome.error:
        print(f"\r{outcome.name}: {outcome.error}", file=sys.stderr)
    if sys.stderr.isatty():
        print(f"\r{done} of {total} ", end="\n" if done == total else "", file=sys.stderr, flush=True)


def _report(outcomes: Sequence[Outcome], out: Path) -> int:
    if not outcomes:
        print("There is no file to read.", file=sys.stderr)
        return 2
    failed = sum(outcome.error is not None for outcome in outcomes)
    kept = sum(outcome.kept for outcome in outcomes)
    print(f"{len(outcomes) - failed} read ({kept} of them earlier), {failed} not readable: {out / SUMMARY}")
    print(DISCLAIMER)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
