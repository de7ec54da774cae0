"""One image at a time: from upload to answer by a running server, beside the bare network and what others need."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Any

import numpy as np

from app.detection import ModelSpec
from app.errors import Unavailable
from app.imaging import model_input
from app.learning.benchmark.bare import BareNetwork
from app.learning.benchmark.peers import Predict
from app.learning.benchmark.samples import Sample
from app.learning.benchmark.served import Client

Row = list[float]

# Steps as the server times them itself; "total" is up to the assessment, without sealing and storing.
SERVER_STEPS = ("open", "decode", "detect", "total")
# The limit: the network, a quarter of it, and a constant.
SHARE, SLACK_MS = 1.25, 15.0


@dataclass(frozen=True)
class Subjects:
    """Subjects of a comparison: a server, the network alone, and peers by name; `missing` says why one is absent."""

    client: Client
    bare: BareNetwork
    peers: Mapping[str, Predict] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class UploadTimes:
    """Milliseconds of every run: until the answer, by step of the server, of the network alone, of each peer."""

    answer: Row
    steps: Mapping[str, Row]
    bare: Row
    peers: Mapping[str, Row]
    missing: tuple[str, ...] = ()


def measure_uploads(
    subjects: Subjects, samples: Sequence[Sample], spec: ModelSpec, repeats: int, say: Callable[[str], None]
) -> UploadTimes:
    """Upload every sample `repeats` times; all subjects take turns, so that they meet the same machine.

    A round before warms every shape up and is not counted.

    Raises:
        Unavailable: the server refuses.
    """
    say(f"Uploading {len(samples)} images {repeats} times")
    times = UploadTimes([], {step: [] for step in SERVER_STEPS}, [], {name: [] for name in subjects.peers})
    for lap in range(repeats + 1):
        for sample in samples:
            row = _turn(subjects, sample, spec)
            if lap:
                _append(times, row)
    return UploadTimes(times.answer, times.steps, times.bare, times.peers, subjects.missing)


def _turn(subjects: Subjects, sample: Sample, spec: ModelSpec) -> dict[str, float]:
    answer = subjects.client.upload(subjects.client.sealed(sample.raw))
    if answer.status != HTTPStatus.CREATED:
        raise Unavailable
    steps = json.loads(answer.body)["images"][0]["timing_ms"]
    row = {"answer": answer.ms} | {step: float(steps[step]) for step in SERVER_STEPS}
    row["bare"] = subjects.bare.run_ms(model_input(sample.grey, spec.input_size_px, spec.stride).pixels)
    image = np.repeat(sample.grey[:, :, None], 3, axis=2)
    for name, predict in subjects.peers.items():
        began = perf_counter()
        predict(image)
        row[name] = (perf_counter() - began) * 1e3
    return row


def _append(times: UploadTimes, row: Mapping[str, float]) -> None:
    times.answer.append(row["answer"])
    times.bare.append(row["bare"])
    for step, values in (*times.steps.items(), *times.peers.items()):
        values.append(row[step])


def upload_summary(times: UploadTimes, about: Mapping[str, Any]) -> dict[str, Any]:
    """Medians, 95th percentiles, the limit that the network sets, and how many times longer each peer takes."""
    rows = {"upload to answer": times.answer, **times.steps, "bare network": times.bare, **times.peers}
    bare, answer = (float(np.median(row)) for row in (times.bare, times.answer))
    limit_ms = SHARE * bare + SLACK_MS
    return {
        **about,
        "ms": {name: {"median": _of(row, 0.5), "p95": _of(row, 0.95)} for name, row in rows.items()},
        "limit_ms": round(limit_ms, 2),
        "share_of_limit": round(answer / limit_ms, 3),
        "times_faster": {name: round(float(np.median(row)) / answer, 2) for name, row in times.peers.items()},
        "missing": list(times.missing),
    }


def upload_table(result: Mapping[str, Any]) -> str:
    """The summary as a table."""
    lines = ["| step | median ms | p95 ms |", "|---|---:|---:|"]
    lines += [f"| {name} | {row['median']:.1f} | {row['p95']:.1f} |" for name, row in result["ms"].items()]
    limit = f"{SHARE} × bare network + {SLACK_MS:.0f} ms = {result['limit_ms']:.1f} ms"
    lines += ["", f"Upload to answer takes {result['share_of_limit']:.2f} of {limit}."]
    lines += [f"{name} takes {ratio:.2f} times as long." for name, ratio in result["times_faster"].items()]
    return "\n".join([*lines, *result["missing"]])


def _of(row: Row, share: float) -> float:
    return round(float(np.quantile(row, share)), 2)
