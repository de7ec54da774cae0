"""`python -m scripts.average`: the weighted mean of checkpoints that were trained from one another."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from app.errors import FractureError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the mean is written, 1 with one line on standard error otherwise."""
    options = _parser().parse_args(arguments)
    try:
        # Heavy: --help should not wait for torch. First, so that ultralytics is imported the quiet way.
        from app.detection.engines.ultralytics_import import import_torch  # noqa: PLC0415

        import_torch()
        from app.learning.networks.averaging import average_checkpoints  # noqa: PLC0415

        average_checkpoints(dict(options.weights), options.out)
    except FractureError as error:
        print(error, file=sys.stderr)
        return 1
    print(options.out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.average",
        description="Average checkpoints of one run, its start included: often better than each. Judge it first.",
    )
    parser.add_argument(
        "--weights",
        type=_shared,
        nargs="+",
        required=True,
        metavar="FILE.pt[:SHARE]",
        help="share: how much it counts (1)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.pt")
    return parser


def _shared(text: str) -> tuple[Path, float]:
    path, colon, share = text.rpartition(":")
    try:
        return (Path(path), float(share)) if colon else (Path(text), 1.0)
    except ValueError:
        return Path(text), 1.0


if __name__ == "__main__":
    sys.exit(main())
