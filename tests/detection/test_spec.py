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
    ("name: .*required", lambda c: c.pop("name")),
    ("version: .*string", lambda c: c.update(version=2)),
    ("regions: .*at least 1", lambda c: c.update(regions=[])),
    ("regions: must name each region once", lambda c: c.update(regions=["wrist", "wrist"])),
    (r"regions\[1\]: .*at least 1", lambda c: c.update(regions=["wrist", ""])),
    (r"regions\[1\]: .*pattern", lambda c: c.update(regions=["wrist", " "])),
    ("regions: .*tuple", lambda c: c.update(regions="wrist")),
    ("input_size_px that is a multiple", lambda c: c.update(input_size_px=100)),
    ("input_size_px that is a multiple", lambda c: c.update(input_size_px=16)),
    ("input_size_px: .*integer", lambda c: c.update(input_size_px="64")),
    ("stride: .*integer", lambda c: c.update(stride=True)),
    ("stride: .*greater than or equal to 1", lambda c: c.update(stride=0)),
    ("nms: .*dictionary", lambda c: c.update(nms=[])),
    (r"nms\.floor: .*required", lambda c: c["nms"].pop("floor")),
    (r"nms\.iou: .*less than or equal to 1", lambda c: c["nms"].update(iou=1.5)),
    (r"nms\.iou: .*finite", lambda c: c["nms"].update(iou=float("nan"))),
    (r"nms\.class_agnostic: .*boolean", lambda c: c["nms"].update(class_agnostic=1)),
    (r"nms\.max: .*greater than or equal to 1", lambda c: c["nms"].update(max=0)),
    ("files: must name", lambda c: c.update(files={})),
    (r"files\.openvino\.bin: .*required", lambda c: c["files"]["openvino"].pop("bin")),
    (r"files\.torch\.path: must be the name", lambda c: c["files"]["torch"].update(path="../tiny.pt")),
    (r"files\.torch\.path: must be the name", lambda c: c["files"]["torch"].update(path="/etc/passwd")),
    (r"files\.torch\.sha256: .*pattern", lambda c: c["files"]["torch"].update(sha256="abc")),
    (r"files\.torch\.sha256: .*pattern", lambda c: c["files"]["torch"].update(sha256="G" * 64)),
    (r"calibration\.method: .*required", lambda c: c["calibration"].pop("method")),
    (r"calibration\.knots: .*at least 2", lambda c: c["calibration"].update(knots=[[0, 0]])),
    (r"calibration\.knots: must lead", lambda c: c["calibration"].update(knots=[[0, 0], [0.9, 1]])),
    (r"calibration\.knots: must rise", lambda c: c["calibration"].update(knots=[[0, 0.5], [1, 0.4]])),
    (r"calibration\.knots: must rise", lambda c: c["calibration"].update(knots=[[0, 0], [0, 0.1], [1, 1]])),
    (r"calibration\.knots\[0\]\[1\]: .*required", lambda c: c["calibration"].update(knots=[[0], [1, 1]])),
    (r"thresholds\.definite: .*required", lambda c: c["thresholds"].pop("definite")),
    (r"thresholds: must not have .definite. below", lambda c: c["thresholds"].update(possible=0.8)),
    (r"thresholds\.possible: .*greater than 0", lambda c: c["thresholds"].update(possible=0)),
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
