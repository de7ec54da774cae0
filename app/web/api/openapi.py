"""The OpenAPI 3.1 document of `/api/v1`, generated from the routes, their descriptions and the pydantic models."""

import re
from collections.abc import Iterator

from flask import Flask
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from app.records import DISCLAIMER
from app.web.api.answers import Error
from app.web.api.bodies import Body
from app.web.api.description import Json, Operation, Parameter, operation_of
from app.web.api.examples import EXAMPLES
from app.web.api.fields import Answer
from app.web.api.parameters import CSRF, SEALED

API_VERSION = "1.1.0"
_PREFIX = "/api/v1"
_REFERENCE = "#/components/schemas/{model}"
_ALWAYS_REFUSED = frozenset({401, 403, 405, 408, 429, 503})
_UPLOADS_REFUSED = frozenset({400, 409, 413, 415, 422})
_BINARY: Json = {"type": "string", "format": "binary"}
_SCHEMA_OF_TYPE: dict[str, Json] = {
    "application/dicom+json": {"type": "array", "items": {"type": "object"}},
    "application/fhir+json": {"type": "object"},
}
_TAGS = {
    "Studies": "Create, show and delete studies.",
    "Images": "The views of a study as image files.",
    "Worklist": "Studies as work to be done.",
    "Feedback": "Answers of readers.",
    "Reports": "Documents about a study.",
    "DICOMweb": "Studies as DICOM objects (QIDO-RS, WADO-RS).",
    "Service": "The service itself.",
}


def document(app: Flask) -> Json:
    """Build the document from an application's routes."""
    operations = list(_operations(app))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fracture detection", "version": API_VERSION, "description": DISCLAIMER},
        "servers": [{"url": _PREFIX}],
        "security": [{"token": []}, {"browser": []}],
        "tags": [{"name": name, "description": words} for name, words in _TAGS.items()],
        "paths": _paths(operations),
        "components": {
            "securitySchemes": _security(app.config["SESSION_COOKIE_NAME"]),
            "schemas": _schemas([operation for _, operation, _ in operations]),
            "responses": {"Error": _json_answer("A refusal, with a stable code and one sentence.", Error)},
        },
    }


def _operations(app: Flask) -> Iterator[tuple[Rule, Operation, str]]:
    """Each route with its description and the first line of its docstring, by address."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.endpoint.startswith("api."):
            view = app.view_functions[rule.endpoint]
            yield rule, operation_of(view), (view.__doc__ or "").split("\n")[0]


def _paths(operations: list[tuple[Rule, Operation, str]]) -> Json:
    paths: Json = {}
    for rule, operation, summary in operations:
        address = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(_PREFIX))
        path = paths.setdefault(address, {})
        if rule.arguments:
            names = re.findall(r"{(\w+)}", address)
            text = {"type": "string"}
            path["parameters"] = [{"name": name, "in": "path", "required": True, "schema": text} for name in names]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            path[method.lower()] = _described(method, operation, summary, bool(rule.arguments))
    return paths


def _described(method: str, operation: Operation, summary: str, has_ids: bool) -> Json:
    refusals = {*operation.refusals, *_ALWAYS_REFUSED, *([404] if has_ids else [])}
    refusals |= _UPLOADS_REFUSED if operation.takes_files else set()
    refusals |= {400, 413, 422} if operation.body else set()
    responses = {str(operation.status): _answer(operation, summary)}
    responses |= {str(status): {"$ref": "#/components/responses/Error"} for status in sorted(refusals)}
    described: Json = {
        "operationId": operation.name,
        "summary": summary,
        "tags": [operation.tag],
        "responses": responses,
    }
    parameters = [*operation.parameters, *(SEALED if operation.takes_files else ())]
    if method not in ("GET", "HEAD"):
        parameters.append(CSRF)
    if parameters:
        described["parameters"] = [_parameter(parameter) for parameter in parameters]
    if operation.takes_files:
        described["requestBody"] = _upload_body()
    elif operation.body:
        described["requestBody"] = {"required": True, "content": _json_content(operation.body)}
    return described | ({"security": []} if operation.is_public else {})


def _answer(operation: Operation, summary: str) -> Json:
    if operation.answer is None:
        return {"description": "Done."}
    headers = {"headers": dict(operation.answer_headers)} if operation.answer_headers else {}
    if isinstance(operation.answer, str):
        content = {operation.answer: {"schema": _SCHEMA_OF_TYPE.get(operation.answer, _BINARY)}}
        return {"description": summary, "content": content, **headers}
    return _json_answer(summary, operation.answer) | headers


def _json_answer(words: str, model: type[Answer]) -> Json:
    return {"description": words, "content": _json_content(model)}


def _json_content(model: type[Answer | Body]) -> Json:
    content: Json = {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}
    if model.__name__ in EXAMPLES:
        content["example"] = EXAMPLES[model.__name__]
    return {"application/json": content}


def _schemas(operations: list[Operation]) -> Json:
    answers: list[tuple[type[Answer | Body], JsonSchemaMode]] = [(Error, "serialization")]
    for operation in operations:
        if operation.body:
            answers.append((operation.body, "validation"))
        if operation.answer and not isinstance(operation.answer, str):
            answers.append((operation.answer, "serialization"))
    _, definitions = models_json_schema(list(dict.fromkeys(answers)), ref_template=_REFERENCE)
    schemas: Json = definitions["$defs"]
    return schemas


def _security(cookie: str) -> Json:
    words = "A signed-in page. Requests that change something also send X-CSRFToken."
    return {
        "token": {"type": "http", "scheme": "bearer"},
        "browser": {"type": "apiKey", "in": "cookie", "name": cookie, "description": words},
    }


def _upload_body() -> Json:
    files = {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "string", "format": "binary"}}
    form = {"type": "object", "required": ["file"], "properties": {"file": files}}
    words = "enc‖ciphertext of one file, sealed with the `info` of /encryption-key."
    sealed = {"type": "string", "format": "binary", "description": words}
    content = {"multipart/form-data": {"schema": form}, "application/hpke": {"schema": sealed}}
    return {"required": True, "content": content}


def _parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.words,
        "schema": parameter.schema,
    }
