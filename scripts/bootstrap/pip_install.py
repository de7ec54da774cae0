"""pip, with the packages counted while they come and one line for what went wrong."""

import contextlib
import os
import re
import shutil
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

# One such line for each pin: found, at hand, in the venv already, or meant for another system.
_PIN = re.compile(
    r"(?:Collecting|Processing|Requirement already satisfied:|Ignoring) (?:\S*/)?([A-Za-z0-9._]+(?:-[A-Za-z]\w*)*)"
)
_DOWNLOAD = re.compile(r"\s*Downloading (?:\S*/)?([^/\s]+?)-\d\S* \((.+)\)")


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
    count = PackageCount(len(locked_names(lock)), Progress(f"Installing Python packages: {title}"))
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


def locked_names(lock: Path) -> tuple[str, ...]:
    """The name of each line that pins a package; one that differs between systems or Pythons has several."""
    return tuple(re.findall(r"^([A-Za-z0-9._-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE))


class PackageCount:
    """Reads pip's lines and tells how many of the pinned packages it has dealt with."""

    def __init__(self, pins: int, progress: Progress) -> None:
        self.lines: list[str] = []
        self._pins = pins
        self._done = 0
        self._doing = "starting"
        self._progress = progress

    def read(self, line: str) -> None:
        """Take one line of pip's output."""
        self.lines.append(line)
        if named := _PIN.match(line):
            self._done += 1
            self._doing = named[1]
        elif loading := _DOWNLOAD.match(line):
            self._doing = f"{loading[1]} ({loading[2]})"
        elif line.startswith("Installing collected packages"):
            self._doing = "unpacking them"
        self.show()

    def show(self) -> None:
        """Show the count, and what pip is at."""
        self._progress.show(f"{self._done} of {self._pins} packages, {self._doing}")

    def finish(self) -> None:
        """Show that all of them are there."""
        self._progress.finish("all packages are there")
