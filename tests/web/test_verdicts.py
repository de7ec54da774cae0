"""One table: what each verdict is called on the page, in the API, on the worklist and in the report."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pytest
from flask.testing import FlaskClient
from pydicom import dcmread

from app import imaging
from tests.support.fakes import FakeDetector
from tests.support.read_pdf import read_pdf
from tests.web.conftest import Sender, image, multipart

NOISE = imaging.render_png(np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8))
BLANK = imaging.render_png(np.zeros((200, 200), np.uint8))


@dataclass(frozen=True)
class Row:
    """Files and scores, and what must be said of the study."""

    files: tuple[bytes, ...]
    score: float
    verdict: str
    words: str
    boxes: int


TABLE = [
    Row((image(),), 0.9, "fracture", "Fracture likely", 1),
    Row((image(),), 0.4, "possible", "Fracture possible", 1),
    Row((image(),), 0.1, "none", "No fracture found", 0),
    Row((NOISE,), 0.9, "not-assessed", "Not assessed", 0),
    # The worst of the views, and never "none" while one was not assessed.
    Row((image(), BLANK), 0.1, "not-assessed", "Not assessed", 0),
    Row((image(), NOISE), 0.4, "possible", "Fracture possible", 1),
]


@pytest.fixture(params=TABLE, ids=lambda row: f"{row.verdict}-{len(row.files)}")
def row(request: pytest.FixtureRequest, detector: FakeDetector) -> Row:
    detector.scores_of = {"wrist": request.param.score}
    return request.param


@pytest.fixture
def study(api: Sender, row: Row) -> dict:
    files = [(f"{number}.png", raw) for number, raw in enumerate(row.files)]
    answer = api("post", "/studies", **multipart(*files))
    assert answer.status_code == 201
    return answer.get_json()


def test_the_api_names_it_with_its_reason_and_shows_no_box_of_what_is_not_assessed(row: Row, study: dict) -> None:
    assert study["verdict"] == row.verdict
    assert sum(len(view["findings"]) for view in study["images"]) == row.boxes
    for view in study["images"]:
        assert (view["reason"] is not None) == (view["verdict"] == "not-assessed")
        assert 0 <= view["score"] <= 1
        assert view["overruled"] is None


def test_the_page_the_worklist_and_the_report_say_the_same(
    row: Row, study: dict, api: Sender, signed_in: FlaskClient
) -> None:
    assert row.words in signed_in.get(f"/studies/{study['id']}").text.split("</title>")[0]
    assert row.words in read_pdf(api("get", f"/studies/{study['id']}/report.pdf").data).text
    assert f"chip {row.verdict}" in signed_in.get("/studies").text
    listed = api("get", f"/worklist?verdict={row.verdict}").get_json()["studies"]
    assert [one["id"] for one in listed] == [study["id"]]
    others = {"fracture", "possible", "pending", "not-assessed", "none"} - {row.verdict}
    assert not any(api("get", f"/worklist?verdict={other}").get_json()["studies"] for other in others)


def test_every_format_for_other_systems_says_why_an_image_is_not_assessed(api: Sender) -> None:
    study = api("post", "/studies", **multipart(("a.png", BLANK))).get_json()
    path = f"/studies/{study['id']}"
    sr = dcmread(BytesIO(api("get", f"{path}/images/{study['images'][0]['id']}/sr.dcm").data))
    observations = [entry["resource"] for entry in api("get", f"{path}/fhir.json").get_json()["entry"][1:2]]
    said = {
        "sr": sr.to_json(),
        "fhir": observations[0]["component"][1]["valueString"],
        "hl7": api("get", f"{path}/hl7").text,
    }
    why = "It shows nearly one grey."
    assert study["images"][0]["reason"] == "no-content"
    assert {name: why in text for name, text in said.items()} == dict.fromkeys(said, True)


def test_what_is_not_assessed_stands_above_what_shows_nothing(api: Sender, detector: FakeDetector) -> None:
    detector.scores_of = {"wrist": 0.2}
    for raw in (NOISE, image()):
        api("post", "/studies", **multipart(("a.png", raw)))
    assert [one["verdict"] for one in api("get", "/worklist").get_json()["studies"]] == ["not-assessed", "none"]


def test_a_clinician_overrules_and_who_and_when_stay(api: Sender, signed_in: FlaskClient) -> None:
    study = api("post", "/studies", **multipart(("a.png", NOISE))).get_json()
    path = f"/studies/{study['id']}/images/{study['images'][0]['id']}/assess"
    assert "Assess anyway" in signed_in.get(f"/studies/{study['id']}").text

    [view] = api("post", path).get_json()["images"]

    assert (view["verdict"], view["reason"]) == ("fracture", "no-structure")
    assert (view["overruled"]["person_name"], view["overruled"]["at"]) == ("Ada", "2026-11-23T09:30:00Z")
    assert len(view["findings"]) == 2
    assert api("get", f"/studies/{study['id']}").get_json()["verdict"] == "fracture"
    assert "Assessed anyway: Ada" in signed_in.get(f"/studies/{study['id']}").text
    assert "Assessed anyway: Ada" in " ".join(
        read_pdf(api("get", f"/studies/{study['id']}/report.pdf").data).text.split()
    )
    assert api("post", path).status_code == 400
