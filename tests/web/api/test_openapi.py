"""The description says what is there: every address, every method, and answers of that very shape."""

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from app.config import Settings
from app.services import Services
from app.web import create_app
from app.web.api.examples import EXAMPLES
from tests.web.conftest import Sender, multipart


def conforms(value: object, name: str, document: dict[str, Any]) -> bool:
    """Whether a JSON value has the shape of the schema of this name."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(schema).validate(value)
    return True


def test_every_address_of_the_api_is_described_and_no_other(app: Flask, client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()

    described = {
        (path, method.upper())
        for path, operations in document["paths"].items()
        for method in operations
        if method != "parameters"
    }
    there = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")), method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert described == there


def test_every_reference_leads_somewhere(client: FlaskClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    document = answer.get_json()

    for kind, name in re.findall(r'"#/components/(\w+)/(\w+)"', answer.get_data(as_text=True)):
        assert name in document["components"][kind]


def test_every_placeholder_is_a_parameter(client: FlaskClient) -> None:
    for path, operations in client.get("/api/v1/openapi.json").get_json()["paths"].items():
        named = {parameter["name"] for parameter in operations.get("parameters", [])}
        assert set(re.findall(r"{(\w+)}", path)) == named


FEEDBACK = {"findings": [{"region": "wrist", "box_px": [1, 2, 30, 40], "answer": "missed"}], "comment": "Look again"}


def test_answers_have_the_described_shape(api: Sender, client: FlaskClient, png: bytes) -> None:
    document = client.get("/api/v1/openapi.json").get_json()

    created = api("post", "/studies", **multipart(("a.png", png), ("b.png", b"")))
    image = f"/studies/{created.get_json()['id']}/images/{created.get_json()['images'][0]['id']}"
    answers = {
        "Submission": created,
        "Feedback": api("post", f"{image}/feedback", json=FEEDBACK),
        "FeedbackList": api("get", f"{image}/feedback"),
        "Study": api("get", f"/studies/{created.get_json()['id']}"),
        "StudyPage": api("get", "/studies"),
        "Worklist": api("get", "/worklist"),
        "EncryptionKey": api("get", "/encryption-key"),
        "Error": api("get", "/studies/nothing"),
    }

    for name, answer in answers.items():
        assert conforms(answer.get_json(), name, document)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_the_described_shape(client: FlaskClient, name: str) -> None:
    assert conforms(EXAMPLES[name], name, client.get("/api/v1/openapi.json").get_json())


def test_every_operation_has_a_tag_that_is_described(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()

    used = {
        tag
        for operations in document["paths"].values()
        for method, operation in operations.items()
        if method != "parameters"
        for tag in operation["tags"]
    }
    assert used <= {tag["name"] for tag in document["tags"]}


def test_the_cookie_of_the_document_is_the_one_that_is_set(signed_in: FlaskClient) -> None:
    scheme = signed_in.get("/api/v1/openapi.json").get_json()["components"]["securitySchemes"]["browser"]

    assert signed_in.get_cookie(scheme["name"]) is not None


def test_the_cookie_of_the_document_follows_the_settings(settings: Settings, services: Services) -> None:
    app = create_app(replace(settings, secure_cookies=True), services)

    document = app.test_client().get("/api/v1/openapi.json").get_json()

    assert document["components"]["securitySchemes"]["browser"]["name"] == "__Host-session"


def test_keys_stand_in_the_order_of_the_contract(api: Sender) -> None:
    assert api("get", "/encryption-key").data.index(b'"kid"') < api("get", "/encryption-key").data.index(b'"aead"')


def test_the_description_is_a_page_for_everybody(client: FlaskClient) -> None:
    page = client.get("/api/docs")

    assert page.status_code == 200
    text = page.get_data(as_text=True)
    for path, operations in client.get("/api/v1/openapi.json").get_json()["paths"].items():
        assert f"<code>{path}</code>" in text
        for method, operation in operations.items():
            assert method == "parameters" or f'id="{operation["operationId"]}"' in text
    assert "<script>" not in text
