"""The description says what is there: every address, every method, and answers of that very shape."""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.web.conftest import Sender, multipart


def conforms(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> bool:
    """Whether a JSON value has the shape of a schema: the small part of JSON Schema that the description uses."""
    if "$ref" in schema:
        named = schema["$ref"].rsplit("/", 1)[1]
        return conforms(value, document["components"]["schemas"][named], document)
    if "allOf" in schema:
        return all(conforms(value, part, document) for part in schema["allOf"])
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None)}
    kinds["boolean"] = bool
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(isinstance(value, kinds[name]) for name in names):
        return False
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        has_all = set(schema.get("required", ())) <= set(value)
        return has_all and all(conforms(value[name], fields[name], document) for name in fields if name in value)
    if isinstance(value, list):
        return all(conforms(item, schema["items"], document) for item in value)
    return value in schema.get("enum", [value])


def test_every_address_of_the_api_is_described_and_no_other(app: Flask, client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()

    described = {
        (path, method.upper())
        for path, operations in document["paths"].items()
        for method in operations
        if method != "parameters"
    }
    there = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")), method)
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
    schemas = document["components"]["schemas"]

    created = api("post", "/studies", **multipart(("a.png", png), ("b.png", b"")))
    image = f"/studies/{created.get_json()['id']}/images/{created.get_json()['images'][0]['id']}"
    answers = {
        "Submission": created,
        "Feedback": api("post", f"{image}/feedback", json=FEEDBACK),
        "Said": api("get", f"{image}/feedback"),
        "Study": api("get", f"/studies/{created.get_json()['id']}"),
        "StudyPage": api("get", "/studies"),
        "Worklist": api("get", "/worklist"),
        "EncryptionKey": api("get", "/encryption-key"),
        "Error": api("get", "/studies/nothing"),
    }

    for name, answer in answers.items():
        assert conforms(answer.get_json(), schemas[name], document), name
