"""One way of a radiograph: uploads, folders and the evaluation say the same of the same bytes."""

from app.config import Limits
from app.imaging import InProcessDecoder, drawn_sample
from app.records import DRAWN_SAMPLE
from app.usecases.batch.infer_files import infer_source
from app.usecases.batch.sources import open_source
from app.usecases.studies.infer import infer, infer_radiograph
from tests.support.fakes import FakeDetector


def test_a_folder_and_an_upload_get_the_same_assessment(tmp_path):
    png = drawn_sample(1).png
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(png)
    assessment = infer(FakeDetector(), lambda: png, InProcessDecoder(Limits())).assessment
    with open_source(tmp_path / "in", tmp_path / "out") as source:
        [outcome] = infer_source(FakeDetector(), source, tmp_path / "out", Limits())
    assert outcome.assessment is not None
    assert outcome.assessment["verdict"] == assessment.verdict == "fracture"
    assert outcome.assessment["score"] == assessment.score
    assert len(outcome.assessment["findings"]) == len(assessment.findings) == 2


def test_the_inference_keeps_the_bytes_the_detections_and_every_time():
    png = drawn_sample(1).png
    inference = infer(FakeDetector(), lambda: png, InProcessDecoder(Limits()), remarks=(DRAWN_SAMPLE,))
    assert inference.raw == png
    assert inference.detections == infer_radiograph(FakeDetector(), inference.radiograph)[0]
    assert inference.assessment.warnings[0] == DRAWN_SAMPLE
    times = inference.assessment.timing_ms
    assert times.total >= max(times.open, times.decode, times.detect) >= 0
    assert (inference.assessment.height, inference.assessment.width) == inference.radiograph.grey.shape


def test_the_bytes_of_an_inference_are_not_in_its_representation():
    png = drawn_sample(1).png
    assert "PNG" not in repr(infer(FakeDetector(), lambda: png, InProcessDecoder(Limits())))
