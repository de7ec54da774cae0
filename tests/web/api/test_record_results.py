"""Results for record systems: valid by the models of others, and saying what the API says."""

import json
from datetime import UTC, datetime

import pytest
from fhir.resources.R4B.bundle import Bundle
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from app.records import DISCLAIMER, Assessment, Finding, ModelVersion, Patient, Study, StudyImage, Timing
from app.reports.fhir import fhir_bundle
from app.reports.hl7 import escape, oru_message
from tests.support.fakes import FakeClock
from tests.web.conftest import Sender, image, multipart


@pytest.fixture
def study() -> Study:
    """A study of a known patient with one view and one finding."""
    at = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    finding = Finding("wrist", 0.87, "definite", (10.0, 20.0, 30.5, 40.0))
    timing = Timing(0.0, 1.0, 2.0, 3.0)
    assessment = Assessment(ModelVersion("m", "1", "ab" * 32), 160, 120, "fracture", 0.87, (finding,), timing)
    patient = Patient("Doe^Jane", "47|11", "1980-02-29", "F")
    return Study("s1", "default", at, "p1", (StudyImage("i1", "a.png", at, assessment),), patient)


def made(api: Sender) -> dict:
    return api("post", "/studies", **multipart(("a.png", image()))).get_json()


def test_the_bundle_is_valid_and_every_reference_resolves(api: Sender) -> None:
    study = made(api)
    answer = api("get", f"/studies/{study['id']}/fhir.json")
    assert answer.content_type == "application/fhir+json; charset=utf-8"
    bundle = Bundle.model_validate_json(answer.get_data())
    there = {entry.fullUrl for entry in bundle.entry}
    text = answer.get_data(as_text=True)
    asked = {part.split('"')[0] for part in text.split('"reference":"')[1:]}
    assert asked
    assert asked <= there


def test_each_finding_is_an_observation_with_region_certainty_and_box(api: Sender) -> None:
    study = made(api)
    bundle = api("get", f"/studies/{study['id']}/fhir.json").get_json()
    findings = study["images"][0]["findings"]
    resources = [entry["resource"] for entry in bundle["entry"]]
    observations = [one for one in resources if one["resourceType"] == "Observation" and "bodySite" in one]
    assert len(observations) == len(findings) > 0
    for finding, one in zip(findings, observations, strict=True):
        certainty, box = one["component"]
        assert certainty["valueQuantity"]["value"] == round(finding["confidence"] * 100, 1)
        assert [float(part) for part in box["valueString"].split(", ")] == finding["box_px"]
        assert one["bodySite"]["coding"][0]["system"] == "http://snomed.info/sct"


def test_an_unsigned_report_is_preliminary_and_carries_the_disclaimer(api: Sender) -> None:
    bundle = api("get", f"/studies/{made(api)['id']}/fhir.json").get_json()
    report = bundle["entry"][0]["resource"]
    assert (report["resourceType"], report["status"]) == ("DiagnosticReport", "preliminary")
    assert DISCLAIMER in report["conclusion"]


def test_results_are_final_once_signed_and_preliminary_again_after_another_view(api: Sender, clock: FakeClock) -> None:
    study_id = made(api)["id"]

    def status() -> tuple[str, str]:
        report = api("get", f"/studies/{study_id}/fhir.json").get_json()["entry"][0]["resource"]
        message = api("get", f"/studies/{study_id}/hl7").get_data(as_text=True)
        return report["status"], next(line for line in message.split("\r") if line.startswith("OBX")).split("|")[11]

    clock.pass_(minutes=1)
    assert api("post", f"/studies/{study_id}/reports", json={"statement": "Seen."}).status_code == 201
    assert status() == ("final", "F")
    clock.pass_(minutes=1)
    assert api("post", f"/studies/{study_id}/images", **multipart(("b.png", image()))).status_code == 201
    assert status() == ("preliminary", "P")


def test_a_patient_is_named_in_both(study: Study) -> None:
    bundle = json.loads(fhir_bundle(study, "Seen.", is_final=True))
    patient = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Patient")
    assert patient["name"] == [{"family": "Doe", "given": ["Jane"]}]
    assert (patient["birthDate"], patient["gender"]) == ("1980-02-29", "female")
    assert bundle["entry"][0]["resource"]["status"] == "final"
    message = parse_message(oru_message(study, "Seen.", study.created_at, is_final=True), find_groups=False)
    assert (message.pid.pid_5.pid_5_2.value, message.pid.pid_7.value) == ("Jane", "19800229")


def test_the_message_is_valid_and_holds_a_segment_for_each_value(api: Sender) -> None:
    study = made(api)
    text = api("get", f"/studies/{study['id']}/hl7").get_data(as_text=True)
    message = parse_message(text, validation_level=VALIDATION_LEVEL.STRICT)
    assert message.validate()
    observations = [line.split("|") for line in text.split("\r") if line.startswith("OBX")]
    assert [int(fields[1]) for fields in observations] == list(range(1, len(observations) + 1))
    assert len(observations) == 3 + 2 * len(study["images"][0]["findings"])
    assert {fields[11] for fields in observations} == {"P"}


def test_a_delimiter_in_a_value_never_ends_a_field() -> None:
    assert escape("a|b^c&d~e\\f\n") == "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\.br\\"
