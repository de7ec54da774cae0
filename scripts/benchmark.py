"""`python -m scripts.benchmark [WHAT] --images DIR`: speed of this machine beside its own limits and beside peers."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from app.config import MODELS_DIR, Limits
from app.detection import ModelSpec, load_detector, load_model_spec
from app.errors import FractureError, ModelError
from app.imaging import DecoderPool
from app.learning.benchmark.bare import BareNetwork
from app.learning.benchmark.load import alone_ms, load_summary, measure_load, refusal_summary
from app.learning.benchmark.peers import Predict, predict_by_int8, predict_by_torch
from app.learning.benchmark.samples import Sample, read_samples
from app.learning.benchmark.served import Address, Client
from app.learning.benchmark.steps import markdown, measure, summary
from app.learning.benchmark.upload import Subjects, measure_uploads, upload_summary, upload_table
from scripts.bootstrap.console import Stop
from scripts.bootstrap.trial_server import trial_server

_SHORT_QUEUE = 4
Result = tuple[str, dict[str, Any]]


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 1 with one line when there is nothing to measure."""
    options = _parser().parse_args(arguments)
    options.threads = options.threads or len(os.sched_getaffinity(0))
    try:
        samples, unusable = read_samples(options.images, options.limit, options.only)
        about = _about(options, len(samples), unusable)
        text, result = _SUBJECTS[options.what](options, samples, about)
    except (FractureError, Stop) as error:
        print(error, file=sys.stderr)
        return 1
    print(text, json.dumps(result), sep="\n\n")
    if options.out:
        options.out.write_text(f"{text}\n\n```json\n{json.dumps(result, indent=2)}\n```\n", encoding="utf-8")
    return 0


def _upload(options: argparse.Namespace, samples: list[Sample], about: dict[str, Any]) -> Result:
    spec = load_model_spec(options.models_dir)
    with (
        tempfile.TemporaryDirectory(prefix="peer-") as folder,
        trial_server(_settings(options)) as server,
    ):
        peers, missing = _peers(options, spec, Path(folder))
        bare = _bare(spec, options.threads)
        # Only now: peers take longer to load than the server keeps a connection without requests.
        with Client(Address(*server)) as client:
            subjects = Subjects(client, bare, peers, missing)
            result = upload_summary(measure_uploads(subjects, samples, spec, options.repeats, _say), about)
    return upload_table(result), result


def _load(options: argparse.Namespace, samples: list[Sample], about: dict[str, Any]) -> Result:
    spec = load_model_spec(options.models_dir)
    bare = _bare(spec, options.threads)
    uploads = max(options.repeats * len(samples), options.clients)
    with trial_server(_settings(options)) as server, closing(DecoderPool(Limits())) as decoder:
        address = Address(*server)
        measure_load(address, samples, 1, len(samples))
        single = measure_load(address, samples, 1, min(uploads, 2 * len(samples)))
        before = alone_ms(decoder, bare, samples, spec, options.repeats)
        load = measure_load(address, samples, options.clients, uploads)
        alone = before + alone_ms(decoder, bare, samples, spec, options.repeats)
    result = load_summary(load, single, alone, options.clients, about)
    with trial_server({**_settings(options), "DETECTOR_QUEUE": str(_SHORT_QUEUE)}) as server:
        past = measure_load(Address(*server), samples, options.clients, options.clients * 2)
    result["past_the_bound"] = {"queue": _SHORT_QUEUE, **refusal_summary(past)}
    return "\n".join(f"{name}: {value}" for name, value in result.items()), result


def _steps(options: argparse.Namespace, samples: list[Sample], about: dict[str, Any]) -> Result:
    with load_detector(options.models_dir, options.engine, options.threads) as detector:
        times = measure(detector, samples, options.repeats, options.threads, _say)
        result = summary(times, {**about, "engine": detector.engine_name})
    return markdown(result), result


_SUBJECTS: Mapping[str, Callable[[argparse.Namespace, list[Sample], dict[str, Any]], Result]] = {
    "upload": _upload,
    "load": _load,
    "steps": _steps,
}


def _settings(options: argparse.Namespace) -> dict[str, str]:
    return {
        "DETECTOR_ENGINE": options.engine,
        "DETECTOR_THREADS": str(options.threads),
        "MODELS_DIR": str(options.models_dir.resolve()),
    }


def _bare(spec: ModelSpec, threads: int) -> BareNetwork:
    if spec.openvino is None:
        raise ModelError("model.json names no weights for the engine openvino.")
    return BareNetwork(spec.openvino, threads)


def _peers(options: argparse.Namespace, spec: ModelSpec, folder: Path) -> tuple[dict[str, Predict], tuple[str, ...]]:
    """Ultralytics' predict, and its int8 export where there is a set to calibrate it with; why one is missing."""
    loaders: dict[str, Callable[[], Predict]] = {}
    if options.peer_data:
        loaders["ultralytics int8"] = lambda: predict_by_int8(spec, options.peer_data, folder)
    # Last, as loading any other peer sets torch's threads to all cores but one.
    loaders["ultralytics predict"] = lambda: predict_by_torch(spec, options.threads)
    peers, missing = {}, []
    for name, load in loaders.items():
        try:
            peers[name] = load()
        except ModelError as error:
            missing.append(str(error))
    return peers, tuple(missing)


def _about(options: argparse.Namespace, images: int, unusable: int) -> dict[str, Any]:
    return {
        "what": options.what,
        "engine": options.engine,
        "threads": options.threads,
        "images": images,
        "unusable": unusable,
        "repeats": options.repeats,
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
        description="Measure this machine; the last line is a JSON summary.",
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=tuple(_SUBJECTS),
        default="upload",
        help="upload: from upload to answer by a server (default); load: many clients at once; steps: in this process",
    )
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="radiographs; subfolders too")
    parser.add_argument("--limit", type=int, default=40, help="at most so many images (40)")
    parser.add_argument("--repeats", type=int, default=3, help="times that each is inferred (3)")
    parser.add_argument("--only", type=_size, metavar="WxH", help="only images of this size, such as 512x512")
    parser.add_argument("--clients", type=int, default=32, help="clients at once, for load (32)")
    parser.add_argument(
        "--peer-data", type=Path, metavar="FILE", help="data.yaml that ultralytics calibrates its own int8 export with"
    )
    parser.add_argument("--engine", choices=("auto", "openvino", "torch"), default="auto", help="auto")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads, for all (every core)")
    parser.add_argument(
        "--models-dir", type=Path, default=MODELS_DIR, metavar="DIR", help="folder of model.json (models)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write the table and the summary here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
