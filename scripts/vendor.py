"""Install the browser libraries by lock file, and bundle what a page loads into `static/vendor/`.

Run as `python3 scripts/vendor.py`; the launcher, the test command and the Dockerfile do so too.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.bootstrap import npm
from scripts.bootstrap.console import ROOT, Stop, say

VENDOR = ROOT / "static" / "vendor"
CHECKS = ROOT / "node_modules"
# Modules made by esbuild: name in the vendor folder → what it exports. Only what is exported is in the bundle.
MODULES = {
    "hpke/hpke.js": 'export { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from "@hpke/core";',
}
# Single files taken as they are: package → its file → its name in the vendor folder.
FILES = {
    "@hpke/core": {"LICENSE": "hpke/LICENSE"},
    "@hpke/common": {"LICENSE": "hpke/LICENSE.common"},
    "openseadragon": {
        "build/openseadragon/openseadragon.min.js": "openseadragon/openseadragon.min.js",
        "LICENSE.txt": "openseadragon/LICENSE",
    },
    # The report's font: accents, Greek and Cyrillic, which PDF's own fonts lack.
    "dejavu-fonts-ttf": {
        "ttf/DejaVuSans.ttf": "fonts/DejaVuSans.ttf",
        "ttf/DejaVuSans-Bold.ttf": "fonts/DejaVuSans-Bold.ttf",
        "LICENSE": "fonts/LICENSE",
    },
}
# Every browser that has private class fields, which the pages' own code uses too.
_ESBUILD = ("--bundle", "--format=esm", "--minify", "--target=es2022", "--log-level=error", "--legal-comments=none")


def ensure_vendor(python: Path, vendor: Path = VENDOR) -> None:
    """Fill the vendor folder unless this lock file and this program have already filled it.

    python: the venv's Python, whose packages may carry a node.

    Raises:
        Stop: there is no npm that works, or a package has changed its layout.
    """
    stamp = _fingerprint(Path(__file__))
    if _stamp(vendor) == stamp:
        return
    say("Installing browser libraries …")
    vendor.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="vendor-", dir=vendor.parent) as temporary:
        folder = Path(temporary)
        node, fresh = npm.npm_ci(python, folder), folder / "fresh"
        bundle_modules(node, folder, fresh)
        copy_files(folder / "node_modules", fresh)
        (fresh / "stamp").write_text(stamp + "\n", encoding="utf-8")
        if vendor.exists():
            vendor.rename(folder / "old")
        fresh.rename(vendor)


def ensure_checks(python: Path) -> None:
    """Install the packages that check the pages' JavaScript into `node_modules/`; nothing of them serves.

    Raises:
        Stop: there is no npm that works.
    """
    stamp = _fingerprint(ROOT / "package.json")
    if _stamp(CHECKS) == stamp:
        return
    say("Installing the JavaScript checks …")
    npm.npm_ci(python, ROOT, with_dev=True)
    CHECKS.mkdir(exist_ok=True)
    (CHECKS / "stamp").write_text(stamp + "\n", encoding="utf-8")


def bundle_modules(node: npm.Node, folder: Path, vendor: Path) -> None:
    """Make each of `MODULES` one file, from the packages in `folder/node_modules`.

    Raises:
        Stop: a package lacks what is exported, or esbuild cannot run.
    """
    esbuild = str(folder / "node_modules" / "esbuild" / "bin" / "esbuild")
    for target, source in MODULES.items():
        npm.run_script(node, [esbuild, *_ESBUILD, f"--outfile={vendor / target}"], folder, source)


def copy_files(node_modules: Path, vendor: Path) -> None:
    """Copy the files of `FILES`, unchanged.

    Raises:
        Stop: a package does not have its file any more.
    """
    for package, files in FILES.items():
        for source, target in files.items():
            try:
                content = (node_modules / package / source).read_bytes()
            except FileNotFoundError:
                raise Stop(f"The package {package} has no {source}: its layout has changed.") from None
            (vendor / target).parent.mkdir(parents=True, exist_ok=True)
            (vendor / target).write_bytes(content)


def _fingerprint(program: Path) -> str:
    """Digest of what decides the content of a folder: the lock file and one more file."""
    return hashlib.sha256((ROOT / "package-lock.json").read_bytes() + program.read_bytes()).hexdigest()


def _stamp(folder: Path) -> str:
    path = folder / "stamp"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


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
