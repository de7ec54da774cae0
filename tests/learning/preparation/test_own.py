"""`prepare_data --own` takes sets as other tools write them, and is never silently wrong about what is in them."""

import hashlib
import io
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from app.imaging import render_png
from app.learning.datasets.dataset import read_dataset
from scripts.prepare_data import main
from tests.support.drawn_sets import drawn
from tests.support.image_files import dataset as dicom_dataset
from tests.support.image_files import dicom as dicom_file
from tests.support.own_sets import GRAZ_POLICY, IMAGES, LAYOUTS, describe, graz, put_all, roboflow, rows_of, write

CASES = Path(__file__).resolve().parents[4] / "shared" / "cases" / "own-data"
UNDESCRIBED = ("coco", "coco_as_published", "voc", "without_description")
COUNTS = {"images": {"train": 3, "val": 2}, "fractured": {"train": 2, "val": 1}, "boxes": {"train": 3, "val": 1}}


class Answer:
    """Exit status, last line and standard error of one command."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> None:
        capsys.readouterr()
        self.status = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        self.out, self.err = (
            printed.out,
            re.sub(r"[^\n]*\r|[^\n]*it/s[^\n]*|[^\n]*image/s[^\n]*|[^\n]*\?image[^\n]*", "", printed.err),
        )

    @property
    def summary(self) -> dict:
        assert self.status == 0, self.err
        return json.loads(self.out.splitlines()[-1])


def dicom(grey: np.ndarray, **tags: str) -> bytes:
    return dicom_file(dicom_dataset(grey, **tags))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    return lambda *arguments: Answer(capsys, *arguments)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_set(layout: str, tmp_path: Path, run) -> None:
    summary = run("--own", LAYOUTS[layout](tmp_path / "set"), "--out", tmp_path / "out").summary
    assert {key: summary[key] for key in COUNTS} == COUNTS
    assert summary["classes"] == {"fracture": 4}
    assert (summary["set_aside"], summary["leaks"]) == ({}, 0)
    for split in ("train", "val"):
        dataset = read_dataset(tmp_path / "out" / "data.yaml", split)
        expected = [boxes for _, its_split, boxes in IMAGES if its_split == split]
        for image, boxes in zip(dataset.images, expected, strict=True):
            corners = [[(cx - w / 2) * 80, (cy - h / 2) * 96, (cx + w / 2) * 80, (cy + h / 2) * 96]
                       for _, cx, cy, w, h in boxes]  # fmt: skip
            np.testing.assert_allclose(image.boxes_px, np.reshape(corners, (-1, 4)), atol=0.01)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name not in UNDESCRIBED])
def test_training_reads_a_described_set_as_it_lies(layout: str, tmp_path: Path) -> None:
    folder = LAYOUTS[layout](tmp_path / "set")
    assert [len(read_dataset(folder / "data.yaml", split).images) for split in ("train", "val")] == [3, 2]


def test_dicom_and_bitmaps_become_what_serving_decodes(tmp_path: Path, run) -> None:
    from PIL import Image

    folder = roboflow(tmp_path / "set")
    grey = drawn(5)
    bitmap = io.BytesIO()
    Image.fromarray(grey).save(bitmap, "BMP")
    (folder / "train" / "images" / "p00.png").unlink()
    write(folder / "train" / "images" / "p00.bmp", bitmap.getvalue())
    (folder / "train" / "images" / "p01.png").unlink()
    write(folder / "train" / "images" / "p01.dcm", dicom(drawn(6), PatientName="Doe^Jane", PatientID="4711"))
    assert run("--own", folder, "--out", tmp_path / "out").summary["images"] == COUNTS["images"]
    images = {path.stem: path for path in (tmp_path / "out" / "train" / "images").iterdir()}
    assert images["set-p00"].read_bytes() == render_png(grey)
    assert images["set-p01"].suffix == ".png"
    for path in (tmp_path / "out").rglob("*"):
        assert not path.is_file() or (b"Doe" not in path.read_bytes() and b"4711" not in path.read_bytes())


def test_faults_are_listed_once_and_counted_by_reason_and_the_rest_goes_on(tmp_path: Path, run) -> None:
    folder = roboflow(tmp_path / "set")
    bad = ["0 0.5 0.5 0 0", "0 0.99 0.5 0.2 0.1", "0,0.5,0.5,0.1,0.1", "3 0.5 0.5 0.1 0.1", "0 nan 0.5 0.1 0.1"]
    for number, row in enumerate(bad):
        write(folder / "train" / "images" / f"bad{number}.png", render_png(drawn(40 + number)))
        write(folder / "train" / "labels" / f"bad{number}.txt", row)
    write(folder / "train" / "images" / "cut.png", render_png(drawn(60))[:300])
    write(folder / "train" / "labels" / "lost.txt", "0 0.5 0.5 0.1 0.1\n")
    write(folder / "train" / "images" / "tiny.png", render_png(drawn(61, (20, 20))))
    answer = run("--own", folder, "--out", tmp_path / "out")
    assert answer.summary["set_aside"] == {
        "bad-label": 5, "damaged-image": 1, "label-without-image": 1, "too-small": 1
    }  # fmt: skip
    assert answer.summary["images"] == COUNTS["images"]
    for name in ("bad0", "bad1", "bad2", "bad3", "bad4", "cut", "lost", "tiny"):
        assert len(re.findall(rf"^set aside: .*{name}\.", answer.out, re.MULTILINE)) == 1


def test_names_that_may_be_no_fracture_stop_the_command_with_a_policy_to_fill_in(tmp_path: Path, run) -> None:
    folder = graz(tmp_path / "graz")
    answer = run("--own", folder, "--out", tmp_path / "out")
    assert answer.status == 1
    assert "text: 12 boxes on 12 images" in answer.err
    assert "metal: 2 boxes on 2 images" in answer.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["policy.yaml"]
    assert yaml.safe_load((tmp_path / "out" / "policy.yaml").read_text()) == {
        "fracture": "fracture", "metal": None, "text": None
    }  # fmt: skip
    unfilled = run("--own", folder, "--classes", tmp_path / "out" / "policy.yaml", "--out", tmp_path / "out")
    assert (unfilled.status, "needs a region's name, or drop, or finding" in unfilled.err) == (1, True)


def test_a_policy_merges_drops_and_keeps_findings_that_are_no_fracture(tmp_path: Path, run) -> None:
    write(tmp_path / "policy.yaml", GRAZ_POLICY)
    arguments = ("--own", graz(tmp_path / "graz"), "--classes", tmp_path / "policy.yaml", "--out", tmp_path / "out")
    summary = run(*arguments).summary
    assert summary["classes"] == {"wrist": 8, "metal": 2}
    assert summary["findings"] == ["metal"]
    assert sum(summary["fractured"].values()) == 8
    assert yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())["findings"] == ["metal"]
    train = read_dataset(tmp_path / "out" / "data.yaml", "train")
    assert train.fracture_regions == ("wrist",)


def test_graz_is_divided_by_patient(tmp_path: Path, run) -> None:
    write(tmp_path / "policy.yaml", GRAZ_POLICY)
    arguments = ["--own", graz(tmp_path / "graz"), "--classes", tmp_path / "policy.yaml", "--out", tmp_path / "out"]
    first = run(*arguments).summary
    patients = {
        split: {path.name[5:9] for path in (tmp_path / "out" / split / "images").iterdir()}
        for split in ("train", "val")
    }
    assert patients["train"] and patients["val"]
    assert not patients["train"] & patients["val"]
    assert first["fractured"]["val"] and first["images"]["val"] > first["fractured"]["val"]
    arguments[-1] = tmp_path / "again"
    assert run(*arguments).summary["images"] == first["images"]
    for path in (tmp_path / "out" / "val").rglob("*.png"):
        assert (tmp_path / "again" / path.relative_to(tmp_path / "out")).read_bytes() == path.read_bytes()


def divided(folder: Path) -> Path:
    put_all(folder, "{split}/images/{name}.png", "{split}/labels/{name}.txt")
    return describe(folder, "train/images", "val/images")


@pytest.mark.parametrize("rule", ["csv:patients.csv:patient", r"name:(p0\d)", "dicom"])
def test_a_patient_on_both_sides_is_a_leak(rule: str, tmp_path: Path, run) -> None:
    folder = divided(tmp_path / "set")
    if rule.startswith("csv"):
        write(folder / "patients.csv", "file;patient\np00.png;A\np01.png;B\np02.png;C\np03.png;A\np04.png;D\n")
    elif rule == "dicom":
        for name, split, _ in IMAGES:
            (folder / split / "images" / f"{name}.png").unlink()
            patient = "A" if name in ("p00", "p03") else name
            write(folder / split / "images" / f"{name}.dcm", dicom(drawn(int(name[1:])), PatientID=patient))
    else:
        for kind, suffix in (("images", "png"), ("labels", "txt")):
            (folder / "val" / kind / f"p03.{suffix}").rename(folder / "val" / kind / f"p00-2.{suffix}")
    summary = run("--own", folder, "--group-by", rule, "--out", tmp_path / "out").summary
    assert (summary["leaks"], summary["set_aside"]) == (1, {"same-patient": 1})
    kept = run("--own", folder, "--group-by", rule, "--keep-leaks", "--out", tmp_path / "kept").summary
    assert (kept["leaks"], kept["images"]["train"]) == (1, 3)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("shoe", "takes dicom, csv:FILE:COLUMN or name:REGEX"),
        ("name:(", "no regular expression"),
        ("name:nowhere", "fits no image"),
        ("csv:none.csv:patient", "no table"),
        ("csv:data.yaml:patient", "no column patient"),
        ("dicom", "no image has a PatientID"),
    ],
)
def test_a_rule_for_patients_that_cannot_hold_is_refused(rule: str, words: str, tmp_path: Path, run) -> None:
    answer = run("--own", roboflow(tmp_path / "set"), "--group-by", rule, "--out", tmp_path / "out")
    assert (answer.status, words in answer.err.splitlines()[-1]) == (1, True)


def test_the_same_file_on_both_sides_is_a_leak(tmp_path: Path, run) -> None:
    folder = roboflow(tmp_path / "set")
    image = (folder / "train" / "images" / "p00.png").read_bytes()
    (folder / "val" / "images" / "p04.png").write_bytes(image)
    summary = run("--own", folder, "--out", tmp_path / "out").summary
    assert (summary["leaks"], summary["set_aside"], summary["images"]["train"]) == (1, {"same-file": 1}, 2)


def test_several_sets_become_one_and_are_told_apart(tmp_path: Path, run) -> None:
    one, other = roboflow(tmp_path / "a" / "set"), LAYOUTS["coco"](tmp_path / "b" / "set")
    for name, _, _ in IMAGES:
        for path in other.rglob(f"{name}.png"):
            path.write_bytes(render_png(drawn(900 + int(name[1:]))))
    summary = run("--own", one, "--own", other, "--out", tmp_path / "out").summary
    assert summary["images"] == {"train": 6, "val": 4}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert sorted(manifest["origins"]) == ["set", "set-2"]


def test_an_evaluation_gives_figures_by_set(tmp_path: Path, run) -> None:
    from app.learning.evaluation.evaluate import infer_cases
    from app.learning.evaluation.figures import figures
    from app.learning.evaluation.report_json import summary
    from tests.support.fakes import FakeDetector

    one, other = roboflow(tmp_path / "a"), roboflow(tmp_path / "b")
    for name, _, _ in IMAGES:
        for path in other.rglob(f"{name}.png"):
            path.write_bytes(render_png(drawn(900 + int(name[1:]))))
    assert run("--own", one, "--own", other, "--out", tmp_path / "out").status == 0
    val = read_dataset(tmp_path / "out" / "data.yaml", "val")
    evaluation = figures(infer_cases(FakeDetector(), val), val.regions, None, single_class=True, resamples=0)
    sets = summary(evaluation)["sets"]
    assert {name: (row["images"], row["images_with_fracture"]) for name, row in sets.items()} == {
        "a": (2, 1), "b": (2, 1)
    }  # fmt: skip


def test_one_missing_image_of_a_list_is_one_fault(tmp_path: Path, run) -> None:
    folder = LAYOUTS["text_lists"](tmp_path / "set")
    write(folder / "train.txt", (folder / "train.txt").read_text() + "./all/images/gone.png\n")
    summary = run("--own", folder, "--out", tmp_path / "out").summary
    assert (summary["set_aside"], summary["images"]) == ({"missing-image": 1}, COUNTS["images"])


def test_a_cut_off_annotation_file_is_no_set_of_normals(tmp_path: Path, run) -> None:
    folder = LAYOUTS["coco"](tmp_path / "set")
    path = folder / "train" / "_annotations.coco.json"
    path.write_text(path.read_text()[:200])
    refused(run("--own", folder, "--out", tmp_path / "out"), "is not readable JSON", tmp_path / "out")


def test_a_humerus_is_merged_in_the_kaggle_set_only(tmp_path: Path, run) -> None:
    folder = roboflow(tmp_path / "set")
    describe(folder, "train/images", "val/images", names=["humerus fracture", "humerus", "rib"])
    write(folder / "train" / "labels" / "p00.txt", "1 0.5 0.5 0.2 0.2\n")
    assert run("--own", folder, "--out", tmp_path / "out").summary["classes"] == {"humerus fracture": 3, "humerus": 1}
    assert read_dataset(folder / "data.yaml", "train").regions == ("humerus fracture", "humerus", "rib")


def test_names_keep_their_order(tmp_path: Path) -> None:
    folder = roboflow(tmp_path / "set")
    describe(folder, "train/images", "val/images", names=["wrist", "elbow"])
    assert read_dataset(folder / "data.yaml", "train").regions == ("wrist", "elbow")


def test_the_preview_is_one_file_that_shows_odd_ones_first(tmp_path: Path, run) -> None:
    folder = roboflow(tmp_path / "set")
    write(folder / "train" / "labels" / "p02.txt", "0 0.5 0.5 0.9 0.9\n")
    write(folder / "train" / "labels" / "lost.txt", "")
    summary = run("--own", folder, "--out", tmp_path / "out").summary
    page = Path(summary["preview"]).read_text(encoding="utf-8")
    assert page.index("box over half of the image") < page.index("<h2>fracture")
    assert "80 × 96 px" in page and "lost.txt" in page and "data:image/png;base64," in page
    assert not re.search(r"(src|href)=\"(?!data:)", page)


# What cannot be used is one clear line, and leaves nothing behind.


def refused(answer: Answer, words: str, out: Path) -> None:
    assert answer.status == 1
    assert words in answer.err
    assert answer.err.count("\n") == 1, answer.err
    assert not out.exists() or not any(out.rglob("*.*"))


def test_a_folder_that_is_not_there(tmp_path: Path, run) -> None:
    refused(run("--own", tmp_path / "nowhere", "--out", tmp_path / "out"), "There is no folder", tmp_path / "out")


def test_a_folder_without_images(tmp_path: Path, run) -> None:
    (tmp_path / "set").mkdir()
    refused(run("--own", tmp_path / "set", "--out", tmp_path / "out"), "No image in", tmp_path / "out")


def test_half_an_archive(tmp_path: Path, run) -> None:
    folder = roboflow(tmp_path / "set")
    for path in (folder / "val" / "labels").iterdir():
        path.unlink()
    (folder / "val" / "labels").rmdir()
    refused(run("--own", folder, "--out", tmp_path / "out"), "val/labels is missing", tmp_path / "out")


def test_labels_of_another_set(tmp_path: Path, run) -> None:
    folder = roboflow(tmp_path / "set")
    for path in list((folder / "train" / "labels").iterdir()):
        path.rename(path.with_name(f"other-{path.name}"))
    refused(run("--own", folder, "--out", tmp_path / "out"), "labels of another set", tmp_path / "out")


def test_a_path_outside_of_the_set(tmp_path: Path, run) -> None:
    roboflow(tmp_path / "elsewhere")
    folder = roboflow(tmp_path / "set")
    describe(folder, "../elsewhere/train/images", "val/images")
    refused(run("--own", folder, "--out", tmp_path / "out"), "outside of the data set", tmp_path / "out")


def test_a_link_in_circles(tmp_path: Path, run) -> None:
    folder = roboflow(tmp_path / "set")
    os.symlink(folder / "train", folder / "train" / "images" / "again")
    assert run("--own", folder, "--out", tmp_path / "out").summary["images"] == COUNTS["images"]


def test_an_output_inside_the_set(tmp_path: Path, run) -> None:
    folder = roboflow(tmp_path / "set")
    refused(run("--own", folder, "--out", folder / "out"), "inside one another", folder / "out")


def test_a_full_disk(tmp_path: Path, run) -> None:
    import resource

    folder = roboflow(tmp_path / "set")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
    try:
        answer = run("--own", folder, "--out", tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (answer.status, "cannot be written" in answer.err) == (1, True)
    assert not (tmp_path / "out" / "data.yaml").exists()
    assert run("--own", folder, "--out", tmp_path / "out").summary["images"] == COUNTS["images"]


def test_an_output_that_is_a_file(tmp_path: Path, run) -> None:
    (tmp_path / "out").write_text("mine")
    answer = run("--own", roboflow(tmp_path / "set"), "--out", tmp_path / "out")
    assert (answer.status, (tmp_path / "out").read_text()) == (1, "mine")


def test_an_image_of_15000_by_15000_is_set_aside_before_it_is_decoded(tmp_path: Path, run) -> None:
    from PIL import Image

    folder = roboflow(tmp_path / "set")
    Image.new("L", (15_000, 15_000)).save(folder / "train" / "images" / "huge.png", compress_level=1)
    write(folder / "train" / "labels" / "huge.txt", "")
    assert run("--own", folder, "--out", tmp_path / "out").summary["set_aside"] == {"image-too-large": 1}


def test_a_share_that_is_none(tmp_path: Path, run) -> None:
    answer = run("--own", roboflow(tmp_path / "set"), "--val-share", "1.5", "--out", tmp_path / "out")
    assert (answer.status, "between 0 and 1" in answer.err) == (1, True)


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.glob("*/")) or ["none"])
def test_the_collected_cases_are_prepared(case: str, tmp_path: Path, run) -> None:
    if not (CASES / case).is_dir():
        pytest.skip(f"{CASES / case} is not there")
    before = hashlib.sha256(b"".join(p.read_bytes() for p in sorted((CASES / case).rglob("*")) if p.is_file())).digest()
    answer = run("--own", CASES / case, "--out", tmp_path / "out")
    if case.startswith("graz"):
        assert "text:" in answer.err
        write(tmp_path / "policy.yaml", "text: drop\n")
        answer = run("--own", CASES / case, "--classes", tmp_path / "policy.yaml", "--out", tmp_path / "out")
    summary = answer.summary
    assert sum(summary["images"].values()) > 0
    assert sum(summary["boxes"].values()) == sum(summary["classes"].values())
    after = hashlib.sha256(b"".join(p.read_bytes() for p in sorted((CASES / case).rglob("*")) if p.is_file())).digest()
    assert after == before


def test_rows_are_written_as_they_were_given(tmp_path: Path, run) -> None:
    assert run("--own", roboflow(tmp_path / "set"), "--out", tmp_path / "out").status == 0
    label = (tmp_path / "out" / "train" / "labels" / "set-p01.txt").read_text()
    given = [[float(value) for value in line.split()] for line in rows_of(IMAGES[1][2]).splitlines()]
    assert [[float(value) for value in line.split()] for line in label.splitlines()] == given
