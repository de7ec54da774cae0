"""An export for support holds images and assessments, and nothing that says whose they are."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import pytest
from pydicom import dcmread

from app import imaging
from app.errors import DatasetError, StudyNotFound
from app.records import Actor, Person, Upload
from app.services import Services
from app.usecases.burned_text import BurnedText
from app.usecases.studies.create import create_study
from app.usecases.support import export_for_support
from tests.support.image_files import SECRET
from tests.web.api.test_dicom_results import radiograph

ADMIN = Actor("default", "os:test")


@pytest.fixture
def ada(account: Callable[..., object]) -> Person:
    return account("Ada").person  # type: ignore[attr-defined]


def test_a_study_is_written_without_names(services: Services, ada: Person, tmp_path: Path) -> None:
    png = imaging.render_png(imaging.phantom(4, (160, 128)).grey)
    study = create_study(services, ada, [Upload("Doe.dcm", radiograph()), Upload("Doe.png", png)]).study
    done = export_for_support(services, ADMIN, study.id, tmp_path / "out")
    assert (done.images, done.suspected) == (2, ())
    files = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert sorted(files) == ["assessments.json", "image-1.dcm", "image-2.png"]
    for body in files.values():
        for name in (SECRET, "Doe", "Jane", "4711", study.id, ada.id, "Ada"):
            assert name.encode() not in body
    assert dcmread(BytesIO(files["image-1.dcm"])).PatientIdentityRemoved == "YES"
    told = json.loads(files["assessments.json"])
    assert [one["verdict"] for one in told] == [image.assessment.verdict for image in study.images]
    last = list(services.store.audit.entries("default"))[-1].event
    assert (last.actor, last.action, last.subject) == ("os:test", "support-exported", study.id)


def test_an_image_with_text_is_left_out_or_painted_over(services: Services, ada: Person, tmp_path: Path) -> None:
    grey = imaging.phantom(3, (600, 480)).grey.copy()
    cv2.putText(grey, "DOE JANE 4711", (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1, cv2.LINE_AA)
    study = create_study(services, ada, [Upload("a.png", imaging.render_png(grey))]).study
    done = export_for_support(services, ADMIN, study.id, tmp_path / "one")
    assert (done.images, done.suspected) == (0, (study.images[0].id,))
    done = export_for_support(services, ADMIN, study.id, tmp_path / "two", BurnedText("paint-over"))
    assert (done.images, done.painted) == (1, 1)


def test_a_folder_in_use_and_a_study_of_another_tenant_are_refused(
    services: Services, ada: Person, tmp_path: Path
) -> None:
    study = create_study(services, ada, [Upload("a.dcm", radiograph())]).study
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "a").touch()
    with pytest.raises(DatasetError):
        export_for_support(services, ADMIN, study.id, tmp_path / "used")
    with pytest.raises(StudyNotFound):
        export_for_support(services, Actor("north", "os:test"), study.id, tmp_path / "new")
    assert not (tmp_path / "new").exists()
