"""Everything about one patient is exported, or erased with its keys, and nothing of anybody else."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.config import Settings
from app.errors import ConfigError, NotFound, StudyHeld, StudyNotFound, TenantNotFound
from app.records import Actor, Person, Upload
from app.services import Services
from app.usecases.administration import people
from app.usecases.administration.audit_record import broken_entry
from app.usecases.feedback.review import add_feedback
from app.usecases.patients.rights import erase_patient, export_patient, hold_patient
from app.usecases.studies.bin import delete_study
from app.usecases.studies.create import create_study
from app.usecases.studies.show import get_study
from tests.support.image_files import dataset, dicom

OFFICER = Actor("default", "os:officer")
PIXELS = np.linspace(0, 255, 160 * 120).reshape(120, 160).astype("u1")


def file_of(number: str) -> bytes:
    return dicom(dataset(PIXELS, PatientName="Doe^Jane", PatientID=number))


@pytest.fixture
def ada(services: Services) -> Person:
    return people.add_person(services, OFFICER, "Ada", "clinician", None)


@pytest.fixture
def studies(services: Services, ada: Person) -> list[str]:
    """Two studies of patient 4711, one of 4712 and one of nobody known."""
    numbers = ("4711", "4711", "4712")
    made = [create_study(services, ada, [Upload("a.dcm", file_of(number))]).study for number in numbers]
    add_feedback(services, ada, made[0].id, made[0].images[0].id, [], normal=True, comment="Old callus.")
    return [study.id for study in made]


def test_an_export_holds_every_study_with_its_files_answers_terms_and_report(
    services: Services, studies: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "export"
    assert export_patient(services, OFFICER, " 4711", out) == 2
    assert {folder.name for folder in out.iterdir()} == set(studies[:2])
    folder = out / studies[0]
    assert (folder / "image-1.dcm").read_bytes() == file_of("4711")
    content = json.loads((folder / "study.json").read_text())
    assert (content["patient"]["id"], len(content["images"])) == ("4711", 1)
    assert content["index_terms"]
    assert json.loads((folder / "feedback.json").read_text())[0]["comment"] == "Old callus."
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")
    assert out.stat().st_mode & 0o077 == 0
    entered = [entry.event for entry in services.store.audit.entries("default")][-2:]
    assert {(event.actor, event.action, event.subject) for event in entered} == {
        ("os:officer", "patient-exported", study) for study in studies[:2]
    }
    with pytest.raises(ConfigError, match="not an empty folder"):
        export_patient(services, OFFICER, "4711", out)


def test_erasing_removes_the_patients_studies_from_the_disk_and_leaves_the_others(
    services: Services, ada: Person, studies: list[str], settings: Settings
) -> None:
    wrapped = services.store.studies.get("default", studies[0]).wrapped_key
    database = Path(settings.database_url.removeprefix("sqlite:///"))
    assert erase_patient(services, OFFICER, "4711") == 2
    for study in studies[:2]:
        with pytest.raises(StudyNotFound):
            get_study(services, ada, study)
    assert get_study(services, ada, studies[2]).patient
    assert not any(wrapped in path.read_bytes() for path in database.parent.glob("fractures.db*"))
    assert broken_entry(services, "default") is None
    with pytest.raises(NotFound):
        erase_patient(services, OFFICER, "4711")


def test_a_patients_studies_in_the_bin_are_exported_and_erased_too(
    services: Services, ada: Person, studies: list[str], tmp_path: Path
) -> None:
    delete_study(services, ada, studies[0])
    assert export_patient(services, OFFICER, "4711", tmp_path / "export") == 2
    assert erase_patient(services, OFFICER, "4711") == 2
    assert services.store.bin.page("default", 9).entries == ()


def test_a_legal_hold_keeps_every_study_until_it_ends(services: Services, ada: Person, studies: list[str]) -> None:
    assert hold_patient(services, OFFICER, "4711", is_held=True) == 2
    with pytest.raises(StudyHeld):
        erase_patient(services, OFFICER, "4711")
    with pytest.raises(StudyHeld):
        delete_study(services, ada, studies[1])
    assert [get_study(services, ada, study).id for study in studies] == studies
    hold_patient(services, OFFICER, "4711", is_held=False)
    assert erase_patient(services, OFFICER, "4711") == 2
    actions = [entry.event.action for entry in services.store.audit.entries("default")]
    assert (actions.count("study-held"), actions.count("study-released")) == (2, 2)


def test_another_tenants_patient_of_the_same_number_is_untouched(
    services: Services, studies: list[str], tmp_path: Path
) -> None:
    people.add_tenant(services, "os:test", "north")
    for act in (
        lambda: erase_patient(services, Actor("north", "os:officer"), "4711"),
        lambda: export_patient(services, Actor("north", "os:officer"), "4711", tmp_path / "x"),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(TenantNotFound):
        erase_patient(services, Actor("nort", "os:officer"), "4711")
    assert len(services.store.studies.page("default", 10).studies) == 3
