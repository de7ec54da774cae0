"""Signed reports: kept as they were signed, versioned, and never of a study that has changed meanwhile."""

import hashlib
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.errors import StaleReport
from app.records import Upload
from app.services import Services
from app.usecases.patients.edit import Changes, edit_study
from app.usecases.reports.report import sign_report, study_state
from app.usecases.studies.create import create_study
from tests.conftest import Account
from tests.support.read_pdf import read_pdf
from tests.web.api.test_patients import FULL
from tests.web.api.test_refusals import refused
from tests.web.conftest import Sender, form_token, multipart


@pytest.fixture
def study(api: Sender, png: bytes) -> dict[str, Any]:
    return api("post", "/studies", **multipart(("a.png", png))).get_json()


def test_a_report_is_signed_kept_and_amended(api: Sender, study: dict[str, Any]) -> None:
    path = f"/studies/{study['id']}/reports"
    assert api("get", path).get_json()["reports"] == []

    first = api("post", path, json={"statement": "Nothing."})
    second = api("post", path, json={"statement": "A fracture after all."})

    assert (first.status_code, second.status_code) == (201, 201)
    assert [one["version"] for one in api("get", path).get_json()["reports"]] == [2, 1]
    kept = [api("get", f"{path}/{version}.pdf") for version in (1, 2)]
    for answer, signed in zip(kept, (first, second), strict=True):
        assert hashlib.sha256(answer.data).hexdigest() == signed.get_json()["sha256"]
        assert signed.get_json()["name"] == "Ada"
    assert "Nothing." in read_pdf(kept[0].data).text
    assert "It replaces version 1." in read_pdf(kept[1].data).text


def test_a_program_signs_what_its_person_saw_and_nothing_newer(api: Sender, study: dict[str, Any]) -> None:
    path = f"/studies/{study['id']}/reports"
    seen = api("get", path).get_json()["state"]
    api("patch", f"/studies/{study['id']}", json={"label": "Trauma"})

    assert refused(api("post", path, json={"seen": seen}), 409, "stale-report")
    assert api("get", path).get_json()["reports"] == []
    assert api("post", path, json={"seen": api("get", path).get_json()["state"]}).status_code == 201


@pytest.mark.parametrize("version", ["0", "1", "99999999999999999999"])
def test_a_version_that_is_none_is_not_found(api: Sender, study: dict[str, Any], version: str) -> None:
    assert refused(api("get", f"/studies/{study['id']}/reports/{version}.pdf"), 404, "not-found")


def test_a_stale_report_is_not_signed(services: Services, ada: Account, png: bytes) -> None:
    study = create_study(services, ada.person, [Upload("a.png", png)]).study
    seen = study_state(services, ada.person, study.id)
    edit_study(services, ada.person, study.id, Changes(label="Changed"))

    with pytest.raises(StaleReport):
        sign_report(services, ada.person, study.id, "Seen.", seen=seen)
    assert services.store.decisions.reports("default", study.id) == ()


def test_a_report_is_signed_on_the_page(signed_in: FlaskClient, services: Services, ada: Account, png: bytes) -> None:
    study = create_study(services, ada.person, [Upload("a.png", png)]).study
    path = f"/studies/{study.id}"
    fields = {
        "csrf_token": form_token(signed_in, path),
        "statement": "Seen.",
        "seen": study_state(services, ada.person, study.id),
    }

    assert signed_in.post(f"{path}/reports", data=fields).status_code == 303

    assert "signed by Ada" in signed_in.get(path).get_data(as_text=True)
    assert "Seen." in read_pdf(signed_in.get(f"{path}/reports/1").data).text
    edit_study(services, ada.person, study.id, Changes(label="Changed"))
    assert signed_in.post(f"{path}/reports", data=fields).status_code == 409


def test_the_files_name_has_the_patients_number_and_the_day(api: Sender) -> None:
    study = api("post", "/studies", **multipart(("a.dcm", FULL))).get_json()

    answer = api("get", f"/studies/{study['id']}/report.pdf")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="report-MRN-4711-2026-11-20.pdf"'
    assert "Döe, Jané Marie" in read_pdf(answer.data).pages[0]
