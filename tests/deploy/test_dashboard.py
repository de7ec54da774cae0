"""The Grafana dashboard asks for metrics that the application has, by labels that they have, and leaves none out."""

import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from tests.web.conftest import Sender, api, multipart, png

__all__ = ["api", "png"]

DASHBOARD = json.loads((Path(__file__).resolve().parents[2] / "deploy" / "grafana" / "fractures.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
METRIC = re.compile(r"\b(?:fracture|process)_[a-z_]+")
# Prometheus adds it to every sample.
ADDED = {"instance"}


@pytest.fixture
def samples(api: Sender, client: FlaskClient, png: bytes) -> dict[str, set[str]]:
    """The labels of each sample that the application tells, once it has assessed and refused a file."""
    api("post", "/studies", **multipart(("a.png", png), ("b.png", b"")))
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").get_data(as_text=True)):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_metric_that_is_asked_for_exists(samples: dict[str, set[str]]) -> None:
    assert {name for text in EXPRESSIONS for name in METRIC.findall(text)} <= samples.keys()


def test_every_metric_of_ours_is_shown(samples: dict[str, set[str]]) -> None:
    shown = {re.sub(r"_(bucket|count|sum|total)$", "", name) for text in EXPRESSIONS for name in METRIC.findall(text)}
    ours = {re.sub(r"_(bucket|count|sum|total|created)$", "", name) for name in samples if name.startswith("fracture_")}
    assert ours == {name for name in shown if name.startswith("fracture_")}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_label_that_is_asked_for_exists(samples: dict[str, set[str]], expression: str) -> None:
    known = set().union(*(samples[name] for name in METRIC.findall(expression))) | ADDED
    matched = set(re.findall(r"([a-z0-9_]+)=~?\"", expression))
    grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")}
    assert matched | grouped <= known


def test_endpoints_that_are_asked_for_exist(client: FlaskClient) -> None:
    named = {
        name for text in EXPRESSIONS for found in re.findall(r'endpoint=~"([^"]+)"', text) for name in found.split("|")
    }
    assert named
    assert named <= {rule.endpoint for rule in client.application.url_map.iter_rules()}


def test_panels_have_numbers_and_titles_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
