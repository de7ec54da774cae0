"""A finding that is no fracture is shown and makes no verdict; a model that was never calibrated says so."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.config import Limits
from app.detection import Calibration, ModelSpec
from app.detection.spec import NEW_NMS, parse_model_spec
from app.errors import ModelError
from app.imaging import InProcessDecoder, phantom, render_png
from app.records import Assessment, Detection, ModelInput, ModelVersion
from app.usecases.stored_assessment import from_bytes, to_bytes
from app.usecases.studies.infer import infer

CALIBRATION = Calibration("fitted", ((0.0, 0.0), (1.0, 1.0)), 0.1, 0.5)
SPEC = ModelSpec("own", "1", ("wrist", "metal"), 64, 32, NEW_NMS, CALIBRATION, other_findings=("metal",))
METAL = Detection("metal", 0.9, (10.0, 10.0, 30.0, 30.0))
WRIST = Detection("wrist", 0.3, (12.0, 12.0, 31.0, 31.0))


class Finder:
    """Detects the same in every radiograph."""

    version = ModelVersion("own", "1", "0" * 64)

    def __init__(self, spec: ModelSpec, *found: Detection) -> None:
        self.spec, self.found = spec, found

    def detect(self, model_input: ModelInput) -> tuple[Detection, ...]:
        return self.found


def assessed(spec: ModelSpec, *found: Detection) -> Assessment:
    return infer(
        Finder(spec, *found), lambda: render_png(phantom(1, (128, 128)).grey), InProcessDecoder(Limits())
    ).assessment


def test_metal_alone_is_shown_and_is_no_fracture() -> None:
    one = assessed(SPEC, METAL)
    assert (one.verdict, one.score, one.findings) == ("none", 0.0, ())
    assert [(other.region, other.confidence) for other in one.other_findings] == [("metal", 0.9)]


def test_a_fracture_beneath_metal_is_found_and_scored_by_itself() -> None:
    one = assessed(SPEC, METAL, WRIST)
    assert (one.verdict, one.score) == ("possible", 0.3)
    assert [finding.region for finding in one.findings] == ["wrist"]


def test_other_findings_are_kept_with_the_assessment() -> None:
    one = assessed(SPEC, METAL, WRIST)
    assert from_bytes(to_bytes("a.png", one))[1] == one


def test_an_assessment_from_before_there_were_other_findings_is_read() -> None:
    import json

    old = json.loads(to_bytes("a.png", assessed(SPEC, WRIST)))
    del old["reading"]["other_findings"]
    assert from_bytes(json.dumps(old).encode())[1].other_findings == ()


def test_a_model_that_was_never_calibrated_says_so_with_every_assessment() -> None:
    assert assessed(replace(SPEC, provisional=True)).warnings == ("provisional",)
    assert assessed(SPEC).warnings == ()


def content(**changes: object) -> dict:
    entry = {"path": "own.pt", "sha256": "0" * 64}
    return {
        "name": "own", "version": "1", "regions": ["wrist", "metal"], "input_size_px": 64, "stride": 32,
        "nms": {"iou": 0.45, "class_agnostic": False, "max": 100, "floor": 0.001}, "files": {"torch": entry},
        "calibration": {"method": "fitted", "knots": [[0, 0], [1, 1]]},
        "thresholds": {"possible": 0.1, "definite": 0.4},
    } | changes  # fmt: skip


def test_the_model_file_marks_both() -> None:
    spec = parse_model_spec(content(other_findings=["metal"]), Path())
    assert (spec.other_findings, spec.provisional) == (("metal",), False)
    unfitted = {"method": "provisional: identity, not fitted", "knots": [[0, 0], [1, 1]]}
    assert parse_model_spec(content(calibration=unfitted), Path()).provisional
    assert parse_model_spec(content(provisional=True), Path()).provisional


@pytest.mark.parametrize("others", [["wrist", "metal"], ["text"]])
def test_a_model_without_a_fracture_or_with_a_stranger_is_refused(others: list[str]) -> None:
    with pytest.raises(ModelError, match="other_findings"):
        parse_model_spec(content(other_findings=others), Path())
