"""Labelled radiographs are read as their publishers mean them, and every mistake is named with its place."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from app.errors import DatasetError
from app.learning.datasets.class_names import is_plainly_fracture
from app.learning.datasets.dataset import read_dataset
from app.learning.layouts.yolo_rows import parse_labels
from tests.support.drawn_sets import BOX, KAGGLE_NAMES, drawn, fracatlas, kaggle, put


def test_seven_published_names_become_six_regions(tmp_path: Path) -> None:
    dataset = read_dataset(kaggle(tmp_path) / "data.yaml", "train")
    assert dataset.regions == ("elbow", "fingers", "forearm", "humerus", "shoulder", "wrist")
    assert [image.regions for image in dataset.images] == [("wrist",), ("humerus",), ()]


def test_both_names_of_the_humerus_are_one_region(tmp_path: Path) -> None:
    dataset = read_dataset(kaggle(tmp_path, ["3 0.5 0.5 0.2 0.2\n4 0.4 0.4 0.2 0.2\n"]) / "data.yaml", "train")
    assert dataset.images[0].regions == ("humerus", "humerus")


def test_boxes_are_in_pixels_of_the_image(tmp_path: Path) -> None:
    image = read_dataset(kaggle(tmp_path) / "data.yaml", "train").images[0]
    assert image.size_wh == (80, 96)
    np.testing.assert_allclose(image.boxes_px, [[32, 43.2, 48, 52.8]])


def test_a_polygon_becomes_the_box_around_it(tmp_path: Path) -> None:
    image = read_dataset(kaggle(tmp_path) / "data.yaml", "train").images[1]
    np.testing.assert_allclose(image.boxes_px, [[16, 19.2, 32, 57.6]])


def test_boxes_and_polygons_may_share_a_file() -> None:
    rows = parse_labels("0 0.5 0.5 0.2 0.2\n1 0.1 0.1 0.2 0.1 0.2 0.3 0.1 0.3\n", 2, "file")
    np.testing.assert_allclose([row.box for row in rows], [(0.4, 0.4, 0.6, 0.6), (0.1, 0.1, 0.2, 0.3)])


def test_an_empty_label_file_means_no_fracture(tmp_path: Path) -> None:
    image = read_dataset(kaggle(tmp_path) / "data.yaml", "train").images[2]
    assert image.regions == ()
    assert image.boxes_px.shape == (0, 4)


def test_fracatlas_has_one_class(tmp_path: Path) -> None:
    dataset = read_dataset(fracatlas(tmp_path) / "data.yaml", "train")
    assert dataset.regions == ("fractured",)
    assert len(dataset.images) == 3


def test_valid_is_another_name_for_val(tmp_path: Path) -> None:
    data_yaml = kaggle(tmp_path) / "data.yaml"
    assert len(read_dataset(data_yaml, "valid").images) == len(read_dataset(data_yaml, "val").images) == 2


def test_images_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    names = [image.path.name for image in read_dataset(kaggle(tmp_path) / "data.yaml", "train").images]
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("0 0.5 0.5 0.2", "neither a box nor a polygon"),
        ("0 0.5 0.5 0.2 0.2 0.1", "neither a box nor a polygon"),
        ("0 0.5 0.5 0.2 broad", "not a row of numbers"),
        ("7 0.5 0.5 0.2 0.2", "class 7 is not in the list of 7"),
        ("-1 0.5 0.5 0.2 0.2", "class -1 is not in the list"),
        ("0 0.5 1.5 0.2 0.2", "outside the image"),
        ("0 0.95 0.5 0.2 0.2", "outside the image"),
        ("0 nan 0.5 0.2 0.2", "outside the image"),
        ("0 0.5 0.5 0 0.2", "no area"),
        ("0 0.1 0.1 0.2 0.2 0.1 inf", "outside the image"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(tmp_path: Path, row: str, complaint: str) -> None:
    folder = kaggle(tmp_path, [BOX + row + "\n"])
    with pytest.raises(DatasetError, match=complaint) as raised:
        read_dataset(folder / "data.yaml", "train")
    assert "image0.txt, line 2" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_box_a_little_over_the_edge_is_clipped() -> None:
    assert parse_labels("0 0.9 0.5 0.21 0.2", 1, "file")[0].box[2] == 1.0


def test_a_missing_data_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no data set description at .*nowhere"):
        read_dataset(tmp_path / "nowhere" / "data.yaml", "train")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="split test"):
        read_dataset(kaggle(tmp_path) / "data.yaml", "test")
    (tmp_path / "valid" / "labels").rename(tmp_path / "valid" / "elsewhere")
    with pytest.raises(DatasetError, match="valid/labels is missing"):
        read_dataset(tmp_path / "data.yaml", "val")


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="choose train, val or test"):
        read_dataset(kaggle(tmp_path) / "data.yaml", "holdout")


def test_an_image_without_a_label_file_shows_no_fracture(tmp_path: Path) -> None:
    kaggle(tmp_path)
    (tmp_path / "train" / "labels" / "image1.txt").unlink()
    image = read_dataset(tmp_path / "data.yaml", "train").images[1]
    assert (image.regions, image.label) == ((), None)


def test_a_label_for_a_missing_image_is_named(tmp_path: Path) -> None:
    kaggle(tmp_path)
    (tmp_path / "train" / "images" / "image1.png").unlink()
    with pytest.raises(DatasetError, match=r"image1\.txt belongs to no image"):
        read_dataset(tmp_path / "data.yaml", "train")


def test_an_unreadable_image_is_named(tmp_path: Path) -> None:
    kaggle(tmp_path)
    (tmp_path / "train" / "images" / "image1.png").write_bytes(b"not an image")
    with pytest.raises(DatasetError, match=r"image1\.png cannot be read"):
        read_dataset(tmp_path / "data.yaml", "train")


@pytest.mark.parametrize("names", [None, [], "fractured", [1, 2], {0: "a", 2: "b"}])
def test_a_class_list_that_is_none_is_refused(tmp_path: Path, names: object) -> None:
    put(tmp_path / "train", "a", drawn(1), "")
    (tmp_path / "data.yaml").write_text(yaml.safe_dump({"train": "train/images", "names": names}), encoding="utf-8")
    with pytest.raises(DatasetError, match="no list of class names"):
        read_dataset(tmp_path / "data.yaml", "train")


def test_a_count_that_differs_from_the_class_list_is_refused(tmp_path: Path) -> None:
    kaggle(tmp_path)
    description = {"train": "train/images", "nc": 6, "names": KAGGLE_NAMES}
    (tmp_path / "data.yaml").write_text(yaml.safe_dump(description), encoding="utf-8")
    with pytest.raises(DatasetError, match="announces 6 classes and names 7"):
        read_dataset(tmp_path / "data.yaml", "train")


@pytest.mark.parametrize("text", ["[", "just words", "\x00"])
def test_a_data_yaml_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "data.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match=r"data\.yaml"):
        read_dataset(tmp_path / "data.yaml", "train")


def test_every_wrong_file_is_named_at_once(tmp_path: Path) -> None:
    folder = kaggle(tmp_path, ["0 0.5 0.5 0 0\n", "9 0.5 0.5 0.1 0.1\n", "0,0.5,0.5,0.1,0.1\n", BOX])
    (folder / "train" / "labels" / "lost.txt").write_text("", encoding="utf-8")
    with pytest.raises(DatasetError) as raised:
        read_dataset(folder / "data.yaml", "train")
    lines = str(raised.value).splitlines()
    for name, line in zip(("image0", "image1", "image2", "lost"), lines, strict=False):
        assert name in line
    assert "4 files cannot be used" in lines[-1]


def one_class(folder: Path, *names: str) -> Path:
    kaggle(folder, ["0 0.5 0.5 0.2 0.2\n"], [f"{len(names) - 1} 0.5 0.5 0.2 0.2\n"])
    description = {"train": "train/images", "val": "valid/images", "names": list(names)}
    (folder / "data.yaml").write_text(yaml.safe_dump(description), encoding="utf-8")
    return folder / "data.yaml"


@pytest.mark.parametrize("names", [("fracture", "text"), ("fractured", "not fractured"), ("abnormal", "normal")])
def test_a_class_that_may_be_no_fracture_never_counts_as_one(tmp_path: Path, names: tuple[str, ...]) -> None:
    data_yaml = one_class(tmp_path, *names)
    for any_name in (False, True):
        with pytest.raises(DatasetError, match=rf"{names[-1]} may not mean a fracture"):
            read_dataset(data_yaml, "val", any_name=any_name)


def test_a_name_that_tells_nothing_is_a_fracture_where_the_caller_says_so(tmp_path: Path) -> None:
    data_yaml = one_class(tmp_path, "class 0")
    assert read_dataset(data_yaml, "val", any_name=True).regions == ("class 0",)
    with pytest.raises(DatasetError, match="class 0 may not mean a fracture"):
        read_dataset(data_yaml, "val")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("fracture", True), ("Fractured", True), ("wrist", True), ("distal_radius_fracture", True),
        ("elbow positive", True), ("Fractura", True), ("κάταγμα", True), ("oblique-displaced", True),
        ("non-displaced fracture", True), ("Left Hip Fx", True),
        ("text", False), ("metal", False), ("boneanomaly", False), ("not fractured", False), ("normal", False),
        ("class 0", False), ("bone", False), ("dislocation", False), ("", False),
    ],
)  # fmt: skip
def test_names_that_plainly_mean_a_fracture(name: str, plain: bool) -> None:
    assert is_plainly_fracture(name) is plain
