"""The benchmark times every step, says what it could not measure, and sums up honestly."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.detection import Detector
from app.detection.spec import parse_model_spec
from app.errors import DatasetError
from app.imaging import render_png
from app.learning.benchmark.samples import read_samples
from app.learning.benchmark.steps import STEPS, Times, markdown, measure, summary
from scripts import benchmark
from tests.support.fake_engine import FakeEngine, model_json


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for number, width in enumerate((48, 64, 64)):
        (folder / f"{number}.png").write_bytes(render_png(np.full((64, width), 90, np.uint8)))
    (folder / "notes.txt").write_text("no image")
    return folder


def test_usable_images_are_read_and_others_counted(images: Path) -> None:
    samples, unusable = read_samples(images, limit=9)
    assert [sample.shape_hw for sample in samples] == [(64, 48), (64, 64), (64, 64)]
    assert unusable == 1


def test_a_limit_and_a_size_choose(images: Path) -> None:
    assert len(read_samples(images, limit=2)[0]) == 2
    assert len(read_samples(images, limit=9, size_hw=(64, 64))[0]) == 2


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_a_folder_without_images_is_named(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=folder):
        read_samples(tmp_path / folder, limit=9)


def test_every_step_of_every_image_is_timed_and_what_is_missing_is_named(tmp_path: Path, images: Path) -> None:
    content = model_json()
    del content["files"]["torch"]
    samples, _ = read_samples(images, limit=9)
    pytest.importorskip("torch", reason="torch is not installed")
    with Detector(parse_model_spec(content, tmp_path), FakeEngine(), queue=1) as detector:
        times = measure(detector, samples, repeats=2, threads=1, say=lambda _: None)
    assert set(times.steps) == set(STEPS)
    assert {len(row) for row in times.steps.values()} == {6}
    assert times.peer_missing == "ultralytics was not measured: model.json names no torch weights."
    assert times.peer_missing in markdown(summary(times, {}))


def test_medians_and_the_ratio_by_hand() -> None:
    steps = {step: [1.0, 2.0, 9.0] for step in STEPS} | {"detect": [10.0, 20.0, 30.0]}
    result = summary(Times(steps, others=[5.0, 10.0, 45.0], peer=[80.0, 60.0]), {"engine": "fake"})
    assert result["steps_ms"]["open"] == {"median": 2.0, "p95": 8.3}
    assert result["steps_ms"]["everything but detect"]["median"] == 10.0
    assert result["ultralytics_ms"]["median"] == 70.0
    assert result["times_faster"] == 3.5
    assert "1/3.5" in markdown(result)
    assert json.loads(json.dumps(result))["engine"] == "fake"


def test_the_command_says_in_one_line_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(["--images", str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
