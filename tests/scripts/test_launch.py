import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import launch
from scripts.bootstrap.console import ROOT, Stop
from scripts.bootstrap.environment import EVERYTHING, SERVING
from scripts.bootstrap.server import check_port


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "launch.py"), "--no-browser", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_contracts_options_are_understood(tmp_path):
    options = launch.parse(["--port", "9", "--data-dir", str(tmp_path), "--no-browser", "--engine", "torch"])
    assert (options.port, options.data_dir, options.no_browser, options.engine) == (9, tmp_path, True, "torch")


def test_without_options_it_serves_on_8000_from_the_projects_own_folder():
    options = launch.parse([])
    assert (options.port, options.data_dir, options.no_browser, options.engine) == (
        8000,
        ROOT / "instance",
        False,
        "auto",
    )


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", ""])
def test_a_port_that_cannot_be_is_refused(port, capsys):
    with pytest.raises(SystemExit):
        launch.parse([f"--port={port}"])
    assert "a port is a number from 1 to 65535" in capsys.readouterr().err


def test_a_taken_port_is_named(taken_port):
    with pytest.raises(Stop, match=f"Port {taken_port} is in use"):
        check_port(taken_port)


def test_a_taken_port_is_one_line_and_no_traceback(taken_port, tmp_path):
    answer = run("--port", str(taken_port), "--data-dir", str(tmp_path / "new"))
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert answer.stderr.startswith(f"Error: Port {taken_port} is in use")
    assert not (tmp_path / "new").exists()


def test_a_data_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    answer = run("--port", str(free_port()), "--data-dir", str(tmp_path / "file" / "data"))
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "cannot be written" in answer.stderr


@pytest.mark.parametrize("command", ["launch.py", "test.py"])
def test_a_python_that_is_too_old_is_one_line(command):
    path = str(ROOT / "scripts" / command)
    script = f"import runpy, sys; sys.version_info = (3, 9, 1); runpy.run_path({path!r}, run_name='__main__')"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("Error: Python 3.11, 3.12 or 3.13 is needed")
    assert answer.stderr.count("\n") == 1


def test_torch_is_installed_only_where_it_is_asked_for_or_a_gpu_is():
    assert launch.choose_packages("torch", has_gpu=lambda: False) is EVERYTHING
    assert launch.choose_packages("auto", has_gpu=lambda: True) is EVERYTHING
    assert launch.choose_packages("auto", has_gpu=lambda: False) is SERVING
    assert launch.choose_packages("openvino", has_gpu=lambda: True) is SERVING


def test_no_browser_opens_where_there_is_no_screen():
    assert not launch.has_screen({}, "linux")
    assert launch.has_screen({"DISPLAY": ":0"}, "linux")
    assert launch.has_screen({"WAYLAND_DISPLAY": "wayland-0"}, "linux")
    assert launch.has_screen({}, "darwin")


def test_every_command_of_the_house_can_be_run_from_anywhere(tmp_path):
    for command in ("launch.py", "make_secrets.py"):
        answer = subprocess.run(
            [sys.executable, str(ROOT / "scripts" / command), "--help"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        assert Path(command).stem in answer.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
