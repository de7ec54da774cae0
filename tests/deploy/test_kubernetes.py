"""The Kubernetes manifests are valid, fit the application and its settings, and let no pod do more than it needs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from flask.testing import FlaskClient

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
KUSTOMIZATIONS = sorted(FOLDER.rglob("kustomization.yaml"))
RESOURCES = sorted(set(FOLDER.rglob("*.yaml")) - set(KUSTOMIZATIONS))
# The oldest and the newest that are supported.
VERSIONS = ("1.32", "1.37")


def documents(*paths: Path) -> list[dict[str, Any]]:
    return [document for path in paths for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def pods() -> Iterator[dict[str, Any]]:
    """The specification of every pod."""
    for document in documents(*RESOURCES):
        if document["kind"] == "Deployment":
            yield document["spec"]["template"]["spec"]
        elif document["kind"] == "CronJob":
            yield document["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [document for document in documents(*RESOURCES) if document["kind"] == kind]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", RESOURCES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_every_resource_is_valid(path: Path, version: str) -> None:
    for document in documents(path):
        kubernetes_validate.validate(document, version, strict=True)


def test_every_file_is_named_by_a_kustomization_and_every_name_is_a_file() -> None:
    named = set()
    for path in KUSTOMIZATIONS:
        (content,) = documents(path)
        names = [*content["resources"], *(patch["path"] for patch in content.get("patches", ()))]
        named |= {(path.parent / name).resolve() for name in names}
    assert named == {*RESOURCES, FOLDER / "base"}


def test_every_setting_is_one_of_the_application() -> None:
    table = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\| `([A-Z0-9_]+)`", table, re.M))
    for settings in of_kind("ConfigMap"):
        assert settings["data"].keys() <= known
        assert all(isinstance(value, str) for value in settings["data"].values())


def test_every_secret_is_a_file_that_the_documentation_has_made() -> None:
    text = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    made = set(re.findall(r"--from-file=(?:secrets/)?([a-z0-9_]+)", text))
    files = {value for one in of_kind("ConfigMap") for name, value in one["data"].items() if name.endswith("_FILE")}
    assert {path.removeprefix("/run/secrets/fractures/") for path in files} <= made
    assert not [name for one in of_kind("ConfigMap") for name in one["data"] if name in ("MASTER_KEYS", "SECRET_KEY")]


def test_probes_are_answered_and_scaling_asks_for_a_metric_that_is_told(client: FlaskClient) -> None:
    (app,) = of_kind("Deployment")
    (container,) = app["spec"]["template"]["spec"]["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert client.get(container[probe]["httpGet"]["path"]).status_code == 200
    (scaler,) = of_kind("HorizontalPodAutoscaler")
    (metric,) = scaler["spec"]["metrics"]
    assert f"\n{metric['pods']['metric']['name']} " in client.get("/metrics").get_data(as_text=True)
    assert scaler["spec"]["scaleTargetRef"]["name"] == app["metadata"]["name"]


def test_a_stop_waits_until_requests_in_flight_are_answered() -> None:
    config: dict[str, Any] = {}
    exec((ROOT / "gunicorn.conf.py").read_text(encoding="utf-8"), config)
    (app,) = of_kind("Deployment")
    spec = app["spec"]["template"]["spec"]
    pause_s = int(spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert config["graceful_timeout"] + pause_s < spec["terminationGracePeriodSeconds"]


def test_no_pod_runs_as_root_writes_its_root_or_keeps_a_capability() -> None:
    for spec in pods():
        assert (spec["securityContext"]["runAsNonRoot"], spec["securityContext"]["runAsUser"]) == (True, 10001)
        assert spec["automountServiceAccountToken"] is False
        for container in (*spec.get("initContainers", ()), *spec["containers"]):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]


def test_selectors_name_pods_that_are_there() -> None:
    labels = [of_kind("Deployment")[0]["spec"]["template"]["metadata"]["labels"]]
    labels.append(of_kind("CronJob")[0]["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"])
    names = {each["app.kubernetes.io/name"] for each in labels}
    assert of_kind("Service")[0]["spec"]["selector"]["app.kubernetes.io/name"] in names
    for policy in of_kind("NetworkPolicy"):
        for rule in policy["spec"]["podSelector"].get("matchExpressions", ()):
            assert set(rule["values"]) <= names


def test_nothing_is_allowed_that_is_not_named() -> None:
    closed = [policy for policy in of_kind("NetworkPolicy") if policy["spec"]["podSelector"] == {}]
    assert [policy["spec"] for policy in closed] == [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}]
