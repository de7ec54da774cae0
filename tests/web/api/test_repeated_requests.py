"""Idempotency-Key: a request that is sent again makes nothing twice."""

import pytest

from tests.support.fakes import FakeClock
from tests.web.api.test_refusals import refused
from tests.web.conftest import Sender, image, multipart, sealed

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def test_the_same_request_again_gives_the_same_study(api: Sender, png: bytes) -> None:
    files = multipart(("a.png", png), ("b.png", b""))

    first, second = (api("post", "/studies", headers=KEY, **files) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json() == second.get_json()
    assert second.get_json()["rejected"][0]["code"] == "empty-file"
    assert len(api("get", "/studies").get_json()["studies"]) == 1


def test_a_file_sealed_anew_is_the_same_request(api: Sender, png: bytes) -> None:
    key = api("get", "/encryption-key").get_json()
    requests = [sealed(key, png) for _ in range(2)]

    answers = [api("post", "/studies", **{**one, "headers": {**one["headers"], **KEY}}) for one in requests]

    assert answers[0].get_json()["id"] == answers[1].get_json()["id"]


def test_the_key_with_other_files_is_refused(api: Sender, png: bytes) -> None:
    api("post", "/studies", headers=KEY, **multipart(("a.png", png)))

    answer = api("post", "/studies", headers=KEY, **multipart(("a.png", image("PNG", (100, 100)))))

    assert refused(answer, 422, "idempotency-key-reused")
    assert len(api("get", "/studies").get_json()["studies"]) == 1


def test_a_key_is_forgotten_after_a_day_and_with_its_study(api: Sender, png: bytes, clock: FakeClock) -> None:
    files = multipart(("a.png", png))
    first = api("post", "/studies", headers=KEY, **files).get_json()["id"]
    clock.pass_(hours=25)
    second = api("post", "/studies", headers=KEY, **files).get_json()["id"]
    api("delete", f"/studies/{second}")
    third = api("post", "/studies", headers=KEY, **files).get_json()["id"]

    assert len({first, second, third}) == 3


@pytest.mark.parametrize("key", ["x" * 256, "ä", "a\tb"])
def test_a_key_that_is_none_is_refused(api: Sender, png: bytes, key: str) -> None:
    answer = api("post", "/studies", headers={"Idempotency-Key": key}, **multipart(("a.png", png)))

    assert refused(answer, 400, "bad-request")
