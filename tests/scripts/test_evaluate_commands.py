"""`evaluate`, `calibrate`, `batch_detect` as commands: one line and exit code 2 for what cannot be, files untouched."""

import json
import shutil

import numpy as np
import pytest

from app.config import MODELS_DIR
from app.detection import Calibration, ModelSpec, NmsRule
from app.errors import ModelError, Unavailable
from app.imaging import phantom, render_png
from app.records import Detection, ModelVersion
from scripts import batch_detect, calibrate, evaluate

REGIONS = ("elbow", "fingers", "forearm", "humerus", "shoulder", "wrist", "hip", "leg")
BOX = (20.0, 30.0, 60.0, 70.0)
LABEL = "0 0.4 0.5 0.4 0.4"


class FakeDetector:
    """Sees bright images as broken."""

    engine_name = "fake"

    def __init__(self, fails=False):
        calibration = Calibration("test", ((0.0, 0.0), (1.0, 1.0)), 0.3, 0.7)
        self.spec = ModelSpec("fake", "1", REGIONS, 128, 32, NmsRule(0.6, True, 50, 0.001), calibration)
        self.version = ModelVersion("fake", "1", "a" * 64)
        self._fails = fails

    def detect(self, model_input):
        if self._fails:
            raise Unavailable
        score = float(model_input.pixels[:, 40:80].mean()) / 255
        return (Detection("wrist", score, BOX),)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def opener(_options):
    return FakeDetector()


def never(_options):
    raise AssertionError("The detector was loaded before the data was checked.")


@pytest.fixture
def data_set(tmp_path):
    """Twelve broken and twelve normal images of 100 × 100, some of them hard."""
    folder = tmp_path / "set"
    for kind in ("images", "labels"):
        (folder / "valid" / kind).mkdir(parents=True)
    for n in range(24):
        ill = n % 2 == 0
        grey = np.full((100, 100), 90 + 5 * n if ill else 10 + 5 * n, np.uint8)
        (folder / "valid" / "images" / f"{n:02}.png").write_bytes(render_png(grey))
        (folder / "valid" / "labels" / f"{n:02}.txt").write_text(LABEL if ill else "")
    (folder / "data.yaml").write_text("val: valid/images\nnames: [wrist]\n")
    return folder


def run(data_set, out, *more, detector=opener):
    return evaluate.main(
        ["--data", str(data_set / "data.yaml"), "--report", str(out), "--resamples", "20", *more], detector
    )


def test_the_last_line_is_the_summary_and_the_report_repeats_byte_for_byte(data_set, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(data_set, out) == 0
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    report = json.loads((out / "report.json").read_text())
    assert line.pop("report") == str(out / "report.html")
    assert report["summary"] == line
    assert (line["images"], line["boxes"], line["split"], line["engine"]) == (24, 12, "val", "fake")
    assert line["regions"]["wrist"]["boxes"] == 12
    assert report["figures"]["map50"]["value"] == line["map50"]
    assert "a" * 64 in (out / "report.html").read_text()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert set(before) == {"report.json", "report.html"}
    assert run(data_set, out) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_limit_takes_images_evenly_spread(data_set, tmp_path, capsys):
    assert run(data_set, tmp_path / "out", "--limit", "5") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["images"] == 5


def without_folder(data_set):
    shutil.rmtree(data_set / "valid" / "images")


def label_without_image(data_set):
    (data_set / "valid" / "labels" / "stray.txt").write_text("")


def class_out_of_range(data_set):
    (data_set / "valid" / "labels" / "02.txt").write_text("7 0.5 0.5 0.1 0.1")


def no_yaml(data_set):
    (data_set / "data.yaml").unlink()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (without_folder, "images"),
        (label_without_image, "stray.txt"),
        (class_out_of_range, "02.txt"),
        (no_yaml, "data.yaml"),
    ],
)
def test_a_wrong_data_set_is_told_in_one_line_before_anything_is_loaded(data_set, tmp_path, capsys, spoil, says):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.json").write_text("old")
    spoil(data_set)
    assert run(data_set, out, detector=never) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.strip().splitlines()) == 1
    assert says in told.err
    assert [(path.name, path.read_text()) for path in out.iterdir()] == [("report.json", "old")]


def test_a_class_list_that_does_not_match_is_told_and_nothing_is_written(data_set, tmp_path, capsys):
    (data_set / "data.yaml").write_text("val: valid/images\nnames: [fractured]\n")
    assert run(data_set, tmp_path / "out") == 2
    assert "does not know fractured" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert run(data_set, tmp_path / "out", "--single-class") == 0


def test_missing_weights_and_a_failing_engine_are_told_in_one_line(data_set, tmp_path, capsys):
    assert run(data_set, tmp_path / "out", "--models-dir", str(tmp_path), detector=evaluate.open_detector) == 2
    assert "model.json cannot be read" in capsys.readouterr().err
    assert run(data_set, tmp_path / "out", detector=lambda _options: FakeDetector(fails=True)) == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.torch
def test_a_damaged_or_alien_checkpoint_is_told_in_one_line(data_set, tmp_path, capsys):
    torch = pytest.importorskip("torch")
    damaged, alien = tmp_path / "damaged.pt", tmp_path / "alien.pt"
    damaged.write_bytes(b"PK\x03\x04 not a checkpoint")
    torch.save({"model": torch.nn.Linear(2, 2).state_dict()}, alien)
    for weights in (damaged, alien, tmp_path / "missing.pt"):
        arguments = ("--weights", str(weights))
        assert run(data_set, tmp_path / "out", *arguments, detector=evaluate.open_detector) == 2
        told = capsys.readouterr().err.strip()
        assert weights.name in told
        assert len(told.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_report_folder_that_is_a_file_is_told_in_one_line(data_set, tmp_path, capsys):
    (tmp_path / "out").write_text("mine")
    assert run(data_set, tmp_path / "out") == 2
    assert "cannot be written" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "mine"


@pytest.fixture
def models_dir(tmp_path):
    """A copy of the committed model.json alone; the weights are the fake's."""
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copy(MODELS_DIR / "model.json", folder)
    return folder


def fit(data_set, models_dir, *more, detector=opener):
    arguments = ["--data", str(data_set / "data.yaml"), "--models-dir", str(models_dir), *more]
    return calibrate.main(arguments, detector)


def test_calibrate_writes_the_verdict_and_where_it_comes_from(data_set, models_dir, capsys):
    assert fit(data_set, models_dir) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    content = json.loads((models_dir / "model.json").read_text())
    assert content["thresholds"] == {"possible": told["possible"], "definite": told["definite"]}
    assert content["provenance"]["verdict"]["data"] == [
        {"name": "set", "split": "val", "images": 24, "with_fracture": 12}
    ]


def test_a_dry_run_and_a_failure_leave_model_json_as_it_was(data_set, models_dir, tmp_path, capsys):
    before = (models_dir / "model.json").read_bytes()
    assert fit(data_set, models_dir, "--dry-run") == 0
    assert fit(tmp_path, models_dir) == 2
    assert (models_dir / "model.json").read_bytes() == before
    capsys.readouterr()


def test_calibrate_takes_no_test_part(data_set, models_dir, capsys):
    with pytest.raises(SystemExit) as stop:
        fit(data_set, models_dir, "--split", "test")
    assert stop.value.code == 2
    capsys.readouterr()


def detect(images, out, *more, detector=opener):
    return batch_detect.main([str(images), str(out), *more], detector)


def test_batch_detect_names_the_bad_file_and_reads_the_others(tmp_path, capsys):
    images = tmp_path / "in"
    images.mkdir()
    (images / "good.png").write_bytes(render_png(phantom(1, (180, 120)).grey))
    (images / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert detect(images, tmp_path / "out", "--annotated") == 1
    told = capsys.readouterr()
    assert "bad.png: " in told.err
    assert "1 inferred (0 of them earlier), 1 failed" in told.out
    assert "does not diagnose" in told.out
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "good.png.json",
        "good.png.png",
        "results.csv",
        "results.jsonl",
    }
    (images / "bad.png").unlink()
    assert detect(images, tmp_path / "out", "--annotated") == 0
    assert "1 inferred (1 of them earlier)" in capsys.readouterr().out


def test_batch_detect_without_a_folder_weights_or_images_says_so_in_one_line(tmp_path, capsys):
    assert detect(tmp_path / "none", tmp_path / "out", detector=never) == 2
    assert "neither a folder nor a ZIP archive" in capsys.readouterr().err
    (tmp_path / "in").mkdir()
    assert detect(tmp_path / "in", tmp_path / "out") == 2
    assert "no file in the source" in capsys.readouterr().err

    def broken(_options):
        raise ModelError

    assert detect(tmp_path / "in", tmp_path / "out", detector=broken) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
