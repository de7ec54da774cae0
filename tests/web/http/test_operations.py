"""What the machine that runs this asks."""

from flask.testing import FlaskClient

from tests.web.conftest import Sender, multipart


def test_alive_and_ready_need_nobody_signed_in(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_without_its_network_the_application_is_alive_and_not_ready(client: FlaskClient, detector) -> None:
    detector.is_ready = False

    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_readings_and_refusals_are_counted(api: Sender, client: FlaskClient, png: bytes) -> None:
    study = api("post", "/studies", **multipart(("a.png", png), ("b.png", b""))).get_json()
    api("post", f"/studies/{study['id']}/images", **multipart(("c.png", png)))

    text = client.get("/metrics").get_data(as_text=True)

    assert 'fracture_readings_total{verdict="fracture"} 2.0' in text
    assert 'fracture_rejected_files_total{code="empty-file"} 1.0' in text
    assert study["id"] not in text


def test_each_application_counts_for_itself(settings, services) -> None:
    from app.web import create_app

    one, other = create_app(settings, services), create_app(settings, services)
    one.test_client().get("/healthz")

    assert "operations.healthz" not in other.test_client().get("/metrics").get_data(as_text=True)
