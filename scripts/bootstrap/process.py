"""Programs that are started, followed line by line, and never left behind."""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType

from scripts.bootstrap.console import ROOT

PATIENCE_S = 10.0
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class Interrupted(BaseException):
    """Ctrl-C or a polite signal: everything that was started is stopped on the way out."""


def stop_on_signals() -> None:
    """Turn SIGINT, SIGTERM and SIGHUP into `Interrupted` in the main thread; what `nohup` ignores stays ignored."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise Interrupted

    for number in _ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)


def follow(
    command: Sequence[str],
    env: Mapping[str, str],
    on_line: Callable[[str], None],
    on_tick: Callable[[], None] = lambda: None,
) -> int:
    """Run a command in the project's root, hand over each line of its output, and return its exit status.

    `on_tick` is called at least once a second. The command and its children end with this call, however it ends.
    """
    reader, writer = os.pipe()
    try:
        with group(command, env, writer) as process:
            os.close(writer)
            for line in _lines(reader, on_tick):
                on_line(line)
            return process.wait()
    finally:
        os.close(reader)


@contextlib.contextmanager
def group(command: Sequence[str], env: Mapping[str, str], output: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command as a process group of its own, and stop the whole group at the end.

    output: an open file descriptor for standard output and standard error together.
    """
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no thread runs here
    )
    try:
        yield process
    finally:
        _stop(process)


def _lines(descriptor: int, on_tick: Callable[[], None]) -> Iterator[str]:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        rest = b""
        while True:
            on_tick()
            if not selector.select(timeout=1.0):
                continue
            chunk = os.read(descriptor, 65536)
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.decode(errors="replace").rstrip() for line in lines)
            if not chunk:
                if rest:
                    yield rest.decode(errors="replace").rstrip()
                return


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the group to end, and end it when it does not."""
    with _deaf(), contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_S)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Ignore signals meanwhile, so that a second Ctrl-C leaves nothing behind."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_parent() -> None:
    """Ask Linux to end the child should this process be killed outright (prctl(2), PR_SET_PDEATHSIG)."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
