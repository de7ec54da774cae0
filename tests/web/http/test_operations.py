"""What the machine that runs this asks."""

import numpy as np
from flask.testing import FlaskClient

from app.detection import Reference
from app.detection.drift import FEWEST
from app.errors import Unavailable
from app.services import Services
from app.usecases.studies.receive import receive_file
from app.web.http.metrics import Metrics, State
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

    assert 'fracture_assessments_total{verdict="fracture"} 2.0' in text
    assert 'fracture_rejected_files_total{code="empty-file"} 1.0' in text
    assert study["id"] not in text


def test_the_load_of_the_engine_and_the_model_that_serves_are_told(client: FlaskClient) -> None:
    text = client.get("/metrics").get_data(as_text=True)

    assert "fracture_queue_depth 0.0" in text
    assert "fracture_queue_limit 32.0" in text
    assert "fracture_engine_busy_seconds_total 1.5" in text
    assert f'fracture_model_info{{engine="fake",name="fake",sha256="{"ab" * 32}",version="7"}} 1.0' in text
    assert "process_resident_memory_bytes" in text


def test_images_that_wait_are_counted_and_a_database_that_is_away_hides_nothing_else(
    services: Services, client: FlaskClient, png: bytes
) -> None:
    receive_file(services, "default", "a.png", png)
    assert "fracture_pending_images 1.0" in client.get("/metrics").get_data(as_text=True)

    def away() -> int:
        raise Unavailable

    text = Metrics(None, State(services.detector, away)).text()

    assert b"fracture_pending_images NaN" in text
    assert b"fracture_queue_depth 0.0" in text


def test_the_drift_of_scores_is_a_gauge_without_a_value_for_too_few_images(client: FlaskClient) -> None:
    assert "fracture_score_drift NaN" in client.get("/metrics").get_data(as_text=True)


def test_the_drift_of_the_latest_scores_is_counted(api: Sender, app, png: bytes) -> None:
    metrics = Metrics(Reference(np.array([0.1, 0.2]), np.array([0.0, 0.1]), prevalence=0.3, images=700))
    app.extensions["metrics"] = metrics
    for _ in range(FEWEST // 5):
        api("post", "/studies", **multipart(*[(f"{number}.png", png) for number in range(5)]))

    # The fake's score, 0.8 or so, exceeds every score of the reference.
    assert b"fracture_score_drift 1.0" in metrics.text()


def test_each_application_counts_for_itself(settings, services) -> None:
    from app.web import create_app

    one, other = create_app(settings, services), create_app(settings, services)
    one.test_client().get("/healthz")

    assert "operations.healthz" not in other.test_client().get("/metrics").get_data(as_text=True)
