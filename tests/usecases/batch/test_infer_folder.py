"""A folder is read whole: bad files are named, good ones kept, and a second run does no work twice."""

import csv
import json

import numpy as np
import pytest

from app.config import Limits
from app.detection import Calibration, ModelSpec, NmsRule
from app.errors import ConfigError, Unavailable
from app.imaging import decode, phantom, render_png
from app.records import Detection, ModelVersion
from app.usecases.batch.infer_folder import infer_folder, write_summary

CALIBRATION = Calibration("test", ((0.0, 0.0), (1.0, 1.0)), 0.3, 0.7)


class FakeDetector:
    """Finds one fracture in every image, or fails."""

    def __init__(self, sha256="a" * 64, fails=False):
        self.spec = ModelSpec("fake", "1", ("wrist",), 256, 32, NmsRule(0.6, True, 50, 0.001), CALIBRATION)
        self.version = ModelVersion("fake", "1", sha256)
        self.calls = 0
        self._fails = fails

    def detect(self, model_input):
        self.calls += 1
        if self._fails:
            raise Unavailable
        return (Detection("wrist", 0.9, (10.0, 20.0, 40.0, 60.0)), Detection("wrist", 0.1, (0.0, 0.0, 5.0, 5.0)))


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "in"
    (folder / "ward 3").mkdir(parents=True)
    (folder / "a.png").write_bytes(render_png(phantom(1, (120, 80)).grey))
    (folder / "ward 3" / "a.png").write_bytes(render_png(phantom(2, (90, 100)).grey))
    (folder / "broken.png").write_bytes(render_png(np.zeros((64, 64), np.uint8))[:40])
    (folder / "=note.txt").write_text("not a image")
    (folder / ".hidden").write_text("")
    return folder


def read(detector, images, out, **options):
    return list(infer_folder(detector, images, out, Limits(), **options))


def test_bad_files_are_named_and_good_ones_kept(images, tmp_path):
    outcomes = read(FakeDetector(), images, tmp_path / "out")
    assert {o.name: o.error.code if o.error else None for o in outcomes} == {
        "=note.txt": "unsupported-image",
        "a.png": None,
        "broken.png": "damaged-image",
        "ward 3/a.png": None,
    }
    assessment = json.loads((tmp_path / "out" / "ward 3" / "a.png.json").read_text())
    assert (assessment["width"], assessment["height"], assessment["verdict"], assessment["score"]) == (
        100,
        90,
        "fracture",
        0.9,
    )
    assert [(f["region"], f["tier"], f["box_px"]) for f in assessment["findings"]] == [
        ("wrist", "definite", [10.0, 20.0, 40.0, 60.0])
    ]
    assert "does not diagnose" in assessment["disclaimer"]
    assert assessment["model"]["sha256"] == "a" * 64
    assert not (tmp_path / "out" / "broken.png.json").exists()


def test_the_summary_has_a_row_for_every_file_and_no_formula(images, tmp_path):
    outcomes = read(FakeDetector(), images, tmp_path / "out")
    write_summary(outcomes, tmp_path / "out")
    with (tmp_path / "out" / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["'=note.txt", "a.png", "broken.png", "ward 3/a.png"]
    assert [row["error"] for row in rows] == ["unsupported-image", "", "damaged-image", ""]
    assert (rows[1]["verdict"], rows[1]["findings"], rows[1]["regions"]) == ("fracture", "1", "wrist")
    assert all("does not diagnose" in row["disclaimer"] for row in rows)


def test_a_second_run_goes_on_where_the_first_stopped(images, tmp_path):
    first = FakeDetector()
    assessment = infer_folder(first, images, tmp_path / "out", Limits())
    assert [next(assessment).name, next(assessment).name] == ["=note.txt", "a.png"]
    assessment.close()
    second = FakeDetector()
    outcomes = read(second, images, tmp_path / "out")
    assert (first.calls, second.calls) == (1, 1)
    assert [o.kept for o in outcomes] == [False, True, False, False]


def test_other_weights_other_bytes_or_a_missing_image_are_read_again(images, tmp_path):
    out = tmp_path / "out"
    read(FakeDetector(), images, out)
    other = FakeDetector(sha256="b" * 64)
    read(other, images, out)
    assert other.calls == 2
    (images / "a.png").write_bytes(render_png(phantom(5, (120, 80)).grey))
    third = FakeDetector(sha256="b" * 64)
    read(third, images, out)
    assert third.calls == 1
    (out / "a.png.json").write_text("{half")
    fourth = FakeDetector(sha256="b" * 64)
    read(fourth, images, out, draw=True)
    assert fourth.calls == 2


def test_a_file_that_has_gone_bad_loses_its_old_reading(images, tmp_path):
    read(FakeDetector(), images, tmp_path / "out")
    (images / "a.png").write_bytes(b"")
    outcomes = read(FakeDetector(), images, tmp_path / "out")
    assert outcomes[1].error.code == "empty-file"
    assert not (tmp_path / "out" / "a.png.json").exists()


def test_images_show_the_findings_at_the_size_of_the_original(images, tmp_path):
    read(FakeDetector(), images, tmp_path / "out", draw=True)
    drawn = (tmp_path / "out" / "a.png.png").read_bytes()
    plain = render_png(phantom(1, (120, 80)).grey)
    assert decode(drawn, Limits()).grey.shape == (120, 80)
    assert (decode(drawn, Limits()).grey != decode(plain, Limits()).grey).any()


def test_results_inside_the_folder_are_not_read_again(images):
    out = images / "results"
    assert len(read(FakeDetector(), images, out)) == 4
    assert len(read(FakeDetector(), images, out)) == 4


def test_a_file_that_is_too_large_is_named_without_being_read(images, tmp_path):
    outcomes = list(infer_folder(FakeDetector(), images, tmp_path / "out", Limits(upload_bytes=10)))
    assert {o.error.code for o in outcomes} == {"upload-too-large"}


def test_a_failing_engine_stops_the_run_instead_of_blaming_the_images(images, tmp_path):
    with pytest.raises(Unavailable):
        read(FakeDetector(fails=True), images, tmp_path / "out")


def test_a_missing_folder_or_results_among_the_images_are_refused(images, tmp_path):
    with pytest.raises(ConfigError, match="no folder"):
        read(FakeDetector(), tmp_path / "none", tmp_path / "out")
    with pytest.raises(ConfigError, match="folder of their own"):
        read(FakeDetector(), images, images)
