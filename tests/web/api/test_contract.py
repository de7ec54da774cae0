"""The API keeps to its OpenAPI document: schemathesis sends what it allows and forbids, and checks the answers."""

import os
from itertools import count

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.conftest import Account
from tests.web.conftest import Sender, multipart

# Each operation gets so many requests; CONTRACT_EXAMPLES=500 sends more.
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "5"))
# A document cannot say which bytes are an X-ray, which token is a list's, or which box lies within an image.
WITHOUT_MEANING = [positive_data_acceptance]


def violations(operation: APIOperation, headers: dict[str, str], known: dict[str, str]) -> list[str]:
    """What the answers to requests of one operation violate. known: ids of what is stored."""
    found: list[str] = []
    numbers = count()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case: schemathesis.Case) -> None:
        # Every second request is about what is stored; deleting it would leave nothing for the others.
        if next(numbers) % 2 and case.method != "DELETE":
            case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})
        try:
            case.call_and_validate(headers=headers, excluded_checks=WITHOUT_MEANING)
        except FailureGroup as failures:
            found.extend(f"{operation.label}: {failure}\n{case.as_curl_command()}" for failure in failures.exceptions)

    send()
    return found


def test_no_answer_violates_the_document(app: Flask, ada: Account, api: Sender, png: bytes) -> None:
    study = api("post", "/studies", **multipart(("a.png", png))).get_json()
    known = {"study_id": study["id"], "image_id": study["images"][0]["id"]}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    found = [one for each in schema.get_all_operations() for one in violations(each.ok(), ada.bearer, known)]
    assert not found, "\n\n".join(found)
