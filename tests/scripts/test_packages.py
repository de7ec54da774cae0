import hashlib
import io
import json
import re

import pytest

from scripts.bootstrap.console import ROOT, Progress, Stop
from scripts.bootstrap.environment import EVERYTHING, SERVING, PackageSet, ensure_packages, is_stamped, stamp
from scripts.bootstrap.pip_install import PackageCount, explain_pip, locked_names


@pytest.fixture
def venv(tmp_path):
    (tmp_path / "pyvenv.cfg").write_text("version = 3.11.7\n")
    return tmp_path


@pytest.fixture
def wanted(tmp_path):
    lock = tmp_path / "requirements-some.txt"
    lock.write_text("flask==3.1.2 \\\n    --hash=sha256:00\n")
    return PackageSet("some", lock, 1)


def test_a_venv_without_a_stamp_is_not_known(venv, wanted):
    assert not is_stamped(venv, wanted)


def test_a_stamped_venv_is_known_again(venv, wanted):
    stamp(venv, wanted)
    assert is_stamped(venv, wanted)


def test_a_changed_lock_is_installed_again(venv, wanted):
    stamp(venv, wanted)
    wanted.lock.write_text("flask==3.1.3 \\\n    --hash=sha256:11\n")
    assert not is_stamped(venv, wanted)


def test_another_python_is_installed_into_again(venv, wanted):
    stamp(venv, wanted)
    (venv / "pyvenv.cfg").write_text("version = 3.12.1\n")
    assert not is_stamped(venv, wanted)


def test_a_damaged_stamp_counts_as_none(venv, wanted):
    for damaged in ("", "[]", "{", json.dumps({wanted.lock.name: hashlib.sha256(b"").hexdigest()})):
        (venv / "installed.json").write_text(damaged)
        assert not is_stamped(venv, wanted)


def test_too_little_disk_space_is_told_before_anything_is_made(tmp_path, wanted):
    greedy = PackageSet("too much", wanted.lock, 2**60)
    with pytest.raises(Stop, match="GB of disk space"):
        ensure_packages(greedy, tmp_path / ".venv")
    assert not (tmp_path / ".venv").exists()


def test_who_has_everything_has_what_serves(venv):
    stamp(venv, EVERYTHING)
    assert is_stamped(venv, SERVING)


def test_who_has_what_serves_lacks_everything(venv):
    stamp(venv, SERVING)
    assert not is_stamped(venv, EVERYTHING)


def test_everything_pins_what_serves_at_the_same_version():
    pins = {path: set(re.findall(r"^[\w.-]+==\S+", path.read_text(), re.M)) for path in (SERVING.lock, EVERYTHING.lock)}
    assert pins[SERVING.lock] <= pins[EVERYTHING.lock]


@pytest.mark.parametrize("package", ["torch", "torchvision", "ultralytics-opencv-headless", "nvidia-cublas", "triton"])
def test_what_serves_on_a_cpu_has_no_torch(package):
    assert package not in locked_names(SERVING.lock)
    assert package in locked_names(EVERYTHING.lock)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "No disk space"),
        ("connection broken by 'NewConnectionError('<x>: Failed to establish a new connection')", "network"),
        ("Failed to resolve 'pypi.org' ([Errno -3] NameResolutionError)", "network"),
        ("error: command 'gcc' failed: No such file or directory", "no C compiler"),
        ("error: command '/usr/bin/x86_64-linux-gnu-gcc' failed with exit code 1", "no C compiler"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "is not the one in"),
        ("ERROR: Could not open: [Errno 13] Permission denied: '/x/.venv/lib'", "who owns it"),
        ("ERROR: something new", "something new"),
        ("", "pip.log"),
    ],
)
def test_each_failure_of_pip_is_one_line_that_says_what_to_do(said, told, tmp_path):
    line = explain_pip(f"Collecting flask==3.1.2\n{said}\n", SERVING.lock, tmp_path)
    assert told in line
    assert "\n" not in line


def test_the_packages_are_counted_while_pip_works():
    out = io.StringIO()
    clock = iter(range(0, 1000, 11))
    count = PackageCount(4, Progress("Installing", out, lambda: float(next(clock))))
    count.read("Collecting flask==3.1.2 (from -r requirements-some.txt (line 1))")
    count.read("  Downloading flask-3.1.2-py3-none-any.whl (103 kB)")
    count.read("Requirement already satisfied: argon2-cffi==25.1.0 in ./lib (from -r x (line 3)) (25.1.0)")
    count.read("Processing /somewhere/argon2_cffi-25.1.0-py3-none-any.whl (from -r x (line 5))")
    count.read("Ignoring tzdata: markers 'sys_platform == \"win32\"' don't match your environment")
    count.finish()
    shown = out.getvalue()
    for line in (
        "1 of 4 packages, flask,",
        "flask (103 kB)",
        "2 of 4 packages, argon2-cffi,",
        "4 of 4 packages, tzdata,",
    ):
        assert line in shown
    assert "3 of 4 packages, argon2_cffi," in shown


def test_the_lock_files_hold_a_hash_for_every_package_and_name_no_other_index():
    for packages in (SERVING, EVERYTHING):
        text = packages.lock.read_text()
        for requirement in re.split(r"\n(?=[A-Za-z])", text.split("\n", 2)[2]):
            assert "--hash=sha256:" in requirement, requirement
        assert not re.search(r"^(-i|--index-url|--extra-index-url|--find-links|-f)\b", text, re.M)


def test_no_browser_library_comes_from_another_registry():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        if name:
            assert package.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/")
            assert package["integrity"].startswith("sha512-")
