"""`python -m scripts.join`: two trained YOLOv8 side by side in a wider one, with the mean of their class logits."""

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
        from app.learning.networks.join import Shares, join_checkpoints  # noqa: PLC0415

        shares = Shares(options.share, tuple(options.alone.split(",")) if options.alone else ())
        join_checkpoints(options.classes, options.weights, options.out, options.size, shares)
    except FractureError as error:
        print(error, file=sys.stderr)
        return 1
    print(options.out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.join",
        description="Join two YOLOv8, for instance specialists of two data sets. Evaluate the result first.",
    )
    parser.add_argument("--weights", type=Path, required=True, metavar="FILE.pt", help="its boxes are kept")
    parser.add_argument("--classes", type=Path, required=True, metavar="FILE.pt", help="only its class scores count")
    parser.add_argument("--share", type=float, default=0.5, help="of --classes in the mean of the class logits (0.5)")
    parser.add_argument("--alone", default="", help="regions that --classes alone scores, such as hip,leg")
    parser.add_argument("--size", choices=("s", "m", "l", "x"), default="s", help="of the joined network (s)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.pt")
    return parser


if __name__ == "__main__":
    sys.exit(main())
