"""The memory of a process and its children, sampled while something happens."""

import threading
from contextlib import suppress
from pathlib import Path

_EVERY_S = 0.05
_KIB = 1024


class PeakMemory:
    """The largest memory of a process, and of its children together, during the context.

    process_bytes: resident set of the process alone. tree_bytes: proportional set of it and all that it started, which
    counts what they share once.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.process_bytes = self.tree_bytes = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="memory", daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self.process_bytes = max(self.process_bytes, resident_bytes(self._pid))
            self.tree_bytes = max(self.tree_bytes, sum(_proportional_bytes(pid) for pid in _tree(self._pid)))
            if self._is_over.wait(_EVERY_S):
                return


def _tree(pid: int) -> list[int]:
    found = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                found += _tree(int(child))
    return found


def descriptors(pid: int) -> int:
    """How many files and sockets a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def resident_bytes(pid: int) -> int:
    """The resident set of a process."""
    return _field(Path(f"/proc/{pid}/status"), "VmRSS:")


def _proportional_bytes(pid: int) -> int:
    return _field(Path(f"/proc/{pid}/smaps_rollup"), "Pss:")


def _field(path: Path, name: str) -> int:
    with suppress(OSError):
        for line in path.read_text(encoding="ascii").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * _KIB
    return 0
