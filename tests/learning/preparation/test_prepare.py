"""Published sets become one checked set: nothing is lost silently, and the same input gives the same bytes."""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from app.errors import DatasetError
from app.imaging import render_png
from app.learning.datasets.dataset import REGIONS, read_dataset
from app.learning.likeness.near_duplicates import Pair
from app.learning.preparation.division import Member, exposures, find_leaks
from app.learning.preparation.prepare import Division, prepare
from app.learning.preparation.sources import SourceImage, read_fracatlas, read_kaggle
from app.learning.progress import silent
from tests.support.drawn_sets import BOX, POLYGON, drawn, fracatlas, kaggle, put


class Sure:
    """A labeller that names one region for every box."""

    def __init__(self, region: str, share: float = 0.9) -> None:
        self.region, self.share, self.asked = region, share, 0

    def shares(self, grey: np.ndarray, boxes_px: np.ndarray) -> np.ndarray:
        self.asked += 1
        rest = (1 - self.share) / (len(REGIONS) - 1)
        return np.array([[self.share if r == self.region else rest for r in REGIONS] for _ in boxes_px])


class Killed(BaseException):
    """What a kill looks like from within."""


def made(images: list[SourceImage], out: Path, labeller: Sure | None = None, by: str = "weights") -> dict:
    return prepare(images, out, labeller, by, silent)


def content_of(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def problems(manifest: dict) -> dict[str, str]:
    return {entry["original"]: entry["problem"] for entry in manifest["set_aside"]}


def test_two_published_sets_become_one_with_eight_regions(tmp_path: Path) -> None:
    images = read_kaggle(kaggle(tmp_path / "k")) + read_fracatlas(fracatlas(tmp_path / "f"))
    made(images, tmp_path / "out", Sure("wrist"))
    train, val = (read_dataset(tmp_path / "out" / "data.yaml", split) for split in ("train", "val"))
    assert train.regions == REGIONS
    assert sorted(region for image in train.images for region in image.regions) == [
        "hip",
        "humerus",
        "leg",
        "wrist",
        "wrist",
    ]
    assert len(val.images) == 3


def test_a_polygon_is_written_as_the_box_around_it(tmp_path: Path) -> None:
    made(read_kaggle(kaggle(tmp_path / "k", [POLYGON])), tmp_path / "out")
    label = tmp_path / "out" / "train" / "labels" / "kaggle-image0.txt"
    assert label.read_text(encoding="utf-8") == "3 0.300000 0.400000 0.200000 0.400000\n"


def test_a_hand_gets_its_region_from_the_opinion_and_that_is_recorded(tmp_path: Path) -> None:
    manifest = made(read_fracatlas(fracatlas(tmp_path / "f", ["hand"])), tmp_path / "out", Sure("forearm", 0.79))
    (box,) = manifest["files"][0]["boxes"]
    assert (box["region"], box["source"]) == ("forearm", "inferred")
    assert box["share"] == pytest.approx(0.79 / (0.79 + 3 * 0.03), abs=1e-3)
    assert manifest["inferred_by"] == "weights"


def test_an_opinion_outside_the_tag_is_not_followed(tmp_path: Path) -> None:
    manifest = made(read_fracatlas(fracatlas(tmp_path / "f", ["shoulder"])), tmp_path / "out", Sure("leg"))
    assert manifest["files"][0]["boxes"][0]["region"] in ("shoulder", "humerus")


def test_leg_and_hip_are_told_by_their_tag_and_nobody_is_asked(tmp_path: Path) -> None:
    labeller = Sure("wrist")
    manifest = made(read_fracatlas(fracatlas(tmp_path / "f", ["leg", "hip"])), tmp_path / "out", labeller)
    assert [entry["boxes"][0]["region"] for entry in manifest["files"][:2]] == ["leg", "hip"]
    assert labeller.asked == 0


def test_without_an_opinion_a_box_of_unknown_region_is_set_aside_by_name(tmp_path: Path) -> None:
    manifest = made(read_fracatlas(fracatlas(tmp_path / "f", ["hand", "leg"])), tmp_path / "out", None)
    assert problems(manifest) == {"IMG0.png": "The region of a box is not known, and there is no labeller to infer it."}


def test_whatever_cannot_be_used_is_set_aside_by_name(tmp_path: Path) -> None:
    folder = kaggle(tmp_path / "k", [BOX] * 8)
    images, labels = folder / "train" / "images", folder / "train" / "labels"
    whole = (images / "image0.png").read_bytes()
    (images / "image0.png").write_bytes(whole[: len(whole) // 2])
    (images / "image1.png").write_bytes(b"")
    (images / "image2.png").write_bytes(b"no image at all")
    put(folder / "train", "image3", np.full((64, 64), 7, np.uint8), BOX)
    put(folder / "train", "image4", drawn(1, (20, 40)), BOX)
    (labels / "image5.txt").write_text("6 0.5 0.5 1.5 0.1\n", encoding="utf-8")
    (labels / "image6.txt").write_bytes(b"\xff\xfe\x00")
    found = problems(made(read_kaggle(folder), tmp_path / "out"))
    expected = {
        "image0.png": "damaged",
        "image1.png": "empty",
        "image2.png": "not an image of a kind that is supported",
        "image3.png": "every pixel has the same value",
        "image4.png": "only 40 × 20 pixels",
        "image5.png": "outside the image",
        "image6.png": "label file cannot be read",
    }
    assert sorted(found) == sorted(expected)
    for name, words in expected.items():
        assert words in found[name]
        assert "\n" not in found[name]
    assert len(list((tmp_path / "out" / "train" / "images").iterdir())) == 1


def test_the_manifest_lists_every_file_with_its_hash_origin_licence_and_split(tmp_path: Path) -> None:
    manifest = made(read_kaggle(kaggle(tmp_path / "k")), tmp_path / "out")
    assert manifest == json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    listed = {entry["image"]: entry for entry in manifest["files"]}
    for path in (tmp_path / "out").rglob("*.png"):
        entry = listed.pop(path.relative_to(tmp_path / "out").as_posix())
        assert entry["image_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        label = (tmp_path / "out" / entry["label"]).read_bytes()
        assert entry["label_sha256"] == hashlib.sha256(label).hexdigest()
        assert entry["split"] in ("train", "val")
        assert "CC BY 4.0" in manifest["origins"][entry["origin"]]["licence"]
    assert listed == {}


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    images = read_kaggle(kaggle(tmp_path / "k")) + read_fracatlas(fracatlas(tmp_path / "f"))
    for name in ("one", "two"):
        made(images, tmp_path / name, Sure("wrist"))
    made(images, tmp_path / "two", Sure("wrist"))
    assert content_of(tmp_path / "one") == content_of(tmp_path / "two")


@pytest.mark.parametrize("step", ["examining images", "comparing images", "writing the data set"])
def test_an_interrupted_run_goes_on_and_ends_the_same(tmp_path: Path, step: str) -> None:
    images = read_fracatlas(fracatlas(tmp_path / "f", ["hand"] * 5))

    def kill(at: str, done: int, total: int) -> None:
        if at == step and done == 3:
            raise Killed

    labeller = Sure("wrist")
    with pytest.raises(Killed):
        prepare(images, tmp_path / "out", labeller, "weights", kill)
    made(images, tmp_path / "out", labeller)
    assert labeller.asked == 5
    made(images, tmp_path / "whole", Sure("wrist"))
    assert content_of(tmp_path / "out") == content_of(tmp_path / "whole")


def test_another_opinion_is_asked_anew(tmp_path: Path) -> None:
    images = read_fracatlas(fracatlas(tmp_path / "f", ["hand"]))
    made(images, tmp_path / "out", Sure("wrist"), "first")
    manifest = made(images, tmp_path / "out", Sure("fingers"), "second")
    assert manifest["files"][0]["boxes"][0]["region"] == "fingers"


def test_a_training_image_that_is_in_validation_too_is_set_aside(tmp_path: Path) -> None:
    folder = kaggle(tmp_path / "k", [BOX, BOX], [BOX])
    put(folder / "train", "leak", np.rot90(drawn(900), 2).copy(), BOX)
    manifest = made(read_kaggle(folder), tmp_path / "out")
    assert "near-duplicate of val/images/kaggle-image0.png" in problems(manifest)["leak.png"]
    assert manifest["near_duplicates"]["across"] == 1
    rows = list(csv.DictReader((tmp_path / "out" / "near_duplicates.csv").read_text(encoding="utf-8").splitlines()))
    assert {rows[0]["one"], rows[0]["other"]} == {"train/images/kaggle-leak.png", "val/images/kaggle-image0.png"}


def test_a_copy_of_a_copy_of_a_validation_image_is_set_aside_too() -> None:
    """A ~ B and B ~ C, but not A ~ C: A and B are in training, C is in validation."""
    members = {0: Member("train", True, "", "a"), 1: Member("train", True, "", "b"), 2: Member("val", True, "", "c")}
    pairs = [Pair(0, 1, 0.8), Pair(1, 2, 0.7)]
    leaks = find_leaks(members, exposures(members, pairs, 3), pairs)
    assert [(leak.number, leak.other, leak.likeness) for leak in leaks] == [(0, 2, 0.0), (1, 2, 0.7)]


def test_leaks_stay_when_that_is_asked_for_and_are_still_listed(tmp_path: Path) -> None:
    folder = kaggle(tmp_path / "k", [BOX], [BOX])
    put(folder / "train", "leak", drawn(900), BOX)
    manifest = prepare(read_kaggle(folder), tmp_path / "out", None, "", silent, division=Division(keep_leaks=True))
    assert manifest["set_aside"] == []
    assert manifest["near_duplicates"]["across"] == 1


def test_copies_within_training_share_a_group(tmp_path: Path) -> None:
    folder = kaggle(tmp_path / "k", [BOX, BOX], [BOX])
    put(folder / "train", "image9", drawn(500 + 1)[:, ::-1].copy(), BOX)
    put(folder / "train", "image8", drawn(500 + 1), BOX)
    groups = {entry["original"]: entry["group"] for entry in made(read_kaggle(folder), tmp_path / "out")["files"]}
    assert groups["image8.png"] == groups["image9.png"]
    assert groups["image0.png"] != groups["image1.png"]


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    stranger = tmp_path / "out" / "train" / "images" / "holiday.jpg"
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"mine")
    with pytest.raises(DatasetError, match=r"holiday\.jpg belongs to another data set"):
        made(read_kaggle(kaggle(tmp_path / "k")), tmp_path / "out")
    assert content_of(tmp_path / "out") == {"train/images/holiday.jpg": hashlib.sha256(b"mine").hexdigest()}


def test_an_output_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"cannot be written to .*out"):
        made(read_kaggle(kaggle(tmp_path / "k")), tmp_path / "out")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    for read in (read_kaggle, read_fracatlas):
        with pytest.raises(DatasetError, match="nowhere"):
            read(tmp_path / "nowhere")


def test_classes_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"not the Kaggle set's: fractured"):
        read_kaggle(fracatlas(tmp_path / "f"))
    folder = kaggle(tmp_path / "k")
    (folder / "dataset.csv").write_bytes((tmp_path / "f" / "dataset.csv").read_bytes())
    with pytest.raises(DatasetError, match="other classes than the one of FracAtlas"):
        read_fracatlas(folder)


def test_a_image_that_is_not_in_the_list_is_named(tmp_path: Path) -> None:
    folder = fracatlas(tmp_path / "f")
    put(folder / "train", "IMG77", drawn(3), "")
    with pytest.raises(DatasetError, match=r"IMG77\.png is not in .*dataset\.csv"):
        read_fracatlas(folder)


def test_a_list_without_tags_is_refused(tmp_path: Path) -> None:
    folder = fracatlas(tmp_path / "f")
    (folder / "dataset.csv").write_text("image_id,hand\nIMG0.png,1\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"dataset\.csv lacks a column"):
        read_fracatlas(folder)


def published_fracatlas(folder: Path) -> Path:
    """The archive in little: one fractured image in each published list, and sixty without a fracture."""
    labels, lists = folder / "Annotations" / "YOLO", folder / "Utilities" / "Fracture Split"
    for path in (labels, lists, folder / "images" / "Fractured", folder / "images" / "Non_fractured"):
        path.mkdir(parents=True)
    lines = ["image_id,hand,leg,hip,shoulder"]
    names = [("Fractured", f"IMG{number}.png", "0 0.5 0.5 0.2 0.2\n") for number in range(3)]
    names += [("Non_fractured", f"IMG{number}.png", "") for number in range(100, 160)]
    for number, (kind, name, rows) in enumerate(names):
        (folder / "images" / kind / name).write_bytes(render_png(drawn(number)))
        (labels / name.replace("png", "txt")).write_text(rows, encoding="utf-8")
        lines.append(f"{name},0,1,0,0")
    for (_, name, _), part in zip(names, ("train", "valid", "test"), strict=False):
        (lists / f"{part}.csv").write_text(f"image_id\n{name}\n", encoding="utf-8")
    (folder / "dataset.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_fracatlas_is_read_as_its_archive_unpacks_without_its_test_part(tmp_path: Path) -> None:
    images = read_fracatlas(published_fracatlas(tmp_path))
    fractured = {p.image.name: p.split for p in images if p.image.parent.name == "Fractured"}
    assert fractured == {"IMG0.png": "train", "IMG1.png": "val"}
    others = [p.split for p in images if p.image.parent.name == "Non_fractured"]
    assert others.count("train") > others.count("val") > 0
    assert [p.image for p in images] == [p.image for p in read_fracatlas(tmp_path)]


def test_a_image_of_the_archive_without_a_label_is_named(tmp_path: Path) -> None:
    (published_fracatlas(tmp_path) / "Annotations" / "YOLO" / "IMG101.txt").unlink()
    with pytest.raises(DatasetError, match=r"IMG101\.png has no label file"):
        read_fracatlas(tmp_path)


def test_an_archive_without_its_lists_is_refused(tmp_path: Path) -> None:
    (published_fracatlas(tmp_path) / "Utilities" / "Fracture Split" / "test.csv").unlink()
    with pytest.raises(DatasetError, match=r"test\.csv cannot be read"):
        read_fracatlas(tmp_path)
