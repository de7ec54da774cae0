"""`python -m scripts.grow`: a larger YOLOv8 that computes what a smaller one computes, to serve as it is."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from app.errors import FractureError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the weights are written, 1 with one line on standard error otherwise."""
    options = _parser().parse_args(arguments)
    try:
        # Heavy: --help should not wait for torch. First, so that ultralytics is imported the quiet way.
        from app.detection.engines.ultralytics_import import import_torch  # noqa: PLC0415

        import_torch()
        from app.learning.networks.grow import grow_checkpoint  # noqa: PLC0415

        off = grow_checkpoint(options.weights, options.out, options.size, None)
    except FractureError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.out}: differs by {off:.1e} at most (pixels, and scores of 0 to 1)")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.grow",
        description="Grow a YOLOv8 with even shares, to be served. To train it on, use scripts.train --grow-from.",
    )
    parser.add_argument("--weights", type=Path, required=True, metavar="FILE.pt")
    parser.add_argument("--size", choices=("n", "s", "m", "l", "x"), default="l")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.pt")
    return parser


if __name__ == "__main__":
    sys.exit(main())
