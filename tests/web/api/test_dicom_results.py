"""Results as DICOM objects: they pass an independent validator, and say what the API says."""

import os
import shutil
import subprocess
import warnings
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from app.imaging import phantom
from app.records import DISCLAIMER
from tests.support.image_files import dataset, dicom
from tests.web.conftest import Sender, image, multipart

KINDS = ("sr", "sc", "gsps")


def radiograph(**more: object) -> bytes:
    """A DICOM radiograph with every UID and a patient."""
    made = dataset(phantom(3, (120, 160)).grey.astype("u2") * 16)
    made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    made.SOPInstanceUID, made.SeriesInstanceUID, made.StudyInstanceUID = (generate_uid() for _ in range(3))
    made.PatientName, made.PatientID, made.Modality = "Doe^Jane", "4711", "CR"
    for name, value in more.items():
        setattr(made, name, value)
    return dicom(made)


def results(api: Sender, raw: bytes, name: str = "a.dcm") -> tuple[dict, dict[str, Dataset], dict[str, bytes]]:
    study = api("post", "/studies", **multipart((name, raw))).get_json()
    base = f"/studies/{study['id']}/images/{study['images'][0]['id']}"
    answers = {kind: api("get", f"{base}/{kind}.dcm") for kind in KINDS}
    files = {kind: answer.get_data() for kind, answer in answers.items() if answer.status_code == 200}
    return study, {kind: dcmread(BytesIO(raw)) for kind, raw in files.items()}, files


def violations(raw: bytes, folder: Path) -> list[str]:
    """Errors that dciodvfy (dicom3tools) reports of an object."""
    tool = shutil.which("dciodvfy")
    if tool is None:
        if os.environ.get("CI"):
            pytest.fail("dciodvfy is not installed")
        pytest.skip("dciodvfy is not installed")
    path = folder / "object.dcm"
    path.write_bytes(raw)
    answer = subprocess.run([tool, str(path)], capture_output=True, text=True, check=False)
    return [line for line in (answer.stdout + answer.stderr).splitlines() if line.startswith("Error")]


def outlines(report: Dataset) -> list[list[float]]:
    """The corners of every SCOORD of a report, columns and rows by turns."""
    found = []
    for item in report.get("ContentSequence", []):
        if item.ValueType == "SCOORD":
            found.append([float(value) for value in item.GraphicData])
        found += outlines(item)
    return found


def texts(report: Dataset) -> list[str]:
    found = [report.TextValue] if report.get("ValueType") == "TEXT" else []
    for item in report.get("ContentSequence", []):
        found += texts(item)
    return found


def corners(box: list[float], wide: float = 1.0) -> list[float]:
    x1, y1, x2, y2 = box[0] * wide, box[1], box[2] * wide, box[3]
    return pytest.approx([x1, y1, x2, y1, x2, y2, x1, y2, x1, y1])


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_passes_an_independent_validator(api: Sender, tmp_path: Path, kind: str) -> None:
    _, _, files = results(api, radiograph())
    assert violations(files[kind], tmp_path) == []


@pytest.mark.parametrize("kind", ["sr", "sc"])
def test_a_result_without_a_source_object_passes_too(api: Sender, tmp_path: Path, kind: str) -> None:
    _, objects, files = results(api, image(), "a.png")
    assert violations(files[kind], tmp_path) == []
    assert objects["sr"].StudyInstanceUID == objects["sc"].StudyInstanceUID
    referenced = objects["sr"].CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    assert referenced.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == objects["sc"].SOPInstanceUID


def test_boxes_read_back_from_the_results_are_those_of_the_api(api: Sender) -> None:
    study, objects, _ = results(api, radiograph())
    boxes = [finding["box_px"] for finding in study["images"][0]["findings"]]
    assert boxes
    assert outlines(objects["sr"]) == [corners(box) for box in boxes]
    drawn = objects["gsps"].GraphicAnnotationSequence[0].GraphicObjectSequence
    assert [[float(value) for value in one.GraphicData] for one in drawn] == [corners(box) for box in boxes]


def test_results_stand_in_the_study_of_their_source_and_refer_to_it(api: Sender) -> None:
    raw = radiograph()
    source = dcmread(BytesIO(raw))
    _, objects, _ = results(api, raw)
    assert {one.StudyInstanceUID for one in objects.values()} == {source.StudyInstanceUID}
    assert {(str(one.PatientName), one.PatientID) for one in objects.values()} == {("Doe^Jane", "4711")}
    assert objects["sc"].SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    series = objects["gsps"].ReferencedSeriesSequence[0]
    assert series.ReferencedImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID


def test_the_same_assessment_gives_the_same_object_and_another_image_another(api: Sender) -> None:
    raw = radiograph()
    study, _, files = results(api, raw)
    base = f"/studies/{study['id']}/images/{study['images'][0]['id']}"
    again = {kind: api("get", f"{base}/{kind}.dcm").get_data() for kind in KINDS}
    uids = {kind: dcmread(BytesIO(file)).SOPInstanceUID for kind, file in again.items()}
    assert uids == {kind: dcmread(BytesIO(file)).SOPInstanceUID for kind, file in files.items()}
    _, others, _ = results(api, raw)
    assert not set(uids.values()) & {one.SOPInstanceUID for one in others.values()}


def test_verdict_and_disclaimer_stand_in_the_report(api: Sender) -> None:
    _, objects, _ = results(api, radiograph())
    said = " ".join(texts(objects["sr"]))
    assert "Fracture likely" in said
    assert DISCLAIMER in said


def test_the_capture_holds_the_radiograph_and_a_strip_below_it(api: Sender) -> None:
    study, objects, _ = results(api, radiograph())
    capture, view = objects["sc"], study["images"][0]
    assert (capture.Columns, capture.Rows > view["height"]) == (view["width"], True)
    assert capture.BurnedInAnnotation == "YES"
    assert capture.pixel_array[view["height"] :].max() > 200


def test_a_presentation_state_wants_a_source_object(api: Sender) -> None:
    study = api("post", "/studies", **multipart(("a.png", image()))).get_json()
    answer = api("get", f"/studies/{study['id']}/images/{study['images'][0]['id']}/gsps.dcm")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "no-source-object")


def test_values_that_are_not_of_their_form_are_left_out(api: Sender, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = radiograph(StudyDate="yesterday", PatientSex="unknown", StudyTime="99")
        _, objects, files = results(api, raw)
    assert objects["sr"].StudyDate == ""
    assert violations(files["sr"], tmp_path) == []
