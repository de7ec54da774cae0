"""`batch_detect --ray`: the results of a single process, also when a worker is killed, and nothing left behind."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.errors import ConfigError
from app.imaging import phantom, render_png
from app.usecases.batch.distributed import Work, infer_distributed
from app.usecases.batch.infer_files import TABLE, Extras
from app.usecases.batch.sources import open_source
from scripts import batch_detect
from scripts.bootstrap.console import ROOT
from scripts.bootstrap.process import group

pytestmark = pytest.mark.slow

FILES = 40
WITHIN_S = 300.0


@pytest.fixture(scope="module", autouse=True)
def _ray() -> None:
    if os.environ.get("CI"):
        import ray  # noqa: F401
    elif subprocess.run([sys.executable, "-c", "import ray"], capture_output=True, check=False).returncode:
        pytest.skip("Ray (extra ray) is not installed")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    for number in range(FILES):
        (folder / f"{number:03}.png").write_bytes(render_png(phantom(number, (256, 192)).grey))
    (folder / "broken.png").write_bytes(render_png(phantom(1).grey)[:200])
    return folder


@pytest.fixture(scope="module")
def alone(images: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The table of a single process."""
    out = tmp_path_factory.mktemp("alone")
    assert batch_detect.main([str(images), str(out), "--engine", "openvino", "--threads", "1"]) == 1
    return (out / TABLE).read_text()


def children_of(parent: int) -> dict[int, str]:
    """The running processes below one, with their command lines; Linux only."""
    parents, titles = {}, {}
    for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):
        try:
            parents[pid] = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
            titles[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue

    def is_below(pid: int) -> bool:
        return pid in parents and (parents[pid] == parent or is_below(parents[pid]))

    return {pid: titles[pid] for pid in titles if is_below(pid)}


def test_a_worker_that_is_killed_is_replaced_and_the_results_are_those_of_one_process(
    images: Path, alone: str, tmp_path: Path
) -> None:
    out, log = tmp_path / "out", tmp_path / "log"
    command = [sys.executable, "-m", "scripts.batch_detect", str(images), str(out), "--engine", "openvino"]
    with log.open("wb") as output, group([*command, "--ray", "--workers", "2"], os.environ, output.fileno()) as process:
        until_s = time.monotonic() + WITHIN_S
        while len(list(out.glob("*.json"))) < 3:
            assert process.poll() is None and time.monotonic() < until_s, log.read_text()
            time.sleep(0.02)
        below = children_of(process.pid)
        workers = [pid for pid, title in below.items() if title.startswith("ray::") and "MapWorker" in title]
        assert workers, below

        os.kill(workers[0], signal.SIGKILL)

        assert process.wait(WITHIN_S) == 1, log.read_text()
        assert not children_of(process.pid)
    assert (out / TABLE).read_text() == alone
    assert len(list(csv.DictReader(alone.splitlines()))) == FILES + 1


def test_a_cluster_that_does_not_answer_is_told(images: Path, tmp_path: Path) -> None:
    work = Work(images, tmp_path, ROOT / "models", "openvino", 1, Extras())
    with open_source(images, tmp_path) as source, pytest.raises(ConfigError, match=r"127\.0\.0\.1:9"):
        list(infer_distributed(work, source, "127.0.0.1:9"))
