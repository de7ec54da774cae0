"""`average` and `grow` as commands: a file, or one line and exit code 1."""

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("ultralytics")

from app.learning.networks.network import build_network, load_network, save_weights, size_of
from scripts import average, grow, join

pytestmark = pytest.mark.torch


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.pt"
    save_weights(build_network("n", ("elbow", "wrist")), path, 320, {})
    return path


def test_what_was_averaged_and_grown_loads(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mean, large = tmp_path / "mean.pt", tmp_path / "large.pt"
    assert average.main(["--weights", str(small), f"{small}:0.5", "--out", str(mean)]) == 0
    assert grow.main(["--weights", str(mean), "--size", "s", "--out", str(large)]) == 0
    assert size_of(load_network(large)) == "s"
    assert "differs by" in capsys.readouterr().out


def test_missing_weights_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing, out = tmp_path / "no.pt", tmp_path / "out.pt"
    for command, name in ((average.main, f"{missing}:2"), (grow.main, str(missing))):
        assert command(["--weights", name, "--out", str(out)]) == 1
        said = capsys.readouterr().err.strip()
        assert str(missing) in said
        assert "\n" not in said
    assert not out.exists()


def test_two_networks_are_joined_or_refused_in_one_line(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    joined = tmp_path / "joined.pt"
    assert join.main(["--weights", str(small), "--classes", str(small), "--out", str(joined)]) == 0
    assert size_of(load_network(joined)) == "s"
    assert join.main(["--weights", str(small), "--classes", str(joined), "--out", str(tmp_path / "no.pt")]) == 1
    assert "fit" in capsys.readouterr().err
