"""The components that the lock files and `models/model.json` pin: names, versions, licences, digests."""

import importlib.metadata
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[1]
CPU_LOCK = ROOT / "requirements-cpu.txt"
UNKNOWN = "unknown"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# A licence is at most so long; some packages put the whole text there.
_LONGEST_NAME = 80
_NO_NAMES = frozenset({"UNKNOWN", "LICENSE"})
_NO_LICENCE = "License :: OSI Approved"


@dataclass(frozen=True)
class Component:
    """One component. licence: an SPDX expression if `is_spdx`, else words. sha256: of each of its files."""

    kind: Literal["library", "machine-learning-model"]
    name: str
    version: str
    purl: str
    licence: str
    is_spdx: bool
    sha256: tuple[str, ...] = ()


def python_components(lock: Path) -> Iterator[Component]:
    """Packages of a lock file in the order of the file; licences as the installed packages tell them."""
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8")):
        if found := _PIN.match(block):
            name, version = found[1], found[2]
            licence, is_spdx = _licence_of(name, version)
            purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"
            yield Component("library", name, version, purl, licence, is_spdx, tuple(_HASH.findall(block)))


def browser_components(lock: Path) -> Iterator[Component]:
    """Packages of npm that are served or bundle what is served, by npm's lock file."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    for path, about in packages.items():
        name = path.rpartition("node_modules/")[2]
        if name and not about.get("dev"):
            purl = f"pkg:npm/{name.replace('@', '%40')}@{about['version']}"
            licence = about.get("license", UNKNOWN)
            # npm lets a package refer to a file of its own instead.
            is_spdx = licence != UNKNOWN and not licence.startswith("SEE ")
            yield Component("library", name, about["version"], purl, licence, is_spdx)


def model_component(model_file: Path) -> Component:
    """The weights."""
    model = json.loads(model_file.read_text(encoding="utf-8"))
    digests = tuple(re.findall(r"\b[0-9a-f]{64}\b", json.dumps(model["files"])))
    name, version = model["name"], model["version"]
    purl = f"pkg:generic/{name}@{version}"
    return Component("machine-learning-model", name, version, purl, "AGPL-3.0-only", True, digests)


def all_components(lock: Path) -> tuple[Component, ...]:
    """Everything that an installation by this lock file of Python serves with."""
    browser = browser_components(ROOT / "package-lock.json")
    return (*python_components(lock), *browser, model_component(ROOT / "models" / "model.json"))


def _licence_of(name: str, version: str) -> tuple[str, bool]:
    """The licence of an installed package, and whether it is an SPDX expression; of another version it is unknown."""
    try:
        about = importlib.metadata.metadata(name).json
    except importlib.metadata.PackageNotFoundError:
        return UNKNOWN, False
    if about["version"] != version:
        return UNKNOWN, False
    if expression := about.get("license_expression"):
        return str(expression), True
    lines = str(about.get("license") or "").strip().splitlines()
    if len(lines) == 1 and len(lines[0]) <= _LONGEST_NAME and lines[0] not in _NO_NAMES:
        return lines[0], False
    classifiers = (one for one in about.get("classifier") or () if one.startswith("License ::") and one != _NO_LICENCE)
    classified = [one.rpartition(" :: ")[2] for one in classifiers]
    return (" or ".join(classified), False) if classified else (UNKNOWN, False)
