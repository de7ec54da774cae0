import re
import sys
from pathlib import Path

import pytest

from scripts import vendor
from scripts.bootstrap.console import Stop


@pytest.fixture
def node_modules(tmp_path):
    """Two packages, laid out as npm lays out the real ones."""
    core, common = (tmp_path / "node_modules" / "@hpke" / name for name in ("core", "common"))
    files = {
        core / "esm/mod.js": 'export { A, } from "@hpke/common";\nexport { B } from "./src/deep/b.js";\n',
        core / "esm/src/deep/b.js": (
            '/*\n * import { Never } from "@hpke/other";\n */\nimport { A } from "@hpke/common";\nexport const B = A;\n'
        ),
        core / "esm/src/unused.js": "export const C = 1;\n",
        core / "LICENSE": "MIT core\n",
        common / "esm/mod.js": "export { A } from './src/a.js';\n",
        common / "esm/src/a.js": "export const A = 1;\n",
        common / "LICENSE": "MIT common\n",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "node_modules"


def test_bare_names_become_paths_that_a_browser_finds(node_modules, tmp_path):
    vendor.copy_modules(node_modules, tmp_path / "out")
    assert 'from "../common/mod.js"' in (tmp_path / "out/hpke/core/mod.js").read_text()
    assert 'from "../../../common/mod.js"' in (tmp_path / "out/hpke/core/src/deep/b.js").read_text()


def test_only_what_a_page_loads_is_copied_and_the_licences_go_along(node_modules, tmp_path):
    vendor.copy_modules(node_modules, tmp_path / "out")
    copied = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert copied == {
        "hpke/core/mod.js",
        "hpke/core/src/deep/b.js",
        "hpke/core/LICENSE",
        "hpke/common/mod.js",
        "hpke/common/src/a.js",
        "hpke/common/LICENSE",
    }


def test_a_library_that_nobody_named_is_refused(node_modules, tmp_path):
    (node_modules / "@hpke/common/esm/src/a.js").write_text('import x from "left-pad";\n')
    with pytest.raises(Stop, match="needs left-pad"):
        vendor.copy_modules(node_modules, tmp_path / "out")


def test_a_changed_layout_is_named(node_modules, tmp_path):
    (node_modules / "@hpke/common/esm/src/a.js").unlink()
    with pytest.raises(Stop, match="its layout has changed"):
        vendor.copy_modules(node_modules, tmp_path / "out")


def test_single_files_are_copied_unchanged_with_their_licences(tmp_path):
    for package, files in vendor.FILES.items():
        assert any(target.endswith("LICENSE") for target in files.values()), package
        for source in files:
            path = tmp_path / "node_modules" / package / source
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{package} {source} \xff".encode("latin-1"))
    vendor.copy_files(tmp_path / "node_modules", tmp_path / "out")
    assert (tmp_path / "out/fonts/LICENSE").read_bytes() == b"dejavu-fonts-ttf LICENSE \xff"


def test_a_file_that_a_package_lost_is_named(tmp_path):
    with pytest.raises(Stop, match=r"has no .*: its layout has changed"):
        vendor.copy_files(tmp_path, tmp_path / "out")


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
    assert told in vendor.explain_npm(said)
    assert "\n" not in vendor.explain_npm(said)


def test_the_installed_libraries_import_only_files_that_are_there(tmp_path):
    folder = tmp_path / "static" / "vendor"
    vendor.ensure_vendor(Path(sys.executable), folder)
    modules = list(folder.rglob("*.js"))
    assert folder / "hpke/core/mod.js" in modules
    for module in modules:
        for name in re.findall(r"""^(?:import|export)[^;]*?from\s+["']([^"']+)""", module.read_text(), re.M):
            assert name.startswith("."), f"{module}: {name}"
            assert (module.parent / name).is_file(), f"{module}: {name}"


def test_a_second_start_leaves_the_libraries_alone(tmp_path):
    folder = tmp_path / "vendor"
    vendor.ensure_vendor(Path(sys.executable), folder)
    before = (folder / "hpke/core/mod.js").stat().st_ino
    vendor.ensure_vendor(Path(sys.executable), folder)
    assert (folder / "hpke/core/mod.js").stat().st_ino == before


def test_a_changed_lock_replaces_the_whole_folder(tmp_path):
    folder = tmp_path / "vendor"
    vendor.ensure_vendor(Path(sys.executable), folder)
    (folder / "stamp").write_text("of an older lock\n")
    (folder / "left-over.js").touch()
    vendor.ensure_vendor(Path(sys.executable), folder)
    assert not (folder / "left-over.js").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["vendor"]
