"""The page that tells an admin how often readers agree with the software."""

from flask.testing import FlaskClient

from app.records import Actor
from app.usecases.administration import people
from tests.support.access import use_link
from tests.web.pages.test_feedback import BELOW, BOX, answer
from tests.web.pages.test_studies import send


def test_an_admin_sees_the_agreement_and_the_way_to_it(client: FlaskClient, services, png: bytes) -> None:
    people.add_person(services, Actor("default", "test"), "Root", "admin", None)
    use_link(client, people.add_link(services, Actor("default", "test"), "Root"))
    empty = client.get("/agreement").get_data(as_text=True)
    assert "No reader has answered yet." in empty
    assert "From 50 images on" in empty
    study = send(client, ("a.png", png)).headers["Location"]
    answer(client, study, **{"finding-1": f"confirmed {BOX} wrist", "finding-2": f"rejected {BELOW} elbow"})

    page = client.get("/agreement").get_data(as_text=True)

    assert page.split('id="readers"')[0].count("<tr>") == 3
    assert "November 2026</th>" in page
    assert "100%" in page
    assert 'href="/agreement"' in client.get("/people").get_data(as_text=True)


def test_a_clinician_is_refused_and_not_led_there(signed_in: FlaskClient) -> None:
    assert signed_in.get("/agreement").status_code == 403
    assert "/agreement" not in signed_in.get("/").get_data(as_text=True)


def test_a_stranger_is_sent_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/agreement").status_code == 303
