"""model.json is read whole or refused with the name of the entry that is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.detection import load_model_spec
from app.detection.spec import WeightsFile, parse_model_spec
from app.errors import ModelError
from tests.support.fake_engine import model_json

Spoil = Callable[[dict[str, Any]], object]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(json.dumps(model_json()))
    spec = load_model_spec(tmp_path)
    assert (spec.name, spec.version, spec.regions) == ("tiny", "1.0.0", ("elbow", "wrist"))
    assert (spec.input_size_px, spec.stride, spec.nms.most) == (64, 32, 50)
    assert spec.torch == WeightsFile(tmp_path / "tiny.pt", "0" * 64)
    assert spec.openvino is not None and spec.openvino.bin.sha256 == "2" * 64
    assert spec.calibration.knots == ((0.0, 0.05), (0.5, 0.6), (1.0, 0.9))
    assert (spec.calibration.possible, spec.calibration.definite) == (0.3, 0.7)


def test_weights_for_one_engine_suffice(tmp_path: Path) -> None:
    content = model_json()
    del content["files"]["torch"]
    assert parse_model_spec(content, tmp_path).torch is None


SPOILS: list[tuple[str, Spoil]] = [
    ("name is missing", lambda c: c.pop("name")),
    ("version must be a text", lambda c: c.update(version=2)),
    ("regions must name", lambda c: c.update(regions=[])),
    ("regions must name", lambda c: c.update(regions=["wrist", "wrist"])),
    (r"regions\[1\] must be a text", lambda c: c.update(regions=["wrist", ""])),
    ("regions must be a list", lambda c: c.update(regions="wrist")),
    ("input_size_px must be a multiple", lambda c: c.update(input_size_px=100)),
    ("input_size_px must be a whole number", lambda c: c.update(input_size_px="64")),
    ("stride must be a whole number", lambda c: c.update(stride=True)),
    ("stride must be a whole number", lambda c: c.update(stride=0)),
    ("nms must be an object", lambda c: c.update(nms=[])),
    (r"nms\.floor is missing", lambda c: c["nms"].pop("floor")),
    (r"nms\.iou must be a number from 0 to 1", lambda c: c["nms"].update(iou=1.5)),
    (r"nms\.iou must be a number from 0 to 1", lambda c: c["nms"].update(iou=float("nan"))),
    (r"nms\.class_agnostic must be true or false", lambda c: c["nms"].update(class_agnostic=1)),
    (r"nms\.max must be a whole number", lambda c: c["nms"].update(max=0)),
    ("files must name", lambda c: c.update(files={})),
    (r"files\.openvino\.bin is missing", lambda c: c["files"]["openvino"].pop("bin")),
    (r"files\.torch\.path must be the name", lambda c: c["files"]["torch"].update(path="../tiny.pt")),
    (r"files\.torch\.path must be the name", lambda c: c["files"]["torch"].update(path="/etc/passwd")),
    (r"files\.torch\.sha256 must be 64", lambda c: c["files"]["torch"].update(sha256="abc")),
    (r"files\.torch\.sha256 must be 64", lambda c: c["files"]["torch"].update(sha256="G" * 64)),
    (r"calibration\.method is missing", lambda c: c["calibration"].pop("method")),
    (r"calibration\.knots must lead", lambda c: c["calibration"].update(knots=[[0, 0]])),
    (r"calibration\.knots must lead", lambda c: c["calibration"].update(knots=[[0, 0], [0.9, 1]])),
    (r"calibration\.knots must rise", lambda c: c["calibration"].update(knots=[[0, 0.5], [1, 0.4]])),
    (r"calibration\.knots must rise", lambda c: c["calibration"].update(knots=[[0, 0], [0, 0.1], [1, 1]])),
    (r"calibration\.knots\[0\] must be", lambda c: c["calibration"].update(knots=[[0], [1, 1]])),
    (r"thresholds\.definite is missing", lambda c: c["thresholds"].pop("definite")),
    ("thresholds must be above 0", lambda c: c["thresholds"].update(possible=0.8)),
    ("thresholds must be above 0", lambda c: c["thresholds"].update(possible=0)),
]


@pytest.mark.parametrize(("complaint", "spoil"), SPOILS)
def test_a_wrong_entry_is_named(tmp_path: Path, complaint: str, spoil: Spoil) -> None:
    content = model_json()
    spoil(content)
    with pytest.raises(ModelError, match=complaint):
        parse_model_spec(content, tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '"model"', "\xff"])
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelError, match=r"model\.json"):
        load_model_spec(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        load_model_spec(tmp_path / "nowhere")
