"""A hundredth of what `scripts.hostile` and `scripts.endurance` send, against a real gunicorn with a fake detector."""

import random
from collections.abc import Iterator

import pytest

from scripts.endurance import endure
from scripts.hostile.__main__ import sent, table
from scripts.hostile.mutations import mutated, mutated_json
from scripts.pressure.served import Served, serving, wait_until_ready

pytestmark = pytest.mark.slow

MUCH = 1.2


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving("tests.support.served:app") as server:
        assert wait_until_ready(server), server.log.read_text()
        yield server


def test_no_mutated_input_is_answered_with_a_failure_of_the_server(served: Served) -> None:
    outcome = sent(served, inputs=2000, seed=20261127)
    assert not outcome.failed, [failure[:3] for failure in outcome.failed]
    assert outcome.same_process
    assert set(outcome.statuses) == {"jpeg", "png", "tiff", "dicom", "multipart", "hpke", "json"}
    # Some come through, some do not: inputs that are all refused at once would show nothing.
    assert outcome.statuses["jpeg"][201]
    assert outcome.statuses["hpke"][422]
    assert outcome.statuses["json"][400]
    assert outcome.memory[-1] < MUCH * outcome.memory[0]
    assert "the same process" in list(table(outcome))[-1]


def test_requests_leave_nothing_open_and_little_in_memory(served: Served) -> None:
    endured = endure(served, requests=500)
    assert endured.statuses.keys() == {200, 201, 404}
    assert endured.memory[-1] < MUCH * endured.memory[0]
    assert endured.files[-1] <= endured.files[0] + 4


def test_the_same_seed_makes_the_same_mutation_and_others_differ() -> None:
    content, value = bytes(range(256)) * 8, {"a": [1, {"b": None}], "c": "d"}
    made = [mutated(content, random.Random(seed)) for seed in (1, 1, 2, 3, 4)]
    assert made[0] == made[1] != content
    assert len(set(made)) > 2
    assert len({mutated_json(value, random.Random(seed)) for seed in range(20)}) > 10
