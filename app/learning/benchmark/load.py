"""Many clients at once: throughput beside decoder and network alone, and how requests past the bound are refused."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from itertools import cycle, islice
from time import perf_counter
from typing import Any

import numpy as np

from app.detection import ModelSpec
from app.imaging import Decoder, model_input
from app.learning.benchmark.bare import BareNetwork
from app.learning.benchmark.samples import Sample
from app.learning.benchmark.served import Address, Answer, Client


@dataclass(frozen=True)
class Load:
    """Answers of all clients, and the seconds from the first request to the last answer."""

    answers: tuple[Answer, ...]
    seconds: float

    @property
    def accepted_ms(self) -> list[float]:
        """Milliseconds of each upload that made a study."""
        return [answer.ms for answer in self.answers if answer.status == HTTPStatus.CREATED]

    @property
    def refused(self) -> list[Answer]:
        """Answers that the server is busy."""
        return [answer for answer in self.answers if answer.status == HTTPStatus.SERVICE_UNAVAILABLE]

    @property
    def per_second(self) -> float:
        """Studies made in a second."""
        return len(self.accepted_ms) / self.seconds


def alone_ms(
    decoder: Decoder, bare: BareNetwork, samples: Sequence[Sample], spec: ModelSpec, repeats: int
) -> list[float]:
    """Milliseconds that decoding and the network alone need for each sample, one after another."""
    times: list[float] = []
    for lap in range(repeats + 1):
        for sample in samples:
            began = perf_counter()
            grey = decoder.decode(sample.raw).grey
            decoded_ms = (perf_counter() - began) * 1e3
            ms = decoded_ms + bare.run_ms(model_input(grey, spec.input_size_px, spec.stride).pixels)
            if lap:
                times.append(ms)
    return times


def measure_load(address: Address, samples: Sequence[Sample], clients: int, uploads: int) -> Load:
    """Have so many clients upload, each its next file once the last one was answered, `uploads` files in all."""
    with ThreadPoolExecutor(clients) as pool:
        gate = threading.Barrier(clients + 1)
        counts = [len(range(number, uploads, clients)) for number in range(clients)]
        jobs = [pool.submit(_client, address, samples, number, count, gate) for number, count in enumerate(counts)]
        gate.wait()
        began = perf_counter()
        answers = tuple(answer for job in jobs for answer in job.result())
        return Load(answers, perf_counter() - began)


def _client(
    address: Address, samples: Sequence[Sample], number: int, count: int, gate: threading.Barrier
) -> list[Answer]:
    with Client(address) as client:
        # Sealed beforehand: that is the work of other machines.
        turn = [client.sealed(sample.raw) for sample in islice(cycle(samples), number, number + count)]
        gate.wait()
        return [client.upload(sealed) for sealed in turn]


def load_summary(
    load: Load, single: Load, alone: Sequence[float], clients: int, about: Mapping[str, Any]
) -> dict[str, Any]:
    """Throughput as a share of decoder and network alone, and the slowest answers beside the length of the queue."""
    single_ms, p99_ms = float(np.median(single.accepted_ms)), float(np.quantile(load.accepted_ms, 0.99))
    alone_per_second = 1e3 / float(np.mean(alone))
    return {
        **about,
        "clients": clients,
        "uploads": len(load.answers),
        "refused": len(load.refused),
        "single_ms": round(single_ms, 2),
        "alone_ms": round(float(np.median(alone)), 2),
        "per_second": round(load.per_second, 2),
        "alone_per_second": round(alone_per_second, 2),
        "share_of_alone": round(load.per_second / alone_per_second, 3),
        "p50_ms": round(float(np.median(load.accepted_ms)), 1),
        "p99_ms": round(p99_ms, 1),
        "p99_over_queue": round(p99_ms / (clients * single_ms), 2),
    }


def refusal_summary(load: Load) -> dict[str, Any]:
    """How requests past the bound of the queue are refused."""
    refused = load.refused
    return {
        "accepted": len(load.accepted_ms),
        "refused": len(refused),
        "with_retry_after": sum("retry-after" in answer.headers for answer in refused),
        "refused_median_ms": round(float(np.median([answer.ms for answer in refused])), 1) if refused else None,
        "others": sorted({answer.status for answer in load.answers} - {HTTPStatus.CREATED, 503}),
    }
