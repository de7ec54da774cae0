"""A pass shows one copy of each radiograph and a share of each data set."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.errors import DatasetError
from app.learning.datasets.dataset import Dataset, read_dataset
from app.learning.datasets.selection import draw_pass, one_copy_each
from tests.support.drawn_sets import drawn, put

TIGHT, LOOSE = "0 0.5 0.5 0.1 0.1\n", "0 0.5 0.5 0.3 0.3\n"


@pytest.fixture
def data_yaml(tmp_path: Path) -> Path:
    """Three copies of one radiograph, two of another without a fracture, and two of a third in another data set."""
    images = {
        "kaggle-a": (LOOSE, 1),
        "kaggle-b": (TIGHT, 1),
        "kaggle-c": (LOOSE, 1),
        "kaggle-d": ("", 2),
        "kaggle-e": ("", 2),
        "fracatlas-a": (TIGHT, 3),
        "fracatlas-b": (LOOSE, 3),
    }
    for number, (name, (rows, _)) in enumerate(images.items()):
        put(tmp_path / "train", name, drawn(number), rows)
    files = [{"image": f"train/images/{name}.png", "group": str(group)} for name, (_, group) in images.items()]
    (tmp_path / "manifest.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    (tmp_path / "data.yaml").write_text("train: train/images\nnames: [wrist]\n", encoding="utf-8")
    return tmp_path / "data.yaml"


def names(dataset: Dataset) -> list[str]:
    return [image.path.stem for image in dataset.images]


def test_the_copy_with_the_tightest_boxes_is_kept(data_yaml: Path) -> None:
    dataset = read_dataset(data_yaml, "train")
    assert names(one_copy_each(dataset, data_yaml, ("kaggle",))) == [
        "fracatlas-a",
        "fracatlas-b",
        "kaggle-b",
        "kaggle-d",
    ]
    assert names(one_copy_each(dataset, data_yaml, ())) == names(dataset)


def test_without_groups_copies_cannot_be_told(data_yaml: Path) -> None:
    dataset = read_dataset(data_yaml, "train")
    for content in ("{}", "no JSON"):
        (data_yaml.parent / "manifest.json").write_text(content, encoding="utf-8")
        with pytest.raises(DatasetError, match="needs the manifest"):
            one_copy_each(dataset, data_yaml, ("kaggle",))


def test_each_data_set_has_its_share_and_nothing_comes_twice() -> None:
    fractured = {"one": np.arange(30), "other": np.arange(100, 200)}
    normal = {"one": np.arange(1000, 1100), "other": np.arange(2000, 2004)}
    drawn_numbers = draw_pass(fractured, normal, {"one": 0.75, "other": 0.25}, 0.5, np.random.default_rng(0))
    assert len(set(drawn_numbers.tolist())) == len(drawn_numbers)
    counts = [int(((drawn_numbers >= low) & (drawn_numbers < high)).sum()) for low, high in ((0, 100), (100, 1000))]
    assert counts == [30, 10]
    assert int(((drawn_numbers >= 1000) & (drawn_numbers < 2000)).sum()) == 15
    # As many as there are, where there are fewer.
    assert int((drawn_numbers >= 2000).sum()) == 4
