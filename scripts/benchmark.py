"""`python -m scripts.benchmark --images DIR`: time per step of reading a radiograph, beside ultralytics' predict."""

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from app.config import MODELS_DIR
from app.detection import load_detector
from app.errors import FractureError
from app.learning.evaluation.benchmark import markdown, measure, read_samples, summary


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 1 with one line when there is nothing to measure."""
    options = _parser().parse_args(arguments)
    threads = options.threads or len(os.sched_getaffinity(0))
    try:
        samples, unusable = read_samples(options.images, options.limit, options.only)
        with load_detector(options.models_dir, options.engine, threads) as detector:
            times = measure(detector, samples, options.repeats, threads, _say)
            result = summary(times, _about(detector.engine_name, threads, len(samples), unusable, options.repeats))
    except FractureError as error:
        print(error, file=sys.stderr)
        return 1
    text = markdown(result)
    print(text, json.dumps(result), sep="\n\n")
    if options.out:
        options.out.write_text(f"{text}\n\n```json\n{json.dumps(result, indent=2)}\n```\n", encoding="utf-8")
    return 0


def _about(engine: str, threads: int, images: int, unusable: int, repeats: int) -> dict[str, Any]:
    return {
        "engine": engine,
        "threads": threads,
        "images": images,
        "unusable": unusable,
        "repeats": repeats,
        "machine": _cpu_name(),
        "python": platform.python_version(),
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    try:
        return int(height), int(width)
    except ValueError:
        raise argparse.ArgumentTypeError("must be WIDTHxHEIGHT, such as 512x512") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.benchmark",
        description="Time each step of reading a radiograph on this machine; the last line is a JSON summary.",
    )
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="radiographs; subfolders too")
    parser.add_argument("--limit", type=int, default=40, help="at most so many images (40)")
    parser.add_argument("--repeats", type=int, default=3, help="times that each is read (3)")
    parser.add_argument("--only", type=_size, metavar="WxH", help="only images of this size, such as 512x512")
    parser.add_argument("--engine", choices=("auto", "openvino", "torch"), default="auto", help="auto")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads, for both (all)")
    parser.add_argument(
        "--models-dir", type=Path, default=MODELS_DIR, metavar="DIR", help="folder of model.json (models)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write the table and the summary here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
