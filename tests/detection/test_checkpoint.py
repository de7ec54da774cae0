"""A checkpoint is read, or refused; what is hidden in it never runs."""

import io
import os
import pickle
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("ultralytics", reason="ultralytics is not installed")

from app.detection.engines.checkpoint import read_checkpoint
from app.detection.engines.engine_torch import TorchEngine
from app.detection.engines.ultralytics_import import import_torch
from app.detection.spec import WeightsFile
from app.errors import ModelError

pytestmark = pytest.mark.torch


class Trap:
    """Unpickled carelessly, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


def saved(content: object) -> bytes:
    file = io.BytesIO()
    import_torch().save(content, file)
    return file.getvalue()


@pytest.fixture(scope="module")
def small() -> bytes:
    import_torch()
    from ultralytics.nn.tasks import DetectionModel

    return saved({"model": DetectionModel("yolov8n.yaml", nc=2, verbose=False).half(), "ema": None})


def test_a_network_comes_back_in_float32(small: bytes) -> None:
    network = read_checkpoint(small, "small.pt")
    assert {parameter.dtype for parameter in network.parameters()} == {import_torch().float32}


@pytest.mark.parametrize("place", ["beside", "inside"])
def test_a_hidden_call_does_not_run(tmp_path: Path, small: bytes, place: str) -> None:
    trap = Trap(tmp_path / "sprung")
    network = read_checkpoint(small, "small.pt")
    if place == "inside":
        network.trap = trap  # type: ignore[assignment]
    raw = saved({"model": network, "note": trap if place == "beside" else ""})
    with pytest.raises(ModelError, match=r"small\.pt"):
        read_checkpoint(raw, "small.pt")
    assert not trap.folder.exists()


def test_tampered_weights_are_refused_before_they_are_unpickled(tmp_path: Path) -> None:
    trap = Trap(tmp_path / "sprung")
    path = tmp_path / "tampered.pt"
    path.write_bytes(pickle.dumps(trap))
    with pytest.raises(ModelError, match="altered"):
        TorchEngine(WeightsFile(path, "0" * 64), ("elbow", "wrist"), threads=0)
    assert not trap.folder.exists()


@pytest.mark.parametrize("cut", [0, 10, 5000, -5000])
def test_a_truncated_checkpoint_is_damaged(small: bytes, cut: int) -> None:
    with pytest.raises(ModelError, match=r"small\.pt is damaged"):
        read_checkpoint(small[:cut], "small.pt")


def test_another_yolo_is_refused() -> None:
    import_torch()
    from ultralytics.nn.tasks import DetectionModel

    with pytest.raises(ModelError, match="YOLOv8"):
        read_checkpoint(saved({"model": DetectionModel("yolo11n.yaml", nc=2, verbose=False)}), "eleven.pt")


@pytest.mark.parametrize("content", [{}, {"model": None}, {"model": {"a": 1}}, [1, 2], "text"])
def test_a_file_without_a_network_is_refused(content: object) -> None:
    with pytest.raises(ModelError, match="holds no YOLOv8"):
        read_checkpoint(saved(content), "empty.pt")


def test_importing_ultralytics_writes_nothing_prints_nothing_and_restores_the_environment(tmp_path: Path) -> None:
    import subprocess

    code = (
        "import os; a = dict(os.environ)\nfrom app.detection.engines.ultralytics_import import import_torch as f\nf()\n"
    )
    code += "assert all(os.environ.get(k) == a.get(k) for k in os.environ if k.startswith('YOLO'))"
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True, text=True)
    assert done.stdout == done.stderr == ""
    assert list(tmp_path.iterdir()) == []
