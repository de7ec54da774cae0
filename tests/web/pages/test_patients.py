"""The study's page says whose study it is, takes what a clinician types, and leads with the readers' decision."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.records import Actor, Mark, Study, Upload
from app.services import Services
from app.usecases.administration import people
from app.usecases.feedback.review import add_feedback
from app.usecases.studies.create import create_study
from tests.conftest import Account
from tests.support.access import use_link
from tests.web.api.test_patients import FULL, file_of
from tests.web.conftest import form_token

TYPED = {
    "family": "Roe",
    "given": "Richard Tom",
    "number": "12",
    "birth_date": "1970-02-28",
    "sex": "M",
    "label": "Fall",
}


@pytest.fixture
def study(services: Services, ada: Account, png: bytes) -> Study:
    return create_study(services, ada.person, [Upload("a.png", png)]).study


def page_of(client: FlaskClient, path: str) -> str:
    return client.get(path).get_data(as_text=True)


def test_the_strip_shows_patient_and_examination(signed_in: FlaskClient, services: Services, ada: Account) -> None:
    study = create_study(services, ada.person, [Upload("a.dcm", FULL)]).study

    page = page_of(signed_in, f"/studies/{study.id}")

    for words in ("Döe, Jané Marie", "MRN 4711", "Dec 31, 1980", "female", "WRIST left", "A-77", "Nov 20, 2026"):
        assert words in page.replace("31 Dec 1980", "Dec 31, 1980").replace("20 Nov 2026", "Nov 20, 2026"), words
    assert "Döe, Jané Marie" in page_of(signed_in, "/studies")


def test_a_patient_is_typed(signed_in: FlaskClient, study: Study) -> None:
    path = f"/studies/{study.id}"
    assert "Patient not known" in page_of(signed_in, path)

    answer = signed_in.post(f"{path}/patient", data={**TYPED, "csrf_token": form_token(signed_in)})

    assert answer.status_code == 303
    page = page_of(signed_in, path)
    assert "Roe, Richard Tom" in page
    assert 'value="Richard Tom"' in page


def test_a_typed_day_that_is_none_is_refused_in_words(signed_in: FlaskClient, study: Study) -> None:
    data = {**TYPED, "birth_date": "1970-02-31", "csrf_token": form_token(signed_in)}

    answer = signed_in.post(f"/studies/{study.id}/patient", data=data)

    assert answer.status_code == 422
    assert "birth_date must be a day" in answer.get_data(as_text=True)


def test_other_studies_of_the_patient_are_one_click_away(
    signed_in: FlaskClient, services: Services, ada: Account
) -> None:
    first, second = (create_study(services, ada.person, [Upload("a.dcm", FULL)]).study for _ in range(2))
    other = create_study(services, ada.person, [Upload("b.dcm", file_of(number="9"))]).study

    page = page_of(signed_in, f"/studies/{second.id}")

    assert f'href="/studies/{first.id}"' in page
    assert f'href="/studies/{other.id}"' not in page


@pytest.mark.parametrize("wanted", ["döe", "4711", "a-77"])
def test_a_search_for_a_patient_leaves_no_name_in_address_or_cookie(
    signed_in: FlaskClient, services: Services, ada: Account, study: Study, wanted: str
) -> None:
    found = create_study(services, ada.person, [Upload("a.dcm", FULL)]).study

    answer = signed_in.post("/studies/search", data={"q": wanted, "csrf_token": form_token(signed_in)})

    assert wanted not in answer.headers["Location"]
    page = page_of(signed_in, answer.headers["Location"])
    assert f'data-study="{found.id}"' in page
    assert f'data-study="{study.id}"' not in page
    assert "searched for" in page


def test_the_decision_leads_and_a_disagreement_is_closed(
    signed_in: FlaskClient, services: Services, ada: Account, account: Callable[..., Account], study: Study
) -> None:
    image, path = study.images[0], f"/studies/{study.id}"
    add_feedback(services, ada.person, study.id, image.id, [], normal=True)
    page = page_of(signed_in, path)
    assert page.index("No fracture (decided)") < page.index("Fracture likely", page.index("<main"))
    finding = image.assessment.findings[0]
    mark = Mark(finding.region, finding.box_px, "confirmed")
    add_feedback(services, account("Bob").person, study.id, image.id, [mark])
    assert "Readers differ" in page_of(signed_in, path)
    assert "Readers differ" in page_of(signed_in, "/studies?outcome=disputed")

    data = {"outcome": "fracture", "comment": "Seen together", "csrf_token": form_token(signed_in)}
    assert signed_in.post(f"{path}/outcome", data=data).status_code == 303

    page = page_of(signed_in, path)
    assert "Fracture (decided)" in page
    assert "Closed by Ada" in page
    assert signed_in.post(f"{path}/outcome", data=data).status_code == 409


def test_another_tenants_study_is_not_found(
    client: FlaskClient, services: Services, account: Callable[..., Account], study: Study
) -> None:
    eve = account("Eve", tenant="north").person
    use_link(client, people.add_link(services, Actor("north", "test"), eve.name))
    data = {**TYPED, "csrf_token": form_token(client)}

    assert client.post(f"/studies/{study.id}/patient", data=data).status_code == 404
