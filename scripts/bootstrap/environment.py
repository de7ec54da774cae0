"""The project's `.venv`: made once, filled from a lock file with hashes, and known again by a stamp."""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.bootstrap.console import ROOT, Stop, say
from scripts.bootstrap.pip_install import explain_pip, pip_install
from scripts.bootstrap.process import follow

SUPPORTED = ((3, 11), (3, 13))
_GIB = 1024**3
_PROBE = "import sys, pip; print('%d.%d' % sys.version_info[:2])"


@dataclass(frozen=True)
class PackageSet:
    """A set of packages: its lock file, and the disk space that a first install takes, downloads included."""

    title: str
    lock: Path
    disk_bytes: int


SERVING = PackageSet("what serves on a CPU", ROOT / "requirements-cpu.txt", 2 * _GIB)
EVERYTHING = PackageSet("everything, with torch", ROOT / "requirements.txt", 12 * _GIB)


def ensure_packages(wanted: PackageSet, venv: Path = ROOT / ".venv") -> Path:
    """Make the venv if it is not there, add the wanted packages if they are not, and return its Python.

    Raises:
        Stop: no venv module, no space, no network, no compiler, or a package that is not the locked one.
    """
    python = venv / "bin" / "python"
    with _only_one():
        usable = _is_usable(python)
        if usable and is_stamped(venv, wanted):
            return python
        _check_space(venv, wanted)
        if not usable:
            _make(venv)
        pip_install(venv, wanted.lock, wanted.title)
        stamp(venv, wanted)
    return python


def is_stamped(venv: Path, wanted: PackageSet) -> bool:
    """True when this very lock, or the lock of everything, was installed into this venv to its end."""
    stamps = _stamps(venv)
    return any(stamps.get(each.lock.name) == _fingerprint(each, venv) for each in (wanted, EVERYTHING))


def stamp(venv: Path, installed: PackageSet) -> None:
    """Note that this lock was installed to its end."""
    stamps = {**_stamps(venv), installed.lock.name: _fingerprint(installed, venv)}
    (venv / "installed.json").write_text(json.dumps(stamps, indent=1) + "\n", encoding="utf-8")


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Wait while another start of this project installs."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another start is installing; waiting for it …")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _is_usable(python: Path) -> bool:
    """True when the venv's Python runs, has pip and is a supported version."""
    if not python.exists():
        return False
    answer = subprocess.run([str(python), "-c", _PROBE], capture_output=True, text=True, check=False)
    version = answer.stdout.strip()
    return answer.returncode == 0 and SUPPORTED[0] <= tuple(map(int, version.split("."))) <= SUPPORTED[1]


def _make(venv: Path) -> None:
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise Stop(
                f"This Python lacks the module {module}: install it (Debian, Ubuntu: apt install python3-venv), "
                "then start again."
            )
    say(f"Making {venv} with Python {sys.version.split()[0]}")
    lines: list[str] = []
    if follow([sys.executable, "-m", "venv", "--clear", str(venv)], os.environ, lines.append):
        reason = explain_pip("\n".join(lines), EVERYTHING.lock, venv)
        raise Stop(reason if "pip failed" not in reason else f"{venv} cannot be made: {lines[-1] if lines else ''}")


def _check_space(venv: Path, wanted: PackageSet) -> None:
    needed = wanted.disk_bytes if not _stamps(venv) else _GIB
    free = shutil.disk_usage(venv.parent).free
    if free < needed:
        raise Stop(
            f"The packages need {needed / _GIB:.0f} GB of disk space and {venv} has {free / _GIB:.1f} GB: "
            "free some, then start again."
        )


def _fingerprint(packages: PackageSet, venv: Path) -> str:
    """Fingerprint of lock file and Python: both must be the same for a stamp to count."""
    try:
        python = (venv / "pyvenv.cfg").read_bytes()
    except FileNotFoundError:
        python = b""
    return hashlib.sha256(packages.lock.read_bytes() + python).hexdigest()


def _stamps(venv: Path) -> dict[str, str]:
    try:
        stamps = json.loads((venv / "installed.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}
