"""`python -m scripts.prepare_data` says what it did, and what was wrong in one line."""

from pathlib import Path

import pytest

from scripts.prepare_data import main
from tests.support.drawn_sets import BOX, kaggle


def test_the_command_reports_counts_and_what_was_set_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = kaggle(tmp_path / "k", [BOX, BOX])
    (folder / "train" / "images" / "image0.png").write_bytes(b"broken")
    assert main(["--kaggle", str(folder), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "train: 1 images, 1 with a fracture; boxes: wrist 1" in said
    assert "set aside: kaggle train image0.png" in said
    assert "near-duplicates:" in said


def test_a_missing_folder_ends_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kaggle", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.strip()
    assert "nowhere" in said
    assert "\n" not in said
    assert not (tmp_path / "out").exists()


def test_without_a_data_set_the_command_says_which_options_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path / "out")]) == 1
    assert "--kaggle DIR" in capsys.readouterr().err
