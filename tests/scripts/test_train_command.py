"""`python -m scripts.train` says in one line what it cannot do."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from scripts.train import main
from tests.support.drawn_sets import BOX, kaggle

pytestmark = pytest.mark.torch


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 1
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    return said


def test_without_data_the_command_asks_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--data" in refused([], capsys)


def test_a_missing_data_set_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    said = refused(["--data", str(tmp_path / "data.yaml"), "--out", str(out), "--device", "cpu"], capsys)
    assert str(tmp_path / "data.yaml") in said
    assert not out.exists()


def test_a_wrong_size_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--image-size" in refused(["--data", "data.yaml", "--image-size", "huge"], capsys)
    assert "multiples of 32" in refused(["--data", "data.yaml", "--image-size", "500"], capsys)


def test_a_missing_recipe_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no.yaml" in refused(["--data", "data.yaml", "--recipe", str(tmp_path / "no.yaml")], capsys)


def test_a_missing_checkpoint_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = kaggle(tmp_path / "k", [BOX]) / "data.yaml"
    for option in ("--weights", "--grow-from"):
        arguments = ["--data", str(data), option, str(tmp_path / "no.pt"), "--out", str(tmp_path / "run")]
        assert "no.pt" in refused([*arguments, "--device", "cpu"], capsys)
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_not_there_cannot_be_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert str(tmp_path) in refused(["--resume", str(tmp_path)], capsys)


@pytest.mark.slow
def test_the_command_trains_shows_figures_and_resumes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = kaggle(tmp_path / "k", [BOX, BOX, ""], [BOX, ""]) / "data.yaml"
    size = ["--image-size", "0.5:64,0.5:96", "--batch", "2", "--epochs", "2"]
    start = ["--data", str(data), "--out", str(tmp_path / "run"), "--device", "cpu", *size]
    assert main(start) == 0
    said = capsys.readouterr()
    assert "epoch 2, " in said.out
    assert "all_map50" in said.out
    assert "left" in said.err
    assert main(["--resume", str(tmp_path / "run"), "--device", "cpu"]) == 0
    capsys.readouterr()
    assert "holds a run already" in refused(start, capsys)


def test_the_preview_writes_contact_sheets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = kaggle(tmp_path / "k", [BOX, BOX, ""]) / "data.yaml"
    out = tmp_path / "sheets"
    assert main(["--data", str(data), "--image-size", "96", "--preview", str(out)]) == 0
    assert str(out / "preview-1.png") in capsys.readouterr().out
