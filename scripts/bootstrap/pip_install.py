"""pip, with the packages counted while they come and one line for what went wrong."""

import contextlib
import os
import re
import shutil
import sys
from pathlib import Path

from scripts.bootstrap.console import Progress, Stop
from scripts.bootstrap.process import follow

# What pip says, and the line for the person who reads it.
_FAILURES = (
    (r"No space left on device|Errno 28", "No disk space is left on {venv}: free some, then start again."),
    (r"DO NOT MATCH THE HASHES", "A downloaded package is not the one in {lock}: nothing was installed."),
    (
        r"command '\S*(gcc|cc|clang|g\+\+|c\+\+)\S*' failed|unable to execute '\S*(gcc|cc|clang)|CMAKE_C(XX)?_COMPILER"
        r"|No such file or directory: '(gcc|cc|clang)'|Unknown compiler",
        "A package must be compiled on this machine and there is no C compiler: install one "
        "(Debian, Ubuntu: apt install build-essential python3-dev), then start again.",
    ),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|SSLError|Network is",
        "The Python packages cannot be downloaded: check the network (or the proxy settings), then start again.",
    ),
    (r"Permission denied|Errno 13", "{venv} cannot be written: check who owns it, then start again."),
)


def pip_install(venv: Path, lock: Path, title: str) -> None:
    """Install a lock file with hashes into the venv; all that pip said is kept in `pip.log` there.

    Raises:
        Stop: no space, no network, no compiler, or a package that is not the locked one.
    """
    downloads = venv / "tmp"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir()
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "--requirement", str(lock)]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--retries", "2"]
    count = PackageCount(locked_names(lock), Progress(f"Installing Python packages: {title}"))
    try:
        # pip unpacks in TMPDIR, which may be a small file system in memory; the venv's own disk was checked.
        status = follow(command, {**os.environ, "TMPDIR": str(downloads)}, count.read, count.show)
    finally:
        shutil.rmtree(downloads, ignore_errors=True)
    output = "\n".join(count.lines)
    with contextlib.suppress(OSError):
        (venv / "pip.log").write_text(output + "\n", encoding="utf-8")
    if status:
        raise Stop(explain_pip(output, lock, venv))
    count.finish()


def explain_pip(output: str, lock: Path, venv: Path) -> str:
    """One line for why pip failed, from what it printed."""
    for pattern, line in _FAILURES:
        if re.search(pattern, output):
            return line.format(venv=venv, lock=lock.name)
    errors = re.findall(r"^\s*ERROR: (.+)$", output, re.MULTILINE)
    return f"pip failed: {errors[-1] if errors else 'it gave no reason'} (all it said: {venv / 'pip.log'})"


def locked_names(lock: Path) -> frozenset[str]:
    """The names of the packages that a lock file asks for on this system."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==\S+ *(;.*)?", lock.read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(name for name, marker in pins if sys.platform == "linux" or "== 'linux'" not in marker)


class PackageCount:
    """Reads pip's lines and tells how many of the locked packages it has dealt with."""

    def __init__(self, names: frozenset[str], progress: Progress) -> None:
        self.lines: list[str] = []
        self._total = len(names)
        self._seen: set[str] = set()
        self._doing = ""
        self._progress = progress

    def read(self, line: str) -> None:
        """Take one line of pip's output."""
        self.lines.append(line)
        if named := re.match(r"(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)==", line):
            self._seen.add(named[1])
            self._doing = named[1]
        elif loading := re.match(r"\s*Downloading \S*?([^/\s]+)-\d\S* \((.+)\)", line):
            self._doing = f"{loading[1]} ({loading[2]})"
        elif line.startswith("Installing collected packages"):
            self._doing = "unpacking them"
        self.show()

    def show(self) -> None:
        """Show the count, and what pip is at."""
        self._progress.show(f"{len(self._seen)} of {self._total} packages, {self._doing or 'starting'}")

    def finish(self) -> None:
        """Show that all of them are there."""
        self._progress.finish(f"{len(self._seen)} packages are there")
