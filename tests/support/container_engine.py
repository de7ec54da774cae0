"""buildah and podman with storage of their own, and stand-ins for the images of a registry.

The stand-ins are made by mmdebstrap from the machine's own Debian sources, so no registry is needed. pip, npm and their
certificates are configured in the build as on the machine, by mounts that no layer keeps.
"""

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = Path(__file__).with_name("files") / "container"
PROGRAMS = ("buildah", "podman", "runc", "mmdebstrap")
PYTHON = "docker.io/library/python:3.13-slim-trixie"
_PIP = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf")

# podman's own are higher than a machine may allow without the capability SYS_RESOURCE.
_ULIMITS = {"nofile": 1024, "nproc": 4096}
_PIP_SOURCES = {"index-url", "extra-index-url", "find-links", "trusted-host", "proxy", "cert"}


def require_engine() -> None:
    """Skip where a program is missing or the user is not root; fail in CI."""
    missing = [each for each in PROGRAMS if shutil.which(each) is None] + (["root"] if os.geteuid() else [])
    if missing:
        pytest.fail(f"missing: {missing}") if os.environ.get("CI") else pytest.skip(f"missing: {missing}")


class Engine:
    """A container engine whose images and containers are gone with its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._storage = ["--root", str(folder / "storage"), "--runroot", str(folder / "run")]
        self._containers: list[str] = []

    def buildah(self, *arguments: str | Path) -> str:
        return _run(["buildah", *self._storage, *map(str, arguments)])

    def podman(self, *arguments: str | Path, stdin: str = "") -> str:
        return _run([*self._podman(), *map(str, arguments)], stdin)

    def import_tar(self, tar: Path, name: str) -> None:
        """Make an image of one layer out of a root file system."""
        container = self.buildah("from", "scratch").strip()
        self.buildah("add", container, tar, "/")
        self.buildah("config", "--env", "PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin", container)
        self.buildah("commit", "--rm", "--format", "docker", container, name)

    def build(self, context: Path, name: str, *arguments: str) -> None:
        how = ("--isolation", "oci", "--runtime", "runc", "--network", "host", "--pull-never", "--format", "docker")
        self.buildah("bud", *how, *self._build_mounts(), *arguments, "--tag", name, context)

    def create(self, name: str, image: str, *arguments: str | Path, command: Sequence[str] = ()) -> None:
        """Create and start a container on a read-only root."""
        limits = [f"--ulimit={kind}={most}:{most}" for kind, most in _ULIMITS.items()]
        locked = ("--read-only", "--read-only-tmpfs=false", "--no-healthcheck")
        self._containers.append(name)
        self.podman("run", "--detach", "--name", name, *locked, *limits, *arguments, image, *command)

    def python(self, container: str, program: str, *arguments: str | Path) -> str:
        """Run a Python program inside; what it prints."""
        return self.podman("exec", "--interactive", container, "python", "-", *arguments, stdin=program)

    def wait_until(self, holds: Callable[[], object], within_s: float = 120) -> None:
        """Wait until a command succeeds inside a container."""
        until_s = time.monotonic() + within_s
        while True:
            try:
                holds()
                return
            except AssertionError:
                if time.monotonic() > until_s:
                    logs = "\n".join(f"{each}:\n{self._log(each)}" for each in self._containers)
                    raise AssertionError(f"not within {within_s} s\n{logs}") from None
                time.sleep(0.25)

    def stop(self, name: str, within_s: int) -> int:
        """Stop as the engine would; the exit status, 137 when it had to be killed."""
        self.podman("stop", "--time", str(within_s), name)
        return int(self.podman("inspect", name, "--format", "{{.State.ExitCode}}"))

    def remove(self, name: str) -> None:
        self.podman("rm", "--force", "--time", "5", name)
        self._containers.remove(name)

    def close(self) -> None:
        """Remove every container and image; the folder is left empty."""
        for name in reversed(self._containers.copy()):
            self.remove(name)
        self.podman("volume", "prune", "--force")
        self.buildah("rmi", "--all", "--force")

    def _log(self, name: str) -> str:
        command = [*self._podman(), "logs", "--tail", "5", name]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout

    def _podman(self) -> list[str]:
        return ["podman", *self._storage, "--runtime", "runc", "--cgroup-manager", "cgroupfs"]

    def _build_mounts(self) -> list[str]:
        """The machine's pip and npm configuration, local package folders and certificates, for the build alone."""
        pip, npm = self._folder / "pip.conf", self._folder / "npmrc"
        pip.write_text(_pip_configuration(), encoding="utf-8")
        npmrc = Path("~/.npmrc").expanduser()
        certificates = Path("/etc/ssl/certs/ca-certificates.crt")
        text = npmrc.read_text(encoding="utf-8") if npmrc.exists() else ""
        npm.write_text(f"{text}\ncafile={certificates}\n", encoding="utf-8")
        # A local index stands beside the files that its pages name.
        found = re.findall(r"file://(/[\w./-]+)/[\w-]+|\s(/[\w./-]+)", pip.read_text())
        folders = {path for pair in found for path in pair if path and Path(path).is_dir()}
        mounts = {"/etc/pip.conf": pip, "/root/.npmrc": npm, str(certificates): certificates}
        mounts |= {path: Path(path) for path in folders}
        return [f"--volume={source}:{target}:ro" for target, source in mounts.items()]


def _pip_configuration() -> str:
    """Where pip finds packages, from its files and variables, as one file."""
    files = (Path(each).expanduser() for each in _PIP)
    texts = [path.read_text(encoding="utf-8") for path in files if path.exists()]
    variables = {"PIP_INDEX_URL": "index-url", "PIP_EXTRA_INDEX_URL": "extra-index-url", "PIP_FIND_LINKS": "find-links"}
    named = [f"{option} = {os.environ[name]}" for name, option in variables.items() if name in os.environ]
    lines = (line.partition("=") for text in (*texts, "\n".join(named)) for line in text.splitlines())
    sources = {key.strip(): value.strip() for key, _, value in lines if key.strip() in _PIP_SOURCES}
    return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in sources.items())


def debian_base(folder: Path) -> Path:
    """A Debian with Python, as a root file system in a tar."""
    packages = "python3,python3-venv,python-is-python3,ca-certificates"
    slim = [f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in ("doc", "locale", "man", "info")]
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines() if "=" in line
    )
    sources = next(Path("/etc/apt/sources.list.d").glob("debian.sources"), Path("/etc/apt/sources.list"))
    tar = folder / "base.tar"
    options = ("--variant=minbase", f"--include={packages}", *slim)
    _run(["mmdebstrap", *options, release["VERSION_CODENAME"], str(tar), str(sources)])
    return tar


def _run(command: Sequence[str], stdin: str = "") -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@contextlib.contextmanager
def container_engine(folder: Path) -> Iterator[Engine]:
    """An engine for a while."""
    engine = Engine(folder)
    try:
        yield engine
    finally:
        engine.close()
