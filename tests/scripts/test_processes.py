import os
import signal
import subprocess
import sys
import time

import pytest

from scripts.bootstrap.log import last_error
from scripts.bootstrap.process import follow, group

SLEEPER = (
    "import subprocess, sys, time; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); time.sleep(60)"
)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends(pid, within_s=10.0):
    until_s = time.monotonic() + within_s
    while is_alive(pid) and time.monotonic() < until_s:
        time.sleep(0.05)
    return not is_alive(pid)


def test_each_line_is_handed_over_and_the_status_returned():
    lines = []
    script = (
        "import sys; print('one'); print('two', file=sys.stderr, flush=True); sys.stdout.write('three'); sys.exit(7)"
    )
    assert follow([sys.executable, "-u", "-c", script], os.environ, lines.append) == 7
    assert lines == ["one", "two", "three"]


def test_a_failure_while_reading_leaves_no_child_behind():
    pids = []

    def fail(line):
        pids.append(int(line))
        raise ValueError

    with pytest.raises(ValueError):
        follow([sys.executable, "-c", SLEEPER], os.environ, fail)
    assert ends(pids[0])


def test_a_group_is_ended_with_its_children(tmp_path):
    with open(tmp_path / "out", "w+b") as out:
        with group([sys.executable, "-c", SLEEPER], os.environ, out.fileno()) as process:
            while not (pid := (tmp_path / "out").read_text().strip()):
                time.sleep(0.05)
        assert process.returncode == -signal.SIGTERM
        assert ends(int(pid))


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_what_was_started_ends_with_a_launcher_that_was_killed(tmp_path):
    script = (
        "import os; from scripts.bootstrap.process import group\n"
        "with group(['sleep', '60'], os.environ, 1) as p: print(p.pid, flush=True); p.wait()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as launcher:
        pid = int(launcher.stdout.readline())
        launcher.send_signal(signal.SIGKILL)
    assert ends(pid)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "INFO x\nCannot start: The weights do not match.\n2026-11-23 04:55:49,199 ERROR gunicorn.error Bye.",
            "The weights",
        ),
        ("Traceback (most recent call last):\n  File x\napp.errors.ModelError: No weights.\n", "No weights."),
        ("2026-11-23 04:55:49,199 ERROR gunicorn.error Reason: App failed to load.\n", "Reason: App failed to load."),
        ("Error: There is no person named x.", "There is no person named x."),
        ("", "it gave no reason"),
    ],
)
def test_the_reason_is_found_in_what_a_program_said(said, told):
    assert last_error(said).startswith(told)
    assert "\n" not in last_error(said)
