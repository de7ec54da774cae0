"""The Dockerfile and compose.yaml, read: no docker engine is needed to see a missing file or a lost safeguard."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def stages():
    """The lines of each stage, by its name, in their order."""
    found = {}
    for line in TEXT.splitlines():
        if start := re.match(r"FROM (\S+) AS (\S+)", line):
            found[start[2]] = []
        elif line and not line.startswith("#") and found:
            found[list(found)[-1]].append(line.strip())
    return found


def parents():
    return {name: base for base, name in re.findall(r"^FROM (\S+) AS (\S+)", TEXT, re.M)}


def ancestry(stage):
    """The lines of a stage and of all that it is built on."""
    lines = []
    while stage in stages():
        lines = stages()[stage] + lines
        stage = parents()[stage]
    return lines


def test_the_small_image_is_what_a_plain_build_makes():
    assert list(stages())[-1] == "cpu"
    assert "gpu" in stages()


@pytest.mark.parametrize("stage", ["cpu", "gpu"])
def test_an_image_runs_as_nobody_in_particular_and_tells_its_health(stage):
    lines = ancestry(stage)
    users = [line for line in lines if line.startswith("USER ")]
    assert users[-1] == "USER 10001:10001"
    assert any(line.startswith("HEALTHCHECK") and "/healthz" in line for line in lines)
    assert any(line.startswith("CMD") and "database migrate" in line and "exec gunicorn" in line for line in lines)


def test_the_small_image_has_no_torch():
    lines = [*ancestry("cpu"), *ancestry("cpu-packages")]
    assert not any("requirements-gpu" in line or "gpu" in line or ".pt" in line for line in lines)
    assert "torch" not in " ".join(lines)


def test_every_package_comes_with_its_hash():
    installs = [line for lines in stages().values() for line in lines if re.search(r"bin/pip .*install", line)]
    assert installs
    assert all("--require-hashes" in line for line in installs)


def test_everything_copied_is_there_and_passes_the_dockerignore():
    allowed = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.M)
    for lines in stages().values():
        for line in lines:
            if line.startswith("COPY ") and "--from" not in line:
                for source in line.split()[1:-1]:
                    assert list(ROOT.glob(source)), source
                    assert source.split("/")[0] in allowed, source


def test_nothing_private_reaches_the_builder():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    for name in (".git", "instance", "secrets", "tests", ".venv"):
        assert f"!{name}" not in ignored


def compose():
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("service", ["app", "database", "proxy"])
def test_a_service_is_locked_down(service):
    described = compose()["services"][service]
    assert described["read_only"] is True
    assert described["cap_drop"] == ["ALL"]
    assert described["security_opt"] == ["no-new-privileges:true"]
    assert described["mem_limit"]
    assert described["pids_limit"]
    assert described["logging"]["options"].keys() == {"max-size", "max-file"}


def test_the_app_gets_its_secrets_as_files_and_no_capability():
    described = compose()
    app = described["services"]["app"]
    assert "cap_add" not in app
    for name in ("DATABASE_URL", "MASTER_KEYS", "SECRET_KEY"):
        path = app["environment"][f"{name}_FILE"]
        assert name not in app["environment"]
        assert path == f"/run/secrets/{name.lower()}"
        assert name.lower() in app["secrets"]
        assert described["secrets"][name.lower()]["file"] == f"./secrets/{name.lower()}"


def test_nothing_listens_beyond_this_machine():
    services = compose()["services"]
    assert services["app"]["ports"] == ["127.0.0.1:8000:8000"]
    assert "ports" not in services["database"]
    assert compose()["networks"]["inside"]["internal"] is True


def test_a_request_in_flight_is_answered_before_the_engine_kills():
    config = {}
    exec((ROOT / "gunicorn.conf.py").read_text(encoding="utf-8"), config)
    grace_s = int(compose()["services"]["app"]["stop_grace_period"].removesuffix("s"))
    assert config["graceful_timeout"] < grace_s


def test_no_volume_is_made_that_nobody_named():
    assert "VOLUME" not in TEXT
    assert {"data", "database"} == compose()["volumes"].keys()


def test_every_setting_of_the_docs_reaches_the_app():
    """All but secrets, which have a file, and those that name a file or are the image's own."""
    table = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    names = set(re.findall(r"^\| `([A-Z0-9_]+)`", table, re.M))
    bucket = yaml.safe_load((ROOT / "deploy" / "compose.s3.yaml").read_text(encoding="utf-8"))
    passed = {name for file in (compose(), bucket) for name in file["services"]["app"]["environment"]}
    left_out = {"DATA_DIR", "MODELS_DIR", "DETECTOR_ENGINE"}
    left_out |= {"DICOM_TLS_CERTIFICATE", "DICOM_TLS_KEY", "DICOM_TLS_CA", "DICOMWEB_CA", "S3_CA"}
    assert {name for name in names if f"{name}_FILE" not in names and not name.endswith("_FILE")} <= passed | left_out


def test_the_database_is_asked_over_tcp_since_its_socket_answers_too_early():
    assert "--host=127.0.0.1" in compose()["services"]["database"]["healthcheck"]["test"]


def test_the_database_is_postgresql_17():
    assert compose()["services"]["database"]["image"].startswith("postgres:17")
