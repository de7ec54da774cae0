"""A folder is read whole: bad files are named, good ones kept, and a second run does no work twice."""

import csv
import json
import zipfile

import numpy as np
import pytest
from pydicom import dcmread

from app.config import Limits
from app.detection import Calibration, ModelSpec, NmsRule
from app.errors import ConfigError, Unavailable
from app.imaging import decode, phantom, render_png
from app.records import Detection, ModelVersion
from app.usecases.batch.infer_files import Extras, infer_source, write_results
from app.usecases.batch.sources import open_source

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
    (folder / "a.png").write_bytes(render_png(phantom(1, (180, 120)).grey))
    (folder / "ward 3" / "a.png").write_bytes(render_png(phantom(2, (120, 130)).grey))
    (folder / "broken.png").write_bytes(render_png(np.zeros((64, 64), np.uint8))[:40])
    (folder / "=note.txt").write_text("not a image")
    (folder / ".hidden").write_text("")
    return folder


def read(detector, images, out, **options):
    with open_source(images, out) as source:
        return list(infer_source(detector, source, out, Limits(), Extras(**options)))


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
        130,
        120,
        "fracture",
        0.9,
    )
    assert [(f["region"], f["tier"], f["box_px"]) for f in assessment["findings"]] == [
        ("wrist", "definite", [10.0, 20.0, 40.0, 60.0])
    ]
    assert "does not diagnose" in assessment["disclaimer"]
    assert assessment["model"]["sha256"] == "a" * 64
    assert not (tmp_path / "out" / "broken.png.json").exists()


def test_the_table_has_a_row_for_every_file_and_no_formula(images, tmp_path):
    outcomes = read(FakeDetector(), images, tmp_path / "out")
    write_results(outcomes, tmp_path / "out")
    with (tmp_path / "out" / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["'=note.txt", "a.png", "broken.png", "ward 3/a.png"]
    assert [row["error"] for row in rows] == ["unsupported-image", "", "damaged-image", ""]
    assert (rows[1]["verdict"], rows[1]["findings"], rows[1]["regions"]) == ("fracture", "1", "wrist")
    assert all("does not diagnose" in row["disclaimer"] for row in rows)


def test_a_second_run_goes_on_where_the_first_stopped(images, tmp_path):
    first = FakeDetector()
    with open_source(images, tmp_path / "out") as source:
        outcomes = infer_source(first, source, tmp_path / "out", Limits())
        assert [next(outcomes).name, next(outcomes).name] == ["=note.txt", "a.png"]
        outcomes.close()
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
    (images / "a.png").write_bytes(render_png(phantom(5, (180, 120)).grey))
    third = FakeDetector(sha256="b" * 64)
    read(third, images, out)
    assert third.calls == 1
    (out / "a.png.json").write_text("{half")
    fourth = FakeDetector(sha256="b" * 64)
    read(fourth, images, out, annotated=True)
    assert fourth.calls == 2


def test_a_file_that_has_gone_bad_loses_its_old_reading(images, tmp_path):
    read(FakeDetector(), images, tmp_path / "out")
    (images / "a.png").write_bytes(b"")
    outcomes = read(FakeDetector(), images, tmp_path / "out")
    assert outcomes[1].error.code == "empty-file"
    assert not (tmp_path / "out" / "a.png.json").exists()


def test_images_show_the_findings_at_the_size_of_the_original(images, tmp_path):
    read(FakeDetector(), images, tmp_path / "out", annotated=True)
    drawn = (tmp_path / "out" / "a.png.png").read_bytes()
    plain = render_png(phantom(1, (180, 120)).grey)
    assert decode(drawn, Limits()).grey.shape == (180, 120)
    assert (decode(drawn, Limits()).grey != decode(plain, Limits()).grey).any()


def test_results_inside_the_folder_are_not_read_again(images):
    out = images / "results"
    assert len(read(FakeDetector(), images, out)) == 4
    assert len(read(FakeDetector(), images, out)) == 4


def test_a_file_that_is_too_large_is_named_without_being_read(images, tmp_path):
    with open_source(images, tmp_path / "out") as source:
        outcomes = list(infer_source(FakeDetector(), source, tmp_path / "out", Limits(upload_bytes=10)))
    assert {o.error.code for o in outcomes} == {"upload-too-large"}


def test_a_failing_engine_stops_the_run_instead_of_blaming_the_images(images, tmp_path):
    with pytest.raises(Unavailable):
        read(FakeDetector(fails=True), images, tmp_path / "out")


def test_a_missing_folder_or_results_among_the_images_are_refused(images, tmp_path):
    with pytest.raises(ConfigError, match="neither a folder"):
        read(FakeDetector(), tmp_path / "none", tmp_path / "out")
    with pytest.raises(ConfigError, match="folder of their own"):
        read(FakeDetector(), images, images)


def zipped(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for each in folder.rglob("*"):
            archive.write(each, each.relative_to(folder))
        archive.writestr("../outside.png", b"")
        archive.writestr("DICOMDIR", b"")
    return path


def test_an_archive_gives_what_its_folder_gives_and_leads_nowhere_else(images, tmp_path):
    outcomes = read(FakeDetector(), images, tmp_path / "a")
    of_archive = read(FakeDetector(), zipped(images, tmp_path / "in.zip"), tmp_path / "b" / "out")
    inside = [one for one in of_archive if not one.name.startswith("..")]
    assert [(one.name, one.assessment and one.assessment["findings"]) for one in inside] == [
        (one.name, one.assessment and one.assessment["findings"]) for one in outcomes
    ]
    assert not any(one.name.startswith("..") for one in of_archive)
    assert not list((tmp_path / "b").glob("outside*"))


def test_a_damaged_entry_of_an_archive_is_named_and_the_others_go_on(images, tmp_path):
    path = zipped(images, tmp_path / "in.zip")
    raw = bytearray(path.read_bytes())
    start = raw.index((images / "a.png").read_bytes())
    raw[start + 40] ^= 1
    path.write_bytes(raw)
    outcomes = read(FakeDetector(), path, tmp_path / "out")
    assert {one.name: one.error is None for one in outcomes}["a.png"] is False
    assert {one.name: one.error is None for one in outcomes}["ward 3/a.png"] is True


def test_the_lines_hold_the_whole_assessment_or_the_error(images, tmp_path):
    write_results(read(FakeDetector(), images, tmp_path / "out"), tmp_path / "out")
    lines = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    assert [line["file"] for line in lines] == ["=note.txt", "a.png", "broken.png", "ward 3/a.png"]
    assert (lines[0]["error"], lines[1]["findings"][0]["region"]) == ("unsupported-image", "wrist")


def test_dicom_objects_are_the_same_in_every_run(images, tmp_path):
    for out in ("a", "b"):
        read(FakeDetector(), images, tmp_path / out, dicom=True)
    uids = [dcmread(tmp_path / out / "a.png.sr.dcm").SOPInstanceUID for out in ("a", "b")]
    assert uids[0] == uids[1]
    assert dcmread(tmp_path / "a" / "a.png.sc.dcm").Columns == 120
