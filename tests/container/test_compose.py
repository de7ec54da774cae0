"""What compose.yaml describes, run for real: PostgreSQL, the app and the TLS proxy, and the commands of the docs."""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.imaging import phantom, render_png
from scripts import make_secrets
from tests.container.conftest import IMAGE
from tests.container.test_image import CLIENT
from tests.support.compose import Compose
from tests.support.container_engine import Engine

# The first test of the folder waits for the image.
pytestmark = [pytest.mark.container, pytest.mark.slow, pytest.mark.timeout(1800)]

FLASK = ("exec", "app", "flask", "--app", "wsgi")
PROXY = "https://127.0.0.1:8443"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `secrets`, as docs/deployment.md has it made."""
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    make_secrets.make(folder)
    names = ("-keyout", folder / "tls_key", "-out", folder / "tls_certificate", "-subj", "/CN=localhost")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names], check=True, capture_output=True
    )
    (folder / "tls_key").chmod(0o444)
    for name, source in (
        ("dicom_certificate", "tls_certificate"),
        ("dicom_key", "tls_key"),
        ("dicom_ca", "tls_certificate"),
    ):
        shutil.copy(folder / source, folder / name)
    return folder


@pytest.fixture(scope="module")
def compose(engine: Engine, services_image: str, secrets: Path) -> Iterator[Compose]:
    """The services, up and healthy, in the order in which they depend on each other."""
    images = {"database": services_image, "app": IMAGE, "dicom": IMAGE, "proxy": services_image}
    compose = Compose(
        engine, images, secrets, {"RETENTION_DAYS": "1", "DETECTOR_THREADS": "1", "DICOM_SENDERS": "ECHO=default"}
    )
    names = ("database", "app", "dicom", "proxy")
    for name in names:
        compose.up(name)
        if name == "database":
            compose.wait_until_healthy(name)
        elif name == "app":
            wait_until_ready(engine)
    yield compose
    for name in reversed(names):
        engine.remove(name)


def wait_until_ready(engine: Engine) -> None:
    ask = "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"
    engine.wait_until(lambda: engine.python("app", ask))


@pytest.fixture(scope="module")
def token(engine: Engine, compose: Compose) -> str:
    engine.podman(*FLASK, "people", "add", "alice", "--role", "clinician", "--no-password")
    return engine.podman(*FLASK, "tokens", "add", "alice").strip()


def send(engine: Engine, token: str, seed: int) -> dict[str, Any]:
    """Send a radiograph through the TLS proxy."""
    write = "import sys, pathlib, base64; pathlib.Path('/tmp/x.png').write_bytes(base64.b64decode(sys.argv[1]))"
    engine.python("app", write, base64.b64encode(render_png(phantom(seed).grey)).decode())
    study: dict[str, Any] = json.loads(engine.python("app", CLIENT, PROXY, token, "/tmp/x.png"))
    return study


def test_an_upload_through_the_proxy_is_inferred_and_stored_sealed_in_postgresql(
    engine: Engine, compose: Compose, token: str
) -> None:
    study = send(engine, token, 1)
    assert study["images"]
    query = ("psql", "--username=fractures", "--dbname=fractures", "--tuples-only", "--command=SELECT id FROM studies")
    assert str(study["id"]) in engine.podman("exec", "database", *query)


def test_the_proxy_keeps_metrics_to_itself_and_sends_http_to_https(engine: Engine, compose: Compose) -> None:
    ask = "import sys, http.client as h; c = h.HTTPConnection('127.0.0.1', 8080); c.request('GET', '/'); "
    ask += "r = c.getresponse(); print(r.status, r.getheader('Location'))"
    assert engine.python("app", ask).split()[0] == "308"
    ask = "import ssl, http.client as h; context = ssl._create_unverified_context(); "
    ask += "c = h.HTTPSConnection('127.0.0.1', 8443, context=context); c.request('GET', '/metrics'); "
    ask += "print(c.getresponse().status)"
    assert engine.python("app", ask).strip() == "403"


def test_the_dicom_node_answers_to_a_certificate_of_its_authority_alone(engine: Engine, compose: Compose) -> None:
    ask = """
import ssl, sys
from pynetdicom import AE
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.load_verify_locations("/run/secrets/dicom_ca")
if "certificate" in sys.argv:
    context.load_cert_chain("/run/secrets/dicom_certificate", "/run/secrets/dicom_key")
caller = AE("ECHO")
caller.add_requested_context("1.2.840.10008.1.1")
association = caller.associate("127.0.0.1", 11112, ae_title="FRACTURES", tls_args=(context, None))
assert association.is_established
print(association.send_c_echo().Status)
association.release()
"""
    engine.wait_until(lambda: engine.python("dicom", ask, "certificate"))
    assert engine.python("dicom", ask, "certificate").strip() == "0"
    with pytest.raises(AssertionError):
        engine.python("dicom", ask)


def test_a_new_master_key_seals_and_the_old_one_still_opens(
    engine: Engine, compose: Compose, token: str, secrets: Path
) -> None:
    study = send(engine, token, 2)
    make_secrets.add_master_key(secrets / "master_keys")
    assert engine.stop("app", compose.grace_s("app")) == 0
    engine.remove("app")
    compose.up("app")
    wait_until_ready(engine)
    said = engine.podman(*FLASK, "keys", "rotate", "--no-new")
    assert re.search(r"[1-9]", said)
    page = "import sys, urllib.request as u; r = u.Request(sys.argv[1], headers={'Authorization': sys.argv[2]}); "
    page += "print(u.urlopen(r, timeout=60).status)"
    address = f"http://127.0.0.1:8000/api/v1/studies/{study['id']}"
    assert engine.python("app", page, address, f"Bearer {token}").strip() == "200"


def test_feedback_retention_and_audit_are_one_command_each(engine: Engine, compose: Compose, token: str) -> None:
    study = send(engine, token, 3)
    answer = "import sys, urllib.request as u; r = u.Request(sys.argv[1], data=sys.argv[2].encode(), method='POST', "
    answer += "headers={'Authorization': sys.argv[3], 'Content-Type': 'application/json'}); u.urlopen(r, timeout=60)"
    address = f"http://127.0.0.1:8000/api/v1/studies/{study['id']}/images/{study['images'][0]['id']}/feedback"
    engine.python("app", answer, address, json.dumps({"findings": [], "normal": True}), f"Bearer {token}")
    engine.podman(*FLASK, "feedback", "export", "/data/corrections")
    assert "data.yaml" in engine.podman("exec", "app", "ls", "/data/corrections")
    engine.podman(*FLASK, "retention", "purge")
    engine.podman(*FLASK, "audit", "verify")


def test_everything_ends_on_its_own_within_its_grace(engine: Engine, compose: Compose) -> None:
    for name in ("proxy", "dicom", "app", "database"):
        assert engine.stop(name, compose.grace_s(name)) == 0, name
