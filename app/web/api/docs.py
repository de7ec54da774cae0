"""The OpenAPI document as a page: `/api/docs`, public as the document is, without any script."""

import json
from collections import defaultdict
from dataclasses import dataclass

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from app.web.api.description import Json
from app.web.api.openapi import document

blueprint = Blueprint("api_docs", __name__)


@dataclass(frozen=True)
class Entry:
    """One operation as the page shows it; examples are JSON text, "" without one."""

    method: str
    path: str
    operation: Json
    body: str
    answers: tuple[tuple[str, str, str], ...]


@blueprint.get("/api/docs")
def show() -> ResponseReturnValue:
    """Every operation by its tag, with parameters and examples."""
    whole = document(current_app)
    by_tag: dict[str, list[Entry]] = defaultdict(list)
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                by_tag[operation["tags"][0]].append(_entry(method, path, operation))
    return render_template("api_docs.html", document=whole, by_tag=by_tag, schemas=_schemas(whole))


def _entry(method: str, path: str, operation: Json) -> Entry:
    answers = tuple(
        (status, answer["description"], _example(answer.get("content", {})))
        for status, answer in operation["responses"].items()
        if "$ref" not in answer
    )
    body = _example(operation.get("requestBody", {}).get("content", {}))
    return Entry(method.upper(), path, operation, body, answers)


def _example(content: Json) -> str:
    example = content.get("application/json", {}).get("example")
    return json.dumps(example, indent=1, ensure_ascii=False) if example is not None else ", ".join(content)


def _schemas(whole: Json) -> dict[str, str]:
    schemas = whole["components"]["schemas"]
    return {name: json.dumps(schemas[name], indent=1, ensure_ascii=False) for name in sorted(schemas)}
