"""The Python client against the application on a real port."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from clients.python.fracture_client import ApiError, FractureClient
from tests.web.api.test_patients import FULL, file_of


@pytest.fixture
def client(app: Flask, api_token: str) -> Iterator[FractureClient]:
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield FractureClient(f"http://127.0.0.1:{server.server_port}", api_token)
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_study_from_upload_to_deletion(client: FractureClient, tmp_path: Path) -> None:
    (tmp_path / "ä.dcm").write_bytes(FULL)
    (tmp_path / "b.dcm").write_bytes(file_of())

    study = client.create_study([tmp_path / "ä.dcm", tmp_path / "b.dcm"])

    assert [image["name"] for image in study["images"]] == ["ä.dcm", "b.dcm"]
    assert (study["verdict"], study["outcome"]) == ("fracture", None)
    assert [one["id"] for one in client.worklist(patient="döe", limit="1")] == [study["id"]]
    assert client.change_study(study["id"], label="Fall")["label"] == "Fall"
    for image in study["images"]:
        client.add_feedback(study["id"], image["id"], normal=True)
    assert client.study(study["id"])["outcome"] == "none"
    assert client.report_pdf(study["id"]).startswith(b"%PDF")
    client.delete_study(study["id"])
    with pytest.raises(ApiError) as refusal:
        client.study(study["id"])
    assert (refusal.value.status, refusal.value.code) == (404, "study-not-found")


def test_the_worklist_goes_on_over_its_pages_and_a_key_makes_one_study(client: FractureClient, tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(FULL)
    made = {client.create_study([tmp_path / "a.dcm"], idempotency_key=key)["id"] for key in ("one", "two", "one")}

    assert len(made) == 2
    assert {one["id"] for one in client.worklist(limit="1")} == made
