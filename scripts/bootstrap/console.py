"""Output on the terminal."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parents[2]
QUIET_INTERVAL_S = 10.0


class Stop(Exception):
    """It cannot go on; its text is the one line that says why, and what to do about it."""


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    print(text, flush=True)


class Progress:
    """A step that takes long: one line that is written over on a terminal, a line now and then in a pipe."""

    def __init__(self, title: str, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._title = title
        self._out = sys.stdout if out is None else out
        self._clock = clock
        self._started_s = self._shown_s = clock()
        self._out.write(f"{title} …\n")
        self._out.flush()

    def show(self, detail: str) -> None:
        """Show how far it is."""
        now_s = self._clock()
        if self._out.isatty():
            self._out.write(f"\r\x1b[K  {detail}, {now_s - self._started_s:.0f} s"[:118])
        elif now_s - self._shown_s >= QUIET_INTERVAL_S:
            self._shown_s = now_s
            self._out.write(f"  {detail}, {now_s - self._started_s:.0f} s\n")
        self._out.flush()

    def finish(self, detail: str) -> None:
        """Show how it ended."""
        start = "\r\x1b[K" if self._out.isatty() else ""
        self._out.write(f"{start}  {detail}, {self._clock() - self._started_s:.0f} s\n")
        self._out.flush()
