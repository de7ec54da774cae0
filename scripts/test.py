"""Install what the tests need and run them: `python3 scripts/test.py [pytest arguments]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(f"Error: Python 3.11, 3.12 or 3.13 is needed; this is {sys.version.split()[0]}.")

import os
from collections.abc import Sequence

from scripts.bootstrap.console import ROOT, Stop, say
from scripts.bootstrap.environment import EVERYTHING, ensure_packages
from scripts.bootstrap.process import Interrupted, stop_on_signals
from scripts.vendor import ensure_checks, ensure_vendor


def main(arguments: Sequence[str]) -> int:
    """Become pytest once everything is there, so that its exit status is this command's."""
    stop_on_signals()
    try:
        python = ensure_packages(EVERYTHING)
        ensure_vendor(python)
        ensure_checks(python)
    except (Stop, OSError) as reason:
        print(f"Error: {reason}", file=sys.stderr, flush=True)
        return 1
    except Interrupted:
        say("\nStopped.")
        return 130
    os.chdir(ROOT)
    os.execv(python, [str(python), "-m", "pytest", *arguments])  # noqa: S606 - its signals are pytest's


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
