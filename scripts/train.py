"""Train a YOLOv8 fracture detector: `python -m scripts.train --help`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from app.errors import FractureError
from app.learning.training.recipe import read_recipe
from scripts.progress import Bars

if TYPE_CHECKING:
    from app.learning.training.trainer import Pace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the run is finished, 1 with one line on standard error otherwise."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except FractureError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.train", description=__doc__)
    parser.add_argument("--data", type=Path, help="data.yaml of a prepared set")
    parser.add_argument("--recipe", type=Path, help="YAML recipe; the options below override it")
    parser.add_argument("--out", type=Path, help="folder for the run (runs/train)")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with the run in this folder")
    parser.add_argument("--preview", type=Path, metavar="OUT", help="write previews of augmented images instead")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--weights", type=Path, help="start from this checkpoint of the same size")
    start.add_argument("--grow-from", type=Path, metavar="FILE", help="grow a smaller checkpoint to the model's size")
    parser.add_argument("--model", choices=("n", "s", "m", "l", "x"))
    parser.add_argument("--image-size", help="512, or progressive: 0.4:320,0.6:416 (share of the run : pixels)")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--hours", type=float, help="wall-clock budget; shapes the schedule")
    parser.add_argument("--epochs", type=int, help="number of epochs, where no hours are given")
    parser.add_argument("--workers", type=int, help="processes that prepare images (0 on a CPU)")
    parser.add_argument("--threads", type=int, help="cores that compute on a CPU; fewer where the machine is shared")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    return parser


def _run(options: argparse.Namespace) -> int:
    # A thread that waits for another would else spin, and on a shared machine use up the time the other one needs:
    # measured, a step took four times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from app.learning.training.run import Start, make_preview, resume_run, start_run  # noqa: PLC0415 - loads torch

    bars = Bars()
    if options.resume:
        _refuse_ignored(options)
        resume_run(options.resume, options.data, device=options.device, watcher=StepBar(), progress=bars)
        return 0
    if options.data is None:
        raise FractureError("Name the data set: --data DIR/data.yaml.")
    recipe = read_recipe(options.recipe, _changes(options))
    if options.preview:
        for path in make_preview(options.data, recipe, options.preview, bars):
            print(path)
        return 0
    start = Start(options.weights, options.grow_from)
    out = options.out or Path("runs/train")
    start_run(options.data, recipe, out, start, device=options.device, watcher=StepBar(), progress=bars)
    return 0


def _refuse_ignored(options: argparse.Namespace) -> None:
    """A resumed run keeps its recipe; an option that would change nothing must not seem to."""
    kept = ("recipe", "preview", "weights", "grow_from", "model", "image_size", "batch", "hours", "epochs", "workers",
            "threads", "seed")  # fmt: skip
    given = [f"--{name.replace('_', '-')}" for name in kept if getattr(options, name) is not None]
    if options.out is not None:
        given.append("--out")
    if given:
        raise FractureError(f"--resume goes on with the recipe of the run: leave out {', '.join(given)}.")


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    names = ("model", "batch", "hours", "epochs", "workers", "threads", "seed")
    changes = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if options.epochs is not None and options.hours is None:
        changes["hours"] = 0.0
    if options.image_size is not None:
        changes["image_sizes"] = _sizes(options.image_size)
    return changes


def _sizes(text: str) -> int | list[list[float]]:
    try:
        if ":" not in text:
            return int(text)
        return [[float(share), float(size)] for share, size in (part.split(":") for part in text.split(","))]
    except ValueError:
        raise FractureError("--image-size takes 512, or 0.4:320,0.6:416.") from None


class StepBar:
    """A progress bar per epoch, and one line of figures after it."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def step(self, pace: "Pace") -> None:
        """After each step: move the bar, show loss and time left."""
        if self._bar is None:
            self._bar = tqdm(total=pace.steps, desc=f"epoch {pace.epoch}", unit="step", mininterval=5.0)
        if pace.loss == pace.loss:
            left = f"{pace.left_s / 60:.0f} min" if pace.left_s < 1e7 else "?"
            self._bar.set_postfix_str(f"loss {pace.loss:.2f}, {pace.progress:.1%} done, {left} left", refresh=False)
        self._bar.update(pace.step - self._bar.n)

    def warn(self, sentence: str) -> None:
        """Print what makes the figures doubtful."""
        print(f"Warning: {sentence}", file=sys.stderr, flush=True)

    def epoch(self, row: dict[str, float]) -> None:
        """After each epoch: close its bar and print its figures."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        print(", ".join(f"{key} {value:g}" for key, value in row.items()), flush=True)


if __name__ == "__main__":
    sys.exit(main())
