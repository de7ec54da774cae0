"""A detector answers with detections, or says in one sentence why not."""

from pathlib import Path

import numpy as np
import pytest

from app.detection import Detector, ModelSpec, load_detector
from app.detection.spec import parse_model_spec
from app.errors import ModelError, Unavailable
from app.records import ModelInput
from tests.support.fake_engine import FailingEngine, FakeEngine, model_json

INPUT = ModelInput(np.full((64, 32), 51, np.uint8), 0.5, (0, 0), (128, 64))


@pytest.fixture
def spec(tmp_path: Path) -> ModelSpec:
    return parse_model_spec(model_json(), tmp_path)


def test_it_detects_and_names_its_model(spec: ModelSpec) -> None:
    with Detector(spec, FakeEngine(), queue=4) as detector:
        (found,) = detector.detect(INPUT)
        assert (found.region, found.score) == ("elbow", pytest.approx(0.2))
        assert found.box_px == pytest.approx((24, 48, 40, 80))
        assert (detector.version.name, detector.version.sha256) == ("tiny", "ab" * 32)
        assert detector.engine_name == "fake"
        assert detector.ready()


def test_after_close_it_is_not_ready_and_refuses(spec: ModelSpec) -> None:
    detector = Detector(spec, FakeEngine(), queue=4)
    detector.close()
    detector.close()
    assert not detector.ready()
    with pytest.raises(Unavailable):
        detector.detect(INPUT)


def test_a_failing_engine_is_unavailable_not_a_crash(spec: ModelSpec) -> None:
    engine = FailingEngine()
    engine.infer = lambda pixels: FakeEngine.infer(engine, pixels)  # type: ignore[method-assign]
    with Detector(spec, engine, queue=4) as detector:
        del engine.infer
        with pytest.raises(Unavailable):
            detector.detect(ModelInput(np.zeros((32, 32), np.uint8), 1.0, (0, 0), (32, 32)))
        assert len(detector.detect(INPUT)) == 1


def test_an_engine_that_cannot_run_is_refused_at_the_start(spec: ModelSpec) -> None:
    with pytest.raises(ModelError, match="does not run"):
        Detector(spec, FailingEngine(), queue=4)


def test_a_network_for_other_regions_is_refused(spec: ModelSpec) -> None:
    with pytest.raises(ModelError, match="2 regions"):
        Detector(spec, FakeEngine(regions=80), queue=4)


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_weights_that_model_json_does_not_name_cannot_be_asked_for(tmp_path: Path, engine: str) -> None:
    content = model_json()
    del content["files"][engine]
    import json

    (tmp_path / "model.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match=engine):
        load_detector(tmp_path, engine)  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_missing_weights_are_named(tmp_path: Path, engine: str) -> None:
    pytest.importorskip(engine, reason=f"{engine} is not installed")
    import json

    (tmp_path / "model.json").write_text(json.dumps(model_json()))
    with pytest.raises(ModelError, match=r"tiny\.(xml|pt) is missing"):
        load_detector(tmp_path, engine)  # type: ignore[arg-type]
